import { z } from "zod";
import { movedRectangle, type Rectangle, rectangleArea, sharedRectangle } from "../../core/rectangle.ts";
import { between, chance, type Rng } from "../../core/rng.ts";
import type { Image } from "../../core/volume.ts";
import { nearestImage, resizeImage } from "../../data/resample.ts";
import type { AugmentedWindow } from "../augment/apply.ts";
import type { BoxTarget } from "./assign.ts";

const share = z.number().min(0).max(1);
const range = (least: z.ZodNumber) => z.tuple([least, least]).refine(([low, high]) => low <= high, "low end first");

/** Options of {@link drawMosaic} and {@link applyMosaic}. */
export const mosaicOptions = z.strictObject({
  middle: range(share).default([0.25, 0.75]).describe("where the four pictures meet, as a share of the side"),
  scale: range(z.number().positive()).default([0.5, 1.5]).describe("size of a picture, 1: its longer side is the mosaic's"),
  mirror: share.default(0.5).describe("probability that a picture is mirrored left to right"),
  leastVisible: share.default(0.1).describe("a box goes where less than this share of it is left"),
  leastSide: z.number().min(0).default(2).describe("a box goes where a side of it is below this, pixels"),
});
export type MosaicOptions = z.output<typeof mosaicOptions>;

/** A picture with its boxes. */
export interface BoxedPicture {
  readonly image: Image;
  readonly boxes: readonly BoxTarget[];
}

/** One picture's place: resized to `size`, mirrored or not, its left upper corner at (`left`, `top`) of the mosaic. Pixels; seen within `window` alone. */
export interface MosaicTile {
  readonly size: readonly [width: number, height: number];
  readonly isMirrored: boolean;
  readonly left: number;
  readonly top: number;
  readonly window: Rectangle;
}

/** Four pictures around a point, fully decided: plain JSON. */
export interface Mosaic {
  readonly side: number;
  readonly tiles: readonly MosaicTile[];
}

/**
 * Draws a mosaic of four pictures, each with a corner at the common point.
 * @param sizes - Width and height of each: left upper, right upper, left lower, right lower.
 * @throws {RangeError} If there are not four.
 *
 * Source: Bochkovskiy et al. 2020, arXiv:2004.10934; the ranges are YOLOv5's, its random resizing drawn for each picture: our choice.
 */
export function drawMosaic(
  rng: Rng,
  sizes: readonly (readonly [number, number])[],
  options: Pick<MosaicOptions, "middle" | "scale" | "mirror">,
  side: number,
): Mosaic {
  if (sizes.length !== 4) throw new RangeError(`drawMosaic: four pictures; got ${sizes.length}`);
  const place = rng.fork("middle");
  const [x, y] = [0, 1].map(() => Math.round(side * between(place, options.middle))) as [number, number];
  const tiles = sizes.map((size, i): MosaicTile => {
    const own = rng.fork(i);
    const scale = (side / Math.max(...size)) * between(own, options.scale);
    const [width, height] = size.map((length) => Math.max(1, Math.round(length * scale))) as [number, number];
    const [isRight, isLower] = [i % 2 === 1, i >= 2];
    return {
      size: [width, height],
      isMirrored: chance(own, options.mirror),
      left: isRight ? x : x - width,
      top: isLower ? y : y - height,
      window: { left: isRight ? x : 0, top: isLower ? y : 0, right: isRight ? side : x, bottom: isLower ? side : y },
    };
  });
  return { side, tiles };
}

/**
 * Puts four pictures together. Their boxes follow, cut at the borders; those of which too little is left go.
 * @param fill - What no picture covers, in the unit of the images.
 */
export function applyMosaic(
  pictures: readonly BoxedPicture[],
  { side, tiles }: Mosaic,
  options: Pick<MosaicOptions, "leastVisible" | "leastSide">,
  fill = 0,
): BoxedPicture {
  const data = new Float32Array(side * side).fill(fill);
  for (const [i, tile] of tiles.entries()) copyTile(pictures[i]!.image, tile, data, side);
  const boxes = tiles.flatMap((tile, i) =>
    pictures[i]!.boxes.flatMap((target) => followed(target, pictures[i]!.image, tile, options)),
  );
  return { image: { data, width: side, height: side }, boxes };
}

/** Puts four windows together, their masks with them: black where none reaches, and labels are taken, never blended. */
export function mosaicWindow(windows: readonly AugmentedWindow[], { side, tiles }: Mosaic): AugmentedWindow {
  const image = new Float32Array(side * side);
  const bits = new Float32Array(side * side);
  for (const [i, tile] of tiles.entries()) {
    const { image: own, masks } = windows[i]!;
    const square = (data: Float32Array): Image => ({ data, width: Math.sqrt(data.length), height: Math.sqrt(data.length) });
    copyTile(square(own), tile, image, side);
    copyTile(square(Float32Array.from(masks)), tile, bits, side, nearestImage);
  }
  return { image, masks: Uint8Array.from(bits) };
}

function copyTile(
  image: Image,
  { size, isMirrored, left, top, window }: MosaicTile,
  out: Float32Array,
  side: number,
  resize: typeof resizeImage = resizeImage,
): void {
  const [width, height] = size;
  const { data } = resize(image, width, height);
  for (let y = Math.max(window.top, top); y < Math.min(window.bottom, top + height); y++) {
    for (let x = Math.max(window.left, left); x < Math.min(window.right, left + width); x++) {
      const column = isMirrored ? left + width - 1 - x : x - left;
      out[x + side * y] = data[column + width * (y - top)]!;
    }
  }
}

/** A box where its picture lies now: one, or none where too little of it is left. */
function followed(
  { box, label }: BoxTarget,
  image: Image,
  { size, isMirrored, left, top, window }: MosaicTile,
  { leastVisible, leastSide }: Pick<MosaicOptions, "leastVisible" | "leastSide">,
): BoxTarget[] {
  const turned = isMirrored ? { ...box, left: image.width - box.right, right: image.width - box.left } : box;
  const whole = movedRectangle(turned, [size[0] / image.width, size[1] / image.height], [left, top]);
  const seen = sharedRectangle(whole, window);
  const sides = [seen.right - seen.left, seen.bottom - seen.top];
  const isLeft =
    Math.min(...sides) >= leastSide && rectangleArea(seen) > 0 && rectangleArea(seen) >= leastVisible * rectangleArea(whole);
  return isLeft ? [{ box: seen, label }] : [];
}
