import type { Rectangle } from "../core/rectangle.ts";
import { extractSlice, type Image, sliceAxis, type Volume } from "../core/volume.ts";
import { many } from "../core/words.ts";
import {
  forTheEye,
  type PreprocessOptions,
  prepareMap,
  prepareMask,
  prepareRectangle,
  prepareStack,
  shownGeometry,
} from "../data/preprocess.ts";
import { type Bitmap, drawText, newBitmap, pasteBitmap } from "../picture/bitmap.ts";
import { cropAround, drawOverlay, predictionColour, rectangleMask, truthColour } from "../picture/overlay.ts";
import type { ClassTable, ClassUnit } from "./classes/table.ts";
import { diceOf } from "./metrics/dice.ts";
import type { Unit } from "./table.ts";
import { overlapAt } from "./tally.ts";

/** A stack that the report shows, and why. */
export interface Chosen {
  /** Its error, said. */
  readonly title: string;
  readonly unit: Unit;
  /** Of the stack; null for a healthy one. */
  readonly dice: number | null;
}

/** Stacks that are shown for their error, and how many of them for a wrong call. */
const worst = 6;
const wronglyCalled = 4;

/**
 * Stacks by error, the worst first: up to four wrong calls, by how far the score lies on the wrong side of the threshold, then the lesions with the
 * lowest Dice up to six; behind them the median and the best Dice, to compare with. A stack is shown once. Ties go by case id, so that the
 * choice does not depend on order.
 *
 * @param stacks - Where a score is NaN, or the Dice does not exist, there is nothing to choose by.
 * @param mask - Place of the mask threshold in the tallies; NaN where there is none.
 * @param threshold - Of the scores, logit; null: there are no calls.
 * @param found - How many stacks with a lesion that were called rightly are shown, too, the highest scores first.
 */
export function chooseCases(stacks: readonly Unit[], mask: number, threshold: number | null, found = 0): Chosen[] {
  const named = (a: Unit, b: Unit) => (a.case < b.case ? -1 : 1);
  const dice = (unit: Unit) => (unit.label === 1 ? diceOf(overlapAt(unit.tally, mask)) : Number.NaN);
  const byDice = stacks.filter((u) => !Number.isNaN(dice(u))).sort((a, b) => dice(a) - dice(b) || named(a, b));
  const off = (unit: Unit) => Math.abs(unit.score - (threshold ?? Number.NaN));
  const isWrong = ({ score, label }: Unit) => threshold !== null && !Number.isNaN(score) && score >= threshold !== (label === 1);
  const wrong = stacks.filter(isWrong).sort((a, b) => off(b) - off(a) || named(a, b));
  const called = wrong.slice(0, wronglyCalled).map((unit) => [callError(unit, off(unit)), unit] as const);
  const overlapped = byDice.map((unit) => [`Low overlap: Dice ${dice(unit).toFixed(2)}`, unit] as const);
  const chosen = new Map<string, Chosen>();
  const show = ([title, unit]: readonly [string, Unit]) => {
    if (!chosen.has(unit.case)) chosen.set(unit.case, { title, unit, dice: Number.isNaN(dice(unit)) ? null : dice(unit) });
  };
  called.forEach(show);
  for (const one of overlapped) if (chosen.size < worst) show(one);
  const right = stacks.filter((u) => u.label === 1 && threshold !== null && u.score >= threshold);
  for (const unit of right.sort((a, b) => b.score - a.score || named(a, b)).slice(0, found))
    show([`Found: score ${off(unit).toFixed(2)} above the threshold`, unit]);
  const [median, best] = [byDice[Math.floor((byDice.length - 1) / 2)], byDice.at(-1)];
  if (median !== undefined) show([`For comparison, median Dice: ${dice(median).toFixed(2)}`, median]);
  if (best !== undefined) show([`For comparison, best Dice: ${dice(best).toFixed(2)}`, best]);
  return [...chosen.values()];
}

const callError = ({ label }: Unit, off: number): string =>
  label === 1
    ? `Missed: score ${off.toFixed(2)} below the threshold`
    : `False alarm: score ${off.toFixed(2)} above the threshold`;

/**
 * Of each class one stack that was called rightly, to compare with: that whose probability of it is the median of such stacks. None of a class of which
 * none was; none that is shown already.
 */
export function chooseRight(stacks: readonly Unit[], { classes, units }: ClassTable, shown: readonly Chosen[]): Chosen[] {
  const isRight = ({ truth, probabilities }: ClassUnit) => probabilities.indexOf(Math.max(...probabilities)) === truth;
  return classes.flatMap((name, c) => {
    const right = units.filter((unit) => unit.truth === c && isRight(unit) && shown.every((one) => one.unit.case !== unit.case));
    const sure = ({ probabilities }: ClassUnit) => probabilities[c]!;
    right.sort((a, b) => sure(a) - sure(b) || (a.case < b.case ? -1 : 1));
    const middle = right[Math.floor((right.length - 1) / 2)];
    if (middle === undefined) return [];
    const unit = stacks.find((one) => one.case === middle.case)!;
    return [{ title: `For comparison, called rightly: ${name}, probability ${sure(middle).toFixed(2)}`, unit, dice: null }];
  });
}

/** The slice of a stack that is shown: the one with the largest true area, in a healthy stack the one with the highest score. */
export function shownSlice(slices: readonly Unit[]): number {
  const order = [...slices].sort((a, b) => b.tally.truth - a.tally.truth || b.score - a.score || a.slice! - b.slice!);
  return order[0]!.slice!;
}

/** Side of one of the two pictures, and the space between them, pixels. */
const side = 320;
const gap = 4;
/** Shown around brain or lesion, and shown at least, mm. */
const marginMm = 6;
const leastMm = 70;

/** What is drawn over a slice: the outlines of masks, of the truth alone where there is no map, with a classifier's heat, or those of boxes in pixels of the stored slice. */
export type CaseOutlines =
  | {
      readonly truth: Volume<Uint16Array> | null;
      readonly probability: Volume | null;
      readonly threshold: number;
      readonly heat: Volume | null;
    }
  | { readonly truth: readonly Rectangle[]; readonly found: readonly Rectangle[] };

/**
 * One slice twice, side by side: the image alone, and with the outlines of truth and prediction.
 *
 * @param brain - What the picture is cut to; null cuts to 70 mm around truth and prediction, or shows all.
 * @param slice - Along the slice axis.
 * @param window - Intensities from black to white; null: by percentiles.
 */
export function casePicture(
  image: Volume,
  of: CaseOutlines,
  brain: Volume<Uint16Array> | null,
  slice: number,
  window: PreprocessOptions["window"],
): Bitmap {
  const geometry = shownGeometry(image);
  const grey = prepareStack(image, { ...geometry, ...forTheEye(window) }).slices[slice]!;
  const { wanted, found } = masksOf(of, image, geometry, slice, grey);
  const around = brain === null ? [...found, ...wanted] : [prepareMask(brain, geometry)[slice]!];
  const pixels = (mm: number) => Math.round(mm / geometry.pixelMm);
  const crop = cropAround(grey, around, pixels(marginMm), pixels(leastMm));
  const outlines = [
    ...wanted.map((mask) => ({ mask, colour: truthColour, where: "outside" as const })),
    ...found.map((mask) => ({ mask, colour: predictionColour, where: "inside" as const })),
  ];
  const both = newBitmap(2 * side + gap, side, [255, 255, 255]);
  pasteBitmap(both, drawOverlay({ grey, probability: null, outlines: [] }, crop, side), 0, 0);
  const heat = "heat" in of && of.heat !== null ? shareOfHighest(prepareMap(of.heat, geometry)[slice]!) : null;
  pasteBitmap(both, drawOverlay({ grey, probability: heat, outlines }, crop, side), side + gap, 0);
  return both;
}

/** Side of a crop of a region, pixels, and how many stand in a row. */
const tile = 210;
const inRow = 3;

/** The crops of an examination in their order, each with its number; one that is black is of a region that was not found, and says so. */
export function cropsPicture(image: Volume, window: PreprocessOptions["window"]): Bitmap {
  const { slices } = prepareStack(image, { ...shownGeometry(image), ...forTheEye(window) });
  const rows = Math.ceil(slices.length / inRow);
  const all = newBitmap(inRow * (tile + gap) - gap, rows * (tile + gap) - gap, [255, 255, 255]);
  const found = foundCrops(image);
  for (const [i, grey] of slices.entries()) {
    const picture = drawOverlay({ grey, probability: null, outlines: [] }, cropAround(grey, [], 0, 0), tile);
    const words = found[i] ? `${i + 1}` : `${i + 1}: not found`;
    drawText(picture, words, 4, 4, [255, 255, 255], 2);
    pasteBitmap(all, picture, (i % inRow) * (tile + gap), Math.floor(i / inRow) * (tile + gap));
  }
  return all;
}

/** How many regions were found. */
export function cropWords(image: Volume): string {
  const crops = foundCrops(image);
  const found = crops.filter(Boolean).length;
  return found === 0 ? "no region found" : `${found} of ${many(crops.length, "region")} found`;
}

/** Of each crop of an examination whether its region was found: one that was not is black. */
function foundCrops(image: Volume): boolean[] {
  const axis = sliceAxis(image);
  return Array.from({ length: image.shape[axis] }, (_, i) => extractSlice(image, axis, i).data.some((v) => v !== 0));
}

/** What is outlined, as masks on the pixels that are shown. */
function masksOf(
  of: CaseOutlines,
  grid: Volume,
  geometry: ReturnType<typeof shownGeometry>,
  slice: number,
  size: Pick<Image, "width" | "height">,
): Record<"wanted" | "found", Image<Uint8Array>[]> {
  if ("found" in of) {
    const masks = (boxes: readonly Rectangle[]) => boxes.map((box) => rectangleMask(prepareRectangle(box, grid, geometry), size));
    return { wanted: masks(of.truth), found: masks(of.found) };
  }
  const { truth, probability, threshold } = of;
  return {
    wanted: truth === null ? [] : [prepareMask(truth, geometry)[slice]!],
    found: probability === null ? [] : [atLeast(prepareMap(probability, geometry)[slice]!, threshold)],
  };
}

/** Heat as a share of the slice's highest; 0 where nothing is hot. */
function shareOfHighest(image: Image): Image {
  const highest = image.data.reduce((most, v) => Math.max(most, v), 0);
  return { ...image, data: Float32Array.from(image.data, (v) => (highest > 0 ? v / highest : 0)) };
}

function atLeast(image: Image, threshold: number): Image<Uint8Array> {
  return { ...image, data: Uint8Array.from(image.data, (p) => (p >= threshold ? 1 : 0)) };
}
