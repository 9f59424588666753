import { dataFault } from "../../data/faults.ts";
import { type YoloLine, yoloLines } from "../../data/yolo-lines.ts";
import type { Detections, Reference } from "./coco.ts";
import { namesOf } from "./patients.ts";

/** A text file of boxes, by its path in the folder. */
export interface LabelFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Reads the boxes that YOLOv5's `--save-txt --save-conf` and Ultralytics' `save_txt, save_conf` write: a text file for each picture, named as the picture is, with a line for
 * each box: number of the class from 0, middle and size over the picture's width and height, confidence. Class k is the one with the k-th id of the reference.
 *
 * @param folder - Its name, for messages.
 * @throws {UserError} (data) Naming file and line: there is no file, a file is of no picture, or of several, a picture's size is not known, a line has no six numbers, a class is unknown,
 *   or a box is none.
 */
export function parseYoloLabels(files: readonly LabelFile[], folder: string, reference: Reference): Detections {
  if (files.length === 0)
    throw dataFault(
      folder,
      "must hold text files of boxes",
      "none",
      "Check the folder; for a detector that finds nothing give COCO results, []",
    );
  const places = placesByName(reference);
  const boxes = files.flatMap(({ path, text }) => {
    const image = imageOf(path, folder, reference, places);
    return yoloLines(text).map((line) => ({ image, ...boxOf(line, `${folder}/${path}, line ${line.number}`, reference, image) }));
  });
  return {
    file: folder,
    found: {
      image: Uint32Array.from(boxes, ({ image }) => image),
      label: Uint32Array.from(boxes, ({ label }) => label),
      sides: Float64Array.from(boxes.flatMap(({ sides }) => sides)),
      score: Float64Array.from(boxes, ({ score }) => score),
    },
  };
}

/** Pictures by everything that they may be called. */
function placesByName({ images }: Reference): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [at, image] of images.entries())
    for (const name of new Set(namesOf(image))) places.set(name, [...(places.get(name) ?? []), at]);
  return places;
}

function imageOf(
  path: string,
  folder: string,
  { images, file }: Reference,
  named: ReadonlyMap<string, readonly number[]>,
): number {
  const places = named.get(path.replace(/\.txt$/, "").replace(/^.*\//, "")) ?? [];
  if (places.length !== 1)
    throw dataFault(
      `${folder}/${path}`,
      `must be named as one image of ${file}`,
      places.length === 0 ? "none of that name" : `${places.length} of that name`,
      "Give the reference of the same pictures, with file names that differ",
    );
  if (images[places[0]!]!.size === null)
    throw dataFault(
      `${file}, image ${JSON.stringify(images[places[0]!]!.id)}`,
      "must have width and height, since boxes in text files are shares of them",
      "none",
      "Add them, or give COCO results",
    );
  return places[0]!;
}

function boxOf({ text, values }: YoloLine, where: string, { images, classes }: Reference, image: number) {
  const rule = "must be class, middle x, middle y, width, height, confidence";
  if (values.length === 5) throw dataFault(where, rule, "five numbers", "Write confidences too: save_conf, or --save-conf");
  if (values.length !== 6 || !values.every(Number.isFinite))
    throw dataFault(where, rule, text.slice(0, 80), "Mend or drop the line");
  const [label, x, y, w, h, score] = values as [number, number, number, number, number, number];
  if (!Number.isInteger(label) || label < 0 || label >= classes.length)
    throw dataFault(
      where,
      `the class must be a whole number from 0 to ${classes.length - 1}`,
      label,
      "Give the reference with the same classes",
    );
  if (w <= 0 || h <= 0) throw dataFault(where, "width and height must be above 0", `${w} and ${h}`, "Mend or drop the line");
  const [width, height] = images[image]!.size!;
  return { label, sides: [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height], score };
}
