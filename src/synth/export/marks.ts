import { patchesOf } from "../../core/patches.ts";
import type { Image } from "../../core/volume.ts";
import type { Dataset } from "../../data/dataset.ts";
import { dataFault } from "../../data/faults.ts";
import type { ExportItem, ExportSlice } from "./format.ts";

/** What can be marked in the slices of a dataset. */
export interface Category {
  readonly name: string;
  readonly supercategory: "lesion" | "region";
}

/** One thing that is marked in a slice. */
export interface Mark {
  /** Its place in {@link categoriesOf}, from 0. */
  readonly category: number;
  /** `[x0, y0, x1, y1]`, half-open, pixels. */
  readonly box: readonly [number, number, number, number];
  /** Its pixels: those where `labels` is `label`; null for a region, of which the box alone is known. */
  readonly patch: { readonly labels: ArrayLike<number>; readonly label: number; readonly pixels: number } | null;
}

/**
 * What can be marked in a dataset, whether or not a case has it: the types of its lesions in the order of the masks' values, then its regions.
 * A dataset that does not tell types has blood alone.
 */
export function categoriesOf({ lesionTypes = ["hemorrhage"], regions = [] }: Dataset): Category[] {
  return [
    ...lesionTypes.map((name) => ({ name, supercategory: "lesion" as const })),
    ...regions.map((name) => ({ name, supercategory: "region" as const })),
  ];
}

/** What is marked in a slice: the connected patches of each type, then the boxes of regions as the case lists them. */
export function marksOf({ lesionTypes, regions = [] }: Dataset, { lesion, boxes }: ExportSlice): Mark[] {
  const masks = lesionTypes?.map((_, i) => ofValue(lesion, i + 1)) ?? [lesion];
  const patches = masks.flatMap((mask, category) => {
    const { labels, boxes: found } = patchesOf(mask);
    return found.map(({ x0, y0, x1, y1, pixels }, i): Mark => {
      return { category, box: [x0, y0, x1, y1], patch: { labels, label: i + 1, pixels } };
    });
  });
  const named = boxes.map(({ name, box }): Mark => {
    return { category: masks.length + regions.indexOf(name), box, patch: null };
  });
  return [...patches, ...named];
}

function ofValue({ data, ...size }: Image<Uint16Array>, value: number): Image<Uint8Array> {
  return { ...size, data: Uint8Array.from(data, (v) => (v === value ? 1 : 0)) };
}

/** @throws {UserError} (data) If a mask has a value that no type goes with, or a box leaves its slice. */
export function checkMarks({ lesionTypes }: Dataset, { case: c, lesion }: ExportItem, slices: readonly ExportSlice[]): void {
  const most = lesionTypes?.length ?? Number.POSITIVE_INFINITY;
  const odd = lesion.data.find((v) => v > most);
  if (odd !== undefined)
    throw dataFault(
      c.lesionMask!.path,
      `values must be 0 to ${most}, as many as dataset.json has lesionTypes`,
      odd,
      "Name the type in lesionTypes, or make the dataset again",
    );
  for (const { image, boxes } of slices) {
    const stray = boxes.find(({ box: [, , x1, y1] }) => x1 > image.width || y1 > image.height);
    if (stray !== undefined)
      throw dataFault(
        `boxes of ${c.id} in dataset.json`,
        `boxes must lie in the picture, ${image.width} x ${image.height}`,
        `${stray.name} at ${stray.box.join(", ")}`,
        "Correct the box, or make the dataset again",
      );
  }
}
