import { affineSpacing } from "../../core/affine.ts";
import type { Image, LabelVolume } from "../../core/volume.ts";
import { sliceAxis } from "../../core/volume.ts";
import { forTheEye, prepareMask, prepareStack } from "../../data/preprocess.ts";
import { type Crop, cropAround, drawOverlay, truthColour } from "../../picture/overlay.ts";
import { encodePng } from "../../picture/png.ts";
import type { PaintedStack } from "../stacks.ts";

/** One slice of a stack as a picture. */
export interface Tile {
  /** PNG without any mark, `side` pixels wide and high, and one with the outline drawn in. */
  readonly plain: Uint8Array;
  readonly outlined: Uint8Array;
  /** The outline of the blood as an SVG path, in a square of `size` units; empty without blood. */
  readonly outline: string;
  readonly size: number;
  /** 0-based, along the stack's slice axis. */
  readonly slice: number;
}

/** Width and height of a picture, pixels. */
export const tileSide = 300;
/** Shown around the brain, mm: enough to see the surround. */
const marginMm = 14;

/** The slice of a stack with most blood, or with most brain where there is none, cut to the head. */
export async function tileOf(stack: PaintedStack): Promise<Tile> {
  const spacing = affineSpacing(stack.image.affine);
  const inPlane = spacing.filter((_, axis) => axis !== sliceAxis(stack.image));
  const geometry = { pixelMm: Math.min(10, Math.max(0.1, Math.min(...inPlane))), orientation: "canonical" } as const;
  const wide = (mask: LabelVolume) => prepareMask({ ...mask, data: Uint16Array.from(mask.data) }, geometry);
  const [lesions, brains] = [wide(stack.lesion), wide(stack.brain)];
  const slice = fullest(lesions) ?? fullest(brains) ?? brains.length >> 1;
  const image = { ...stack.image, data: Float32Array.from(stack.image.data) };
  const grey = prepareStack(image, { ...geometry, ...forTheEye(null) }).slices[slice]!;
  const mask = lesions[slice]!;
  const crop = cropAround(grey, brains, Math.round(marginMm / geometry.pixelMm), 1);
  const outlines = [{ mask, colour: truthColour, where: "outside" as const }];
  return {
    plain: await encodePng(drawOverlay({ grey, probability: null, outlines: [] }, crop, tileSide)),
    outlined: await encodePng(drawOverlay({ grey, probability: null, outlines }, crop, tileSide)),
    outline: outlinePath(mask, crop),
    size: crop.side,
    slice,
  };
}

/** The slice with the most set pixels; null if none has any. */
function fullest(slices: readonly Image<Uint8Array>[]): number | null {
  const counts = slices.map(({ data }) => data.reduce((sum, v) => sum + (v === 0 ? 0 : 1), 0));
  const most = Math.max(...counts);
  return most > 0 ? counts.indexOf(most) : null;
}

/** Lines along the sides of set pixels whose neighbour is not set, as an SVG path from the crop's top left. */
export function outlinePath({ data, width, height }: Image<Uint8Array>, { x: left, y: top }: Crop): string {
  const set = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && data[x + width * y] !== 0;
  const parts: string[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!set(x, y)) continue;
      const [u, v] = [x - left, y - top];
      if (!set(x, y - 1)) parts.push(`M${u} ${v}h1`);
      if (!set(x, y + 1)) parts.push(`M${u} ${v + 1}h1`);
      if (!set(x - 1, y)) parts.push(`M${u} ${v}v1`);
      if (!set(x + 1, y)) parts.push(`M${u + 1} ${v}v1`);
    }
  }
  return parts.join("");
}
