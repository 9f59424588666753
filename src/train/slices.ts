import type { Affine } from "../core/affine.ts";
import { UserError } from "../core/errors.ts";
import type { Image, Volume } from "../core/volume.ts";
import { intensityRange, type PreprocessOptions, prepareMask, prepareStack } from "../data/preprocess.ts";

/** Stored intensity of 1.0: intensities are kept as Uint16, in steps far below any scanner's noise. */
export const quantum = 4000;

/** Bits of {@link TrainSlice.masks}. */
export const lesionBit = 1;
export const brainBit = 2;

/** A slice with fewer lesion pixels is neither a lesion slice nor a healthy one: it is not drawn for either, and not scored. */
export const minLesionPixels = 4;

/** One slice as training keeps it in memory: 3 bytes a pixel. */
export interface TrainSlice {
  readonly caseId: string;
  /** Along the slice axis, from 0. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  /** Intensity x {@link quantum}, row-major. */
  readonly pixels: Uint16Array;
  /** {@link lesionBit} and {@link brainBit}. */
  readonly masks: Uint8Array;
  readonly lesionPixels: number;
  readonly brainPixels: number;
  /** What intensities must be multiplied with to look as if the stack had come brain-masked: the white point is then the brain's own. */
  readonly maskedGain: number;
}

/** The masks of a case, on its image's grid. */
export interface CaseMasks {
  readonly lesion: Volume<Uint16Array>;
  readonly brain: Volume<Uint16Array>;
}

/**
 * Cuts a case into the slices that training keeps.
 * @throws {UserError} (data) If a mask is not on the image's grid.
 */
export function prepareCase(id: string, image: Volume, masks: CaseMasks, options: PreprocessOptions): TrainSlice[] {
  for (const [name, mask] of Object.entries(masks) as [string, Volume<Uint16Array>][]) checkGrid(id, name, mask, image);
  const stack = prepareStack(image, options);
  // On the image's own affine: one that differs by rounding must not turn the slices another way.
  const lesion = prepareMask({ ...masks.lesion, affine: image.affine }, options);
  const brain = prepareMask({ ...masks.brain, affine: image.affine }, options);
  const masked = intensityRange(image.data, options, masks.brain.data);
  const span = stack.range.white - stack.range.black;
  const maskedGain = masked.white > 0 && span > 0 ? span / masked.white : 1;
  return stack.slices.map((slice, index) => keepSlice(id, index, slice, lesion[index]!, brain[index]!, maskedGain));
}

function checkGrid(id: string, name: string, mask: Volume<Uint16Array>, image: Volume): void {
  const refuse = (what: string, is: string, got: string) =>
    new UserError(
      "data",
      `case ${id}: the ${name} mask must have the image's ${what} ${is}; got ${got}. Make the dataset again.`,
    );
  if (mask.shape.join() !== image.shape.join()) throw refuse("shape", image.shape.join(" x "), mask.shape.join(" x "));
  const words = (affine: Affine) => affine.map((v) => Number(v.toFixed(4))).join(" ");
  const apart = Math.max(...mask.affine.map((v, i) => Math.abs(v - image.affine[i]!)));
  if (!(apart <= 0.01)) throw refuse("affine", words(image.affine), words(mask.affine));
}

function keepSlice(
  caseId: string,
  index: number,
  slice: Image,
  lesion: Image<Uint8Array>,
  brain: Image<Uint8Array>,
  maskedGain: number,
): TrainSlice {
  const { data, width, height } = slice;
  const pixels = Uint16Array.from(data, (v) => Math.min(65535, Math.round(v * quantum)));
  const masks = Uint8Array.from(lesion.data, (inside, i) => (inside ? lesionBit : 0) | (brain.data[i] ? brainBit : 0));
  return {
    caseId,
    index,
    width,
    height,
    pixels,
    masks,
    lesionPixels: count(lesion.data),
    brainPixels: count(brain.data),
    maskedGain,
  };
}

function count(mask: Uint8Array): number {
  let sum = 0;
  for (const inside of mask) sum += inside;
  return sum;
}

/** Memory of the slices of a volume once prepared, bytes; from its header alone. */
export function preparedBytes(shape: readonly number[], spacing: readonly number[], options: PreprocessOptions): number {
  const axis = spacing.indexOf(Math.max(...spacing));
  const [u, v] = [0, 1, 2].filter((a) => a !== axis) as [number, number];
  const side = (a: number) => Math.max(1, Math.round((shape[a]! * spacing[a]!) / options.pixelMm));
  return 3 * side(u) * side(v) * shape[axis]!;
}
