import { UserError } from "../core/errors.ts";
import { pick, type Rng, weightedIndex } from "../core/rng.ts";
import type { SamplingOptions } from "./options.ts";
import { brainBit, lesionBit, minLesionPixels, type TrainSlice } from "./slices.ts";

/** Kinds of window, in the order of the weights. */
export const windowKinds = ["lesion", "brain", "noBrain"] as const;
export type WindowKind = (typeof windowKinds)[number];

/** Slices of one kind, case by case, so that a case with many slices is not drawn more often than one with few. */
export type SliceGroups = Readonly<Record<WindowKind, readonly (readonly number[])[]>>;

/** Which part of which slice to look at: a position in the list of slices, and the pixel the window is centred on. */
export interface Window {
  readonly kind: WindowKind;
  readonly slice: number;
  readonly x: number;
  readonly y: number;
}

/** Sorts slices into kinds. A slice with a trace of lesion, below {@link minLesionPixels}, is of no kind. */
export function groupSlices(slices: readonly TrainSlice[]): SliceGroups {
  const of = (belongs: (slice: TrainSlice) => boolean) => {
    const cases = new Map<string, number[]>();
    for (const [i, slice] of slices.entries()) {
      if (!belongs(slice)) continue;
      const group = cases.get(slice.caseId);
      if (group === undefined) cases.set(slice.caseId, [i]);
      else group.push(i);
    }
    return [...cases.values()];
  };
  return {
    lesion: of((s) => s.lesionPixels >= minLesionPixels),
    brain: of((s) => s.lesionPixels === 0 && s.brainPixels > 0),
    noBrain: of((s) => s.brainPixels === 0),
  };
}

/**
 * @param where - Such as `in the train split`, in the message.
 * @throws {UserError} (usage) If there is no slice of a kind with a positive weight: nothing could be drawn.
 */
export function checkSampling(groups: SliceGroups, options: SamplingOptions, where: string): void {
  const there = windowKinds.filter((kind) => groups[kind].length > 0);
  if (there.some((kind) => options[kind] > 0)) return;
  const [got, wayOut] =
    there.length === 0
      ? ["slices with traces of blood alone", "Use more subjects"]
      : [`0 for ${there.join(" and ")}, the only ${there.length === 1 ? "one" : "ones"} there`, `Set train.sampling.${there[0]} higher`]; // biome-ignore format: one line
  const rule = `train.sampling must give, ${where}, a kind of window that is there a weight above 0`;
  throw new UserError("usage", `${rule}; got ${got}. ${wayOut}.`);
}

/**
 * Draws one window: its kind by the weights among the kinds that there are, then a case, then a slice of it, then a pixel:
 * of the lesion, of the brain, or any.
 *
 * @throws {RangeError} If there is no slice of a kind with a positive weight.
 */
export function drawWindow(rng: Rng, slices: readonly TrainSlice[], groups: SliceGroups, options: SamplingOptions): Window {
  const weights = windowKinds.map((kind) => (groups[kind].length > 0 ? options[kind] : 0));
  const kind = windowKinds[weightedIndex(rng, weights)]!;
  const index = pick(rng, pick(rng, groups[kind]));
  const slice = slices[index]!;
  const bit = { lesion: lesionBit, brain: brainBit, noBrain: 0 }[kind];
  const pixels = { lesion: slice.lesionPixels, brain: slice.brainPixels, noBrain: slice.masks.length }[kind];
  const at = nthPixel(slice.masks, bit, rng.below(pixels));
  return { kind, slice: index, x: at % slice.width, y: Math.floor(at / slice.width) };
}

/** Position of the n-th pixel (from 0) that has the bit; every pixel has bit 0. */
function nthPixel(masks: Uint8Array, bit: number, n: number): number {
  if (bit === 0) return n;
  let left = n;
  for (let i = 0; i < masks.length; i++) if (masks[i]! & bit && left-- === 0) return i;
  throw new RangeError(`nthPixel: fewer than ${n + 1} pixels have bit ${bit}`);
}
