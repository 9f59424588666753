import { seededRng } from "../../core/rng.ts";
import type { Image } from "../../core/volume.ts";
import { forEachInWindow } from "../../core/window.ts";
import { resizeImage } from "../../data/resample.ts";
import { brainBit, quantum, type TrainSlice } from "../slices.ts";
import type { Augment, CutSquare } from "./draw.ts";
import { elasticField } from "./elastic.ts";
import { dilate, gaussianBlur } from "./filters.ts";

/** A window cut out of a slice and varied. Square, row-major. */
export interface AugmentedWindow {
  readonly image: Float32Array;
  /** Bits as in {@link TrainSlice}. */
  readonly masks: Uint8Array;
}

/**
 * Cuts a window of `size` x `size` pixels centred on pixel (x, y), turned, scaled, bent and shifted in one resampling (image linear,
 * masks nearest; black beyond the slice), then varies its intensities and cuts squares out of both. The slice is not modified.
 */
export function applyAugment(
  slice: TrainSlice,
  centre: { readonly x: number; readonly y: number },
  augment: Augment,
  size: number,
): AugmentedWindow {
  const masks = new Uint8Array(size * size);
  let image: Float32Array = new Float32Array(size * size);
  resample(slice, centre, augment, size, image, masks);
  varyIntensity(image, size, augment);
  if (augment.lowResolution > 1) image = lowerResolution(image, size, augment.lowResolution);
  if (augment.blurPixels > 0) image = gaussianBlur(image, size, augment.blurPixels);
  if (augment.noise > 0) addNoise(image, augment);
  if (augment.maskMargin !== null) maskOutside(image, masks, size, augment.maskMargin, slice.maskedGain);
  for (const square of augment.cutout) cutOutSquare(image, masks, size, square);
  return { image, masks };
}

/** The plain window: no variation, its centre on pixel (x, y). */
export function plainWindow(
  slice: TrainSlice,
  centre: { readonly x: number; readonly y: number },
  size: number,
): AugmentedWindow {
  const masks = new Uint8Array(size * size);
  const image = new Float32Array(size * size);
  forEachInWindow(slice, centre, size, (from, to) => {
    image[to] = slice.pixels[from]! / quantum;
    masks[to] = slice.masks[from]!;
  });
  return { image, masks };
}

function resample(
  { pixels, masks: source, width, height }: TrainSlice,
  centre: { readonly x: number; readonly y: number },
  { angle, scale, mirror, shift, elastic }: Augment,
  size: number,
  image: Float32Array,
  masks: Uint8Array,
): void {
  const field = elastic === null ? null : elasticField(elastic, size);
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const side = mirror ? -1 : 1;
  const middle = (size - 1) / 2;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const u = side * (x - middle + (field === null ? 0 : field.dx[i]!));
      const v = y - middle + (field === null ? 0 : field.dy[i]!);
      const sx = centre.x + shift[0] + cos * u - sin * v;
      const sy = centre.y + shift[1] + sin * u + cos * v;
      const left = Math.floor(sx);
      const top = Math.floor(sy);
      if (left < -1 || top < -1 || left >= width || top >= height) continue;
      const fx = sx - left;
      const fy = sy - top;
      const base = left + width * top;
      const west = left >= 0;
      const east = left + 1 < width;
      let value = 0;
      if (top >= 0) value += (1 - fy) * ((west ? (1 - fx) * pixels[base]! : 0) + (east ? fx * pixels[base + 1]! : 0));
      if (top + 1 < height)
        value += fy * ((west ? (1 - fx) * pixels[base + width]! : 0) + (east ? fx * pixels[base + width + 1]! : 0));
      image[i] = value / quantum;
      const nx = fx < 0.5 ? left : left + 1;
      const ny = fy < 0.5 ? top : top + 1;
      if (nx >= 0 && ny >= 0 && nx < width && ny < height) masks[i] = source[nx + width * ny]!;
    }
  }
}

/** Brightness and bias field, gamma, then contrast around the mean. Black stays black. */
function varyIntensity(image: Float32Array, size: number, { brightness, gamma, contrast, bias }: Augment): void {
  const [bx, by, bxx, bxy, byy] = bias as [number, number, number, number, number];
  const logGain = Math.log(brightness);
  let sum = 0;
  let lit = 0;
  for (let y = 0, i = 0; y < size; y++) {
    const v = (2 * y + 1) / size - 1;
    for (let x = 0; x < size; x++, i++) {
      if (image[i] === 0) continue;
      const u = (2 * x + 1) / size - 1;
      const field = logGain + bx * u + by * v + bxx * u * u + bxy * u * v + byy * v * v;
      // (image * exp(field)) ** gamma
      const value = Math.exp(gamma * (Math.log(image[i]!) + field));
      image[i] = value;
      sum += value;
      lit++;
    }
  }
  const mean = lit > 0 ? sum / lit : 0;
  for (let i = 0; i < image.length; i++) if (image[i] !== 0) image[i] = Math.max(0, mean + (image[i]! - mean) * contrast);
}

function lowerResolution(image: Float32Array, size: number, factor: number): Float32Array {
  const small = Math.max(1, Math.round(size / factor));
  const full: Image = { data: image, width: size, height: size };
  return Float32Array.from(resizeImage(resizeImage(full, small, small), size, size).data);
}

/** Magnitude images are never negative: noise below zero is mirrored up. Exact black, beyond the slice or the mask, stays black. */
function addNoise(image: Float32Array, { noise, noiseSeed }: Augment): void {
  const rng = seededRng(noiseSeed);
  for (let i = 0; i < image.length; i++) if (image[i] !== 0) image[i] = Math.abs(image[i]! + noise * rng.normal());
}

function maskOutside(image: Float32Array, masks: Uint8Array, size: number, margin: number, gain: number): void {
  const brain = new Uint8Array(masks.length);
  for (let i = 0; i < masks.length; i++) brain[i] = masks[i]! & brainBit;
  const kept = dilate(brain, size, Math.round(margin));
  for (let i = 0; i < image.length; i++) image[i] = kept[i] ? image[i]! * gain : 0;
}

function cutOutSquare(image: Float32Array, masks: Uint8Array, size: number, { left, top, side }: CutSquare): void {
  const [from, to] = [Math.max(0, left), Math.max(0, Math.min(size, left + side))];
  for (let y = Math.max(0, top); y < Math.min(size, top + side); y++) {
    image.fill(0, y * size + from, y * size + to);
    masks.fill(0, y * size + from, y * size + to);
  }
}
