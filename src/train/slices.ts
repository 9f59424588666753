import type { Image, Volume } from "../core/volume.ts";
import { ontoGrid } from "../data/grid.ts";
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
  const stack = prepareStack(image, options);
  const slicesOf = (name: keyof CaseMasks) => {
    const rule = `the ${name} mask must be on the image's grid`;
    return prepareMask(ontoGrid(masks[name], image, `case ${id}`, rule, "Make the dataset again"), options);
  };
  const [lesion, brain] = [slicesOf("lesion"), slicesOf("brain")];
  const masked = intensityRange(image.data, options, masks.brain.data);
  const span = stack.range.white - stack.range.black;
  const maskedGain = masked.white > 0 && span > 0 ? span / masked.white : 1;
  return stack.slices.map((slice, index) => keepSlice(id, index, slice, lesion[index]!, brain[index]!, maskedGain));
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

/** Memory of the slices of a volume once prepared, bytes; from its header alone, and of one sliced along its largest spacing exact. */
export function preparedBytes(shape: readonly number[], spacing: readonly number[], options: PreprocessOptions): number {
  const axis = spacing.indexOf(Math.max(...spacing));
  const [u, v] = [0, 1, 2].filter((a) => a !== axis) as [number, number];
  const side = (a: number) => Math.max(1, Math.round((shape[a]! * spacing[a]!) / options.pixelMm));
  return 3 * side(u) * side(v) * shape[axis]!;
}
