import { chance, pick, type Rng, shuffled } from "../../core/rng.ts";
import type { TrainSlice } from "../slices.ts";
import type { BagOptions } from "./options.ts";

/** The slices of a case. */
export interface Bag {
  readonly caseId: string;
  /** 1 for a case whose class is not normal or, where cases have no such class, that shows blood in any slice, be it one pixel: as evaluation counts a stack. */
  readonly label: 0 | 1;
  /** In the order of the case. */
  readonly slices: readonly TrainSlice[];
}

/** The bags of some slices, in the order in which their cases first come. */
export function bagsOf(slices: readonly TrainSlice[]): Bag[] {
  const cases = new Map<string, TrainSlice[]>();
  for (const slice of slices) {
    const own = cases.get(slice.caseId);
    if (own === undefined) cases.set(slice.caseId, [slice]);
    else own.push(slice);
  }
  return [...cases].map(([caseId, own]) => ({ caseId, label: own.some(isIll) ? 1 : 0, slices: own }));
}

const isIll = ({ label, lesionPixels }: TrainSlice) => (label ?? lesionPixels) > 0;

/**
 * Draws one bag of `images` slices: all of a case, in any order, or some of it, or all and some again; with `inOrder`
 * neighbours, from a place that is drawn, or all, back and forth. Its label stays that of the case.
 * Where there is no case of the kind that is drawn (fresh stacks may have none), it is one of the other.
 * @throws {RangeError} If there is no bag.
 */
export function drawBag(rng: Rng, bags: readonly Bag[], { images, positiveShare, inOrder }: BagOptions): Bag {
  const wanted = positiveShare === null ? null : chance(rng, positiveShare) ? 1 : 0;
  const kind = bags.filter(({ label }) => label === wanted);
  const bag = pick(rng, kind.length > 0 ? kind : bags);
  if (inOrder) return { ...bag, slices: neighbours(rng, bag.slices, images) };
  const mixed = shuffled(rng, bag.slices);
  return { ...bag, slices: Array.from({ length: images }, (_, i) => mixed[i] ?? pick(rng, mixed)) };
}

/** So many neighbours from a drawn place on; of fewer slices all, then back, and forth again: 0 1 2 1 0 1. */
function neighbours(rng: Rng, slices: readonly TrainSlice[], images: number): TrainSlice[] {
  const last = slices.length - 1;
  const from = last < images ? 0 : Math.floor(rng.uniform() * (slices.length - images + 1));
  return Array.from({ length: images }, (_, i) => {
    const along = last === 0 ? 0 : (from + i) % (2 * last);
    return slices[along <= last ? along : 2 * last - along]!;
  });
}
