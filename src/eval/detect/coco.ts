import type { Detection } from "../../models/index.ts";

/** What was found in one picture of a COCO file. */
export interface PictureDetections {
  /** The picture's `id` there. */
  readonly image: number;
  readonly detections: readonly Detection[];
}

/**
 * COCO's results file: a list with a line for each box, `bbox` as left, top, width, height in pixels. Category 1 is label 0, as our COCO export numbers them.
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
