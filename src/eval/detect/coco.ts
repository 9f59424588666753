import { z } from "zod";
import type { SplitName } from "../../data/dataset.ts";
import type { Detection } from "../../models/index.ts";
import type { FoundBox } from "../metrics/average-precision.ts";

/** What was found in one picture of a COCO file. */
export interface PictureDetections {
  /** The picture's `id` there. */
  readonly image: number;
  readonly detections: readonly Detection[];
}

/**
 * COCO's results file: a list with a line for each box, `bbox` as left, top, width, height in pixels. Category 1 is label 0 of the detector, as our COCO export numbers blood.
 *
 * Source: cocodataset.org, "Results format", object detection.
 */
export function cocoResults(pictures: readonly PictureDetections[]): string {
  const rows = pictures.flatMap(({ image, detections }) =>
    detections.map(({ box: { left, top, right, bottom }, score, label }) =>
      JSON.stringify({ image_id: image, category_id: label + 1, bbox: [left, top, right - left, bottom - top], score }),
    ),
  );
  return rows.length === 0 ? "[]\n" : `[\n${rows.join(",\n")}\n]\n`;
}

/** Name of the file of what was found in a split; null: in an input that is no dataset. */
export function detectionsFile(split: SplitName | null): string {
  return split === null ? "detections.json" : `detections_${split}.json`;
}

/** What {@link cocoResults} writes. */
export const cocoResultsSchema = z.array(
  z.strictObject({
    image_id: z.int().min(1),
    category_id: z.int().min(1),
    bbox: z.tuple([z.number(), z.number(), z.number().min(0), z.number().min(0)]),
    score: z.number().min(0).max(1),
  }),
);

/** The boxes of a results file, pictures and labels numbered as there, from 1 and from 0. */
export function foundBoxes(results: z.output<typeof cocoResultsSchema>): FoundBox[] {
  return results.map(({ image_id: image, category_id, bbox: [left, top, width, height], score }) => {
    return { image, label: category_id - 1, box: { left, top, right: left + width, bottom: top + height }, score };
  });
}
