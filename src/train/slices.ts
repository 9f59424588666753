import type { Rectangle } from "../core/rectangle.ts";
import type { Image, LabelVolume, Volume } from "../core/volume.ts";
import { ontoGrid } from "../data/grid.ts";
import {
  type IntensityRange,
  intensityRange,
  type PreprocessOptions,
  prepareLabels,
  prepareMask,
  prepareRectangle,
  prepareStack,
} from "../data/preprocess.ts";
import { outputOfTissue } from "../models/index.ts";

/** Stored intensity of 1.0: intensities are kept as Uint16, in steps far below any scanner's noise. */
export const quantum = 4000;

/** Bits of {@link TrainSlice.masks}. */
export const lesionBit = 1;
export const brainBit = 2;
/** The bits above: the position of the pixel's tissue in `tissueOutputs`, where tissues are trained; a flag for each region whose box it is in, or for its type of lesion; else 0. */
export const classShift = 2;

/** A slice with fewer lesion pixels is neither a lesion slice nor a healthy one: it is not drawn for either, and not scored. */
export const minLesionPixels = 4;

/** One slice as training keeps it in memory: 3 bytes a pixel, shared by all threads. */
export interface TrainSlice {
  readonly caseId: string;
  /** Along the slice axis, from 0. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  /** Intensity x {@link quantum}, row-major. */
  readonly pixels: Uint16Array;
  /** {@link lesionBit}, {@link brainBit}, and from {@link classShift} on the tissue. */
  readonly masks: Uint8Array;
  readonly lesionPixels: number;
  readonly brainPixels: number;
  /** What intensities must be multiplied with to look as if the stack had come brain-masked: the white point is then the brain's own. */
  readonly maskedGain: number;
  /** Place of its case's class among the outputs, where classes are trained; where bags are, 1 for any class but normal. */
  readonly label?: number;
}

/** What is known of a case beside its masks. */
export interface CaseFacts {
  /** {@link TrainSlice.label}. */
  readonly label?: number;
  /** Boxes, pixels along the in-plane array axes, and the place of their region among the outputs. */
  readonly boxes?: readonly { readonly place: number; readonly slice: number; readonly box: Rectangle }[];
  /** Place among the outputs of each value of the lesion mask from 1 on; -1 for one that is not told. */
  readonly types?: readonly number[];
}

/** The masks of a case, on its image's grid. */
export interface CaseMasks {
  readonly lesion: Volume<Uint16Array>;
  readonly brain: Volume<Uint16Array>;
}

/** Cuts a case with a tissue map into the slices that training of tissues keeps: nothing is lesion, and brain is what is not background. */
export function prepareTissueCase(id: string, image: Volume, tissue: LabelVolume, options: PreprocessOptions): TrainSlice[] {
  const labels = { ...tissue, data: Uint16Array.from(tissue.data, (t) => outputOfTissue[t]!) };
  const stack = prepareStack(image, options);
  const classes = prepareLabels(onImage(labels, image, id, "tissue map"), options);
  const maskedGain = gainOfMasked(image, labels, stack.range, options);
  return stack.slices.map((slice, index) => {
    const masks = Uint8Array.from(classes[index]!.data, (c) => (c << classShift) | (c > 0 ? brainBit : 0));
    return keepSlice(id, index, slice, masks, maskedGain);
  });
}

/**
 * Cuts a case into the slices that training keeps.
 * @throws {UserError} (data) If a mask is not on the image's grid.
 */
export function prepareCase(
  id: string,
  image: Volume,
  masks: CaseMasks,
  options: PreprocessOptions,
  facts: CaseFacts = {},
): TrainSlice[] {
  const stack = prepareStack(image, options);
  const slicesOf = (name: keyof CaseMasks) => prepareMask(onImage(masks[name], image, id, `${name} mask`), options);
  const [lesion, brain] = [slicesOf("lesion"), slicesOf("brain")];
  const types = facts.types === undefined ? null : prepareLabels(onImage(masks.lesion, image, id, "lesion mask"), options);
  const maskedGain = gainOfMasked(image, masks.brain, stack.range, options);
  return stack.slices.map((slice, index) => {
    const [blood, inside] = [lesion[index]!.data, brain[index]!.data];
    const bits = blood.map((v, i) => (v ? lesionBit : 0) | (inside[i] ? brainBit : 0));
    if (types !== null) flagTypes(bits, types[index]!.data, facts.types!);
    for (const { place, box } of (facts.boxes ?? []).filter((one) => one.slice === index))
      flagBox(bits, slice, prepareRectangle(box, image, options), place);
    const kept = keepSlice(id, index, slice, bits, maskedGain);
    return facts.label === undefined ? kept : { ...kept, label: facts.label };
  });
}

function flagTypes(bits: Uint8Array, values: Uint8Array, types: readonly number[]): void {
  for (let i = 0; i < bits.length; i++) {
    const place = values[i] === 0 ? -1 : (types[values[i]! - 1] ?? -1);
    if (bits[i]! & lesionBit && place >= 0) bits[i]! |= 1 << (classShift + place);
  }
}

/** Flags the pixels whose middle is in a box. */
function flagBox(bits: Uint8Array, { width, height }: Image, { left, top, right, bottom }: Rectangle, place: number): void {
  for (let y = Math.max(0, Math.ceil(top - 0.5)); y < Math.min(height, bottom - 0.5); y++)
    for (let x = Math.max(0, Math.ceil(left - 0.5)); x < Math.min(width, right - 0.5); x++)
      bits[x + width * y]! |= 1 << (classShift + place);
}

/** Whether a pixel with these bits is in the box of a region, or of a type of lesion. @param place - Of it among the outputs. */
export const hasFlag = (bits: number, place: number): boolean => ((bits >> (classShift + place)) & 1) === 1;

function onImage(labels: Volume<Uint16Array>, image: Volume, id: string, name: string): Volume<Uint16Array> {
  return ontoGrid(labels, image, `case ${id}`, `the ${name} must be on the image's grid`, "Make the dataset again");
}

function gainOfMasked(image: Volume, brain: Volume<Uint16Array>, range: IntensityRange, options: PreprocessOptions): number {
  if (options.window !== null) return 1;
  const masked = intensityRange(image.data, options, brain.data);
  const span = range.white - range.black;
  return masked.white > 0 && span > 0 ? span / masked.white : 1;
}

function keepSlice(caseId: string, index: number, slice: Image, masks: Uint8Array, maskedGain: number): TrainSlice {
  const { data, width, height } = slice;
  const pixels = new Uint16Array(new SharedArrayBuffer(2 * data.length));
  for (let i = 0; i < data.length; i++) pixels[i] = Math.min(65535, Math.round(data[i]! * quantum));
  const shared = new Uint8Array(new SharedArrayBuffer(masks.length));
  shared.set(masks);
  return {
    caseId,
    index,
    width,
    height,
    pixels,
    masks: shared,
    lesionPixels: count(masks, lesionBit),
    brainPixels: count(masks, brainBit),
    maskedGain,
  };
}

/** The slices of cases in which no slice has a lesion pixel. */
export function healthyAlone(slices: readonly TrainSlice[]): TrainSlice[] {
  const ill = new Set(slices.filter((s) => s.lesionPixels > 0).map((s) => s.caseId));
  return slices.filter((s) => !ill.has(s.caseId));
}

function count(masks: Uint8Array, bit: number): number {
  let sum = 0;
  for (const bits of masks) if (bits & bit) sum++;
  return sum;
}

/** Memory of the slices of a volume once prepared, bytes; from its header alone, and of one sliced along its largest spacing exact. */
export function preparedBytes(shape: readonly number[], spacing: readonly number[], options: PreprocessOptions): number {
  const axis = spacing.indexOf(Math.max(...spacing));
  const [u, v] = [0, 1, 2].filter((a) => a !== axis) as [number, number];
  const side = (a: number) => Math.max(1, Math.round((shape[a]! * spacing[a]!) / options.pixelMm));
  return 3 * side(u) * side(v) * shape[axis]!;
}
