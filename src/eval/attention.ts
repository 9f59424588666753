import type { Volume } from "../core/volume.ts";
import { readCsv } from "../data/csv.ts";
import { dataFault } from "../data/faults.ts";
import { forTheEye, type PreprocessOptions, prepareMask, prepareStack, shownGeometry } from "../data/preprocess.ts";
import { type Bitmap, drawText, fillBox, newBitmap, pasteBitmap } from "../picture/bitmap.ts";
import { cropAround, drawOverlay, predictionColour, truthColour } from "../picture/overlay.ts";
import type { Pointed } from "./pointing.ts";
import type { Tables, Unit } from "./table.ts";

// What a network of bags says of single slices: the share that each had in the score of its stack.

/** The share of one slice; those of a stack sum to 1. */
export interface Attended {
  /** Along the slice axis, from 0. */
  readonly slice: number;
  readonly attention: number;
}

/** Reads `attention.csv`: the slices of each case. @throws {UserError} (data) If a column is missing or a share is no number. */
export function parseAttention(text: string, where: string): Map<string, Attended[]> {
  const { columns, rows } = readCsv(text, where, "Run predict again");
  const place = (name: string) => columns.indexOf(name);
  const cases = new Map<string, Attended[]>();
  for (const { cells, line } of rows) {
    const [id, slice, attention] = ["case", "slice", "attention"].map((name) => cells[place(name)]);
    if (id === undefined || !(Number(slice) >= 0) || !(Number(attention) >= 0))
      throw dataFault(`${where}:${line}`, "must have case, slice and attention", cells.join(","), "Run predict again");
    const own = cases.get(id) ?? [];
    own.push({ slice: Number(slice), attention: Number(attention) });
    cases.set(id, own);
  }
  return cases;
}

/**
 * Of each stack with a lesion, whether the slice with the highest share shows it, and in what share of its slices that is so. Of several that are
 * equally high, the share that does: equal shares reach chance. A stack whose lesion no slice shows is left out.
 */
export function attendedOf({ stack, slice: slices }: Tables, attention: ReadonlyMap<string, readonly Attended[]>): Pointed[] {
  return stack.flatMap(({ case: id, subject, label }) => {
    const own = label === 1 ? (attention.get(id) ?? []) : [];
    const shows = new Set(slices.flatMap((unit) => (unit.case === id && unit.label === 1 ? [unit.slice!] : [])));
    if (shows.size === 0 || own.length === 0) return [];
    const most = Math.max(...own.map((one) => one.attention));
    const top = own.filter((one) => one.attention === most);
    const share = (some: readonly Attended[]) => some.filter((one) => shows.has(one.slice)).length / some.length;
    return [{ subject, hit: share(top), chance: share(own) }];
  });
}

/** Width and height of one slice of the picture, the space between them, and the heights of the words above and the bars below, pixels. */
const tile = 158;
const gap = 4;
const head = 20;
const bar = 8;
/** Slices that are shown, at most. */
const shown = 4;

/** The slices of a stack with the highest shares, highest first; of equal ones the first. */
export function mostAttended(own: readonly Attended[]): Attended[] {
  return [...own].sort((a, b) => b.attention - a.attention || a.slice - b.slice).slice(0, shown);
}

/**
 * The most attended slices of a stack side by side, the truth outlined, with number and share of each above and its share as a bar below.
 * @param brain - What slices are cut to; null shows all of each. @param window - Intensities from black to white; null: by percentiles.
 */
export function bagPicture(
  image: Volume,
  truth: Volume<Uint16Array> | null,
  brain: Volume<Uint16Array> | null,
  own: readonly Attended[],
  window: PreprocessOptions["window"],
): Bitmap {
  const geometry = shownGeometry(image);
  const pixels = (mm: number) => Math.round(mm / geometry.pixelMm);
  const grey = prepareStack(image, { ...geometry, ...forTheEye(window) }).slices;
  const [lesion, inside] = [truth, brain].map((mask) => mask && prepareMask(mask, geometry));
  const all = newBitmap(shown * (tile + gap) - gap, head + tile + bar, [255, 255, 255]);
  for (const [i, { slice, attention }] of mostAttended(own).entries()) {
    const crop = cropAround(grey[slice]!, inside ? [inside[slice]!] : [], pixels(4), pixels(40));
    const outlines = lesion ? [{ mask: lesion[slice]!, colour: truthColour, where: "outside" as const }] : [];
    const picture = drawOverlay({ grey: grey[slice]!, probability: null, outlines }, crop, tile);
    const x = i * (tile + gap);
    fillBox(all, x, 0, tile, head, [0, 0, 0]); // on the picture the words would cover the scanner's
    drawText(all, `${slice}: ${attention.toFixed(2)}`, x + 4, 3, [255, 255, 255], 2);
    pasteBitmap(all, picture, x, head);
    fillBox(all, x, head + tile + 2, Math.round(tile * attention), bar - 2, predictionColour);
  }
  return all;
}

/** What is said of the slices that {@link bagPicture} shows. @param slices - Of all cases. */
export function attentionWords(own: readonly Attended[], slices: readonly Unit[], id: string): string {
  const said = mostAttended(own).map(({ slice, attention }) => `${slice} (${attention.toFixed(2)})`);
  const there = slices.filter((unit) => unit.case === id);
  const showing = there.filter(({ label }) => label === 1).map(({ slice }) => slice);
  const truth = showing.length === 0 ? "" : `; the lesion is in ${showing.join(", ")}`;
  return `most attended of ${there.length} slices, with their shares: ${said.join(", ")}${truth}`;
}
