import type { Vec3 } from "../../core/affine.ts";
import { boxOf, cutOut } from "../../core/box.ts";
import { type Components, connectedComponents, type Touch } from "../../core/components.ts";
import { diceOf, iouOf, type Overlap, ofEmptyMasks, overlap } from "../metrics/dice.ts";
import { matchLesions } from "../metrics/lesions.ts";
import { type MaskPair, type SurfaceDistances, surfaceDice, surfaceDistances } from "../metrics/surface.ts";
import type { MasksOptions } from "./options.ts";

/** Sums of a figure over the slices of a case, and of how many slices. */
export interface SliceSums {
  readonly sum: number;
  readonly n: number;
}

/** Lesions of a case, found and not. */
export interface LesionCounts {
  readonly references: number;
  readonly detected: number;
  readonly predicted: number;
  readonly matched: number;
  /** The reference's by size, smallest first; one more than there are limits. None where volumes are not known. */
  readonly bins: readonly { readonly references: number; readonly detected: number }[];
}

/** All that figures need of one label in one case. What is undefined is NaN. */
export interface CaseFacts {
  /** Voxels. */
  readonly counts: Overlap;
  /** `dice_positive` is NaN where the reference is empty. */
  readonly overlap: Readonly<Record<"dice" | "dice_positive" | "iou", number>>;
  /** ml; NaN in a picture of unknown thickness. */
  readonly referenceMl: number;
  readonly predictedMl: number;
  /** Null in a lone slice. */
  readonly slices: Readonly<Record<"dice" | "dice_positive" | "iou", SliceSums>> | null;
  readonly distances: SurfaceDistances;
  /** One a tolerance. */
  readonly surfaceDice: readonly number[];
  readonly lesions: LesionCounts;
  /** One for each of {@link frocThresholds}; empty where the prediction is a mask. */
  readonly froc: readonly LesionCounts[];
}

/** Probabilities that make the points of a FROC curve. */
export const frocThresholds = Array.from({ length: 19 }, (_, k) => (k + 1) / 20);

/** A reference and a prediction on one grid. */
export interface CaseImages {
  readonly shape: Vec3;
  /** mm along the array axes; the thickness is NaN where it is not known. */
  readonly spacing: Vec3;
  /** The axis across a lone slice; null for a volume. */
  readonly flat: 0 | 1 | 2 | null;
  /** The axis across the slices that figures per slice are of. */
  readonly sliceAxis: 0 | 1 | 2;
  readonly reference: Uint16Array;
  /** A label map, or with `options.threshold` probabilities. */
  readonly predicted: Uint16Array | Float32Array;
}

const touches: Readonly<Record<MasksOptions["connectivity"], Touch>> = { 6: "faces", 18: "edges", 26: "corners" };

/** What there is to know of a label in a case. @param label - Null: whatever is not 0. */
export function measureCase(images: CaseImages, label: number | null, options: MasksOptions): CaseFacts {
  const { threshold, empty, tolerances, penalty } = options;
  const { reference, predicted } = images;
  const truth = labelMask(reference, label);
  const called = (at: number | null) => (at === null ? labelMask(predicted, label) : thresholdMask(predicted, at));
  const pair = pairOf(images, truth, called(threshold));
  const counts = overlap(pair.truth, pair.predicted);
  const voxelMl = (images.spacing[0] * images.spacing[1] * images.spacing[2]) / 1000;
  const truthParts = partsOf(pair.truth, pair.shape, options);
  const [inTruth, inPrediction] = [counts.both + counts.truthOnly, counts.both + counts.predictedOnly];
  const oneEmpty = (inTruth === 0) !== (inPrediction === 0);
  return {
    counts,
    overlap: {
      dice: diceOf(counts, empty),
      dice_positive: inTruth === 0 ? Number.NaN : diceOf(counts, empty),
      iou: iouOf(counts, empty),
    },
    referenceMl: inTruth * voxelMl,
    predictedMl: inPrediction * voxelMl,
    slices: images.flat === null ? slicesOf(pair, images, empty) : null,
    distances: oneEmpty && penalty !== null ? { hd: penalty, hd95: penalty, assd: penalty } : surfaceDistances(pair),
    surfaceDice: surfaceDice(pair, tolerances).map((v) => (inTruth + inPrediction === 0 ? ofEmptyMasks[empty] : v)),
    lesions: countLesions(truthParts, partsOf(pair.predicted, pair.shape, options), voxelMl, options),
    froc: threshold === null ? [] : frocOf(images, truth, called, voxelMl, options),
  };
}

/** Lesions found and false ones at each of {@link frocThresholds}, of a map of probability. */
export function lesionCurve(images: CaseImages, options: MasksOptions): LesionCounts[] {
  const called = (at: number) => thresholdMask(images.predicted, at);
  return frocOf(images, labelMask(images.reference, null), called, Number.NaN, options);
}

function labelMask(data: ArrayLike<number>, label: number | null): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < out.length; i++) if (label === null ? data[i] !== 0 : data[i] === label) out[i] = 1;
  return out;
}

/** Maps are stored in 32 bits, so that 0.7 there is from 0.7 on. */
function thresholdMask(data: ArrayLike<number>, threshold: number): Uint8Array {
  const from = Math.fround(threshold);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < out.length; i++) if (data[i]! >= from) out[i] = 1;
  return out;
}

/** Two masks cut to the box of both. */
function pairOf({ shape, spacing, flat }: CaseImages, truth: Uint8Array, predicted: Uint8Array): MaskPair {
  const boxes = [boxOf(truth, shape), boxOf(predicted, shape)].filter((box) => box !== null);
  const end = (which: "low" | "high", choose: (...values: number[]) => number) =>
    [0, 1, 2].map((axis) => (boxes.length === 0 ? 0 : choose(...boxes.map((box) => box[which][axis]!)))) as unknown as Vec3;
  const box = { low: end("low", Math.min), high: end("high", Math.max) };
  const cut = cutOut(truth, shape, box);
  const known = spacing.map((mm) => (Number.isNaN(mm) ? 1 : mm)) as unknown as Vec3; // across a lone slice nothing is measured
  return { truth: cut.data, predicted: cutOut(predicted, shape, box).data, shape: cut.shape, spacing: known, flat };
}

function partsOf(mask: Uint8Array, shape: Vec3, { connectivity }: MasksOptions): Components {
  return connectedComponents((i) => mask[i] === 1, shape, touches[connectivity]);
}

function countLesions(truth: Components, predicted: Components, voxelMl: number, { match, sizes }: MasksOptions): LesionCounts {
  const { detected, matched } = matchLesions(truth, predicted, match);
  const total = (found: ArrayLike<number>) => Array.from(found).reduce((sum, v) => sum + v, 0);
  const limits = Number.isNaN(voxelMl) ? [] : [...sizes, Number.POSITIVE_INFINITY];
  const bins = limits.map((to, b) => {
    const inBin = [...detected.keys()].filter((k) => {
      const ml = truth.sizes[k + 1]! * voxelMl;
      return ml < to && (b === 0 || ml >= limits[b - 1]!);
    });
    return { references: inBin.length, detected: total(inBin.map((k) => detected[k]!)) };
  });
  return { references: detected.length, detected: total(detected), predicted: matched.length, matched: total(matched), bins };
}

function frocOf(
  images: CaseImages,
  truth: Uint8Array,
  called: (at: number) => Uint8Array,
  voxelMl: number,
  options: MasksOptions,
): LesionCounts[] {
  return frocThresholds.map((at) => {
    const pair = pairOf(images, truth, called(at));
    const [ours, theirs] = [partsOf(pair.truth, pair.shape, options), partsOf(pair.predicted, pair.shape, options)];
    return countLesions(ours, theirs, voxelMl, options);
  });
}

/** Slices beyond the box are empty in both. */
function slicesOf(pair: MaskPair, { shape, sliceAxis }: CaseImages, empty: MasksOptions["empty"]): CaseFacts["slices"] {
  const counts = Array.from({ length: pair.shape[sliceAxis] }, () => ({ both: 0, predictedOnly: 0, truthOnly: 0 }));
  const stride = [1, pair.shape[0], pair.shape[0] * pair.shape[1]][sliceAxis]!;
  for (let i = 0; i < pair.truth.length; i++) {
    const [t, p] = [pair.truth[i]!, pair.predicted[i]!];
    if (t + p === 0) continue;
    counts[Math.floor(i / stride) % pair.shape[sliceAxis]]![t * p === 1 ? "both" : t === 1 ? "truthOnly" : "predictedOnly"]++;
  }
  const nothing = { both: 0, predictedOnly: 0, truthOnly: 0 };
  const all: Overlap[] = [...counts, ...Array.from({ length: shape[sliceAxis] - counts.length }, () => nothing)];
  const positive = all.filter(({ both, truthOnly }) => both + truthOnly > 0);
  const sums = (slices: readonly Overlap[], value: (o: Overlap) => number): SliceSums => {
    const known = slices.map(value).filter((v) => !Number.isNaN(v));
    return { sum: known.reduce((sum, v) => sum + v, 0), n: known.length };
  };
  return {
    dice: sums(all, (o) => diceOf(o, empty)),
    dice_positive: sums(positive, (o) => diceOf(o, empty)),
    iou: sums(all, (o) => iouOf(o, empty)),
  };
}
