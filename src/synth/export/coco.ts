import type { Dataset, SplitName } from "../../data/dataset.ts";
import { splitNames } from "../../data/dataset.ts";
import { encodeGreyPng } from "../../data/png.ts";
import { type ExportItem, type ExportSlice, type MakeFormat, slicesOf, toBytes, whiteLevel } from "./format.ts";
import { categoriesOf, checkMarks, type Mark, marksOf } from "./marks.ts";
import { runLengths } from "./rle.ts";

/** One slice with what is marked in it, still without the numbers that COCO gives to both. */
interface CocoSlice {
  readonly split: SplitName;
  readonly image: Readonly<Record<string, string | number | null>>;
  readonly annotations: readonly Readonly<Record<string, unknown>>[];
}

/**
 * COCO: 8-bit PNG slices in `images/<split>`, and `annotations/instances_<split>.json` with a box and run lengths for each connected
 * patch of a lesion, and a box alone for each named region. `file_name` starts from `images`. Slices with neither are images without annotations.
 * Categories are those of {@link categoriesOf}, numbered from 1: a type of lesion has the number that it has in the masks.
 *
 * Source: cocodataset.org, "Data format", object detection; run lengths as pycocotools reads them uncompressed.
 */
export const cocoFormat: MakeFormat<readonly CocoSlice[]> = ({ dataset, version }) => ({
  async caseFiles(item) {
    const white = whiteLevel(item.image);
    const slices = slicesOf(item);
    checkMarks(dataset, item, slices);
    const files = await Promise.all(
      slices.map(async (slice) => ({
        path: `images/${item.split}/${slice.name}.png`,
        content: await encodeGreyPng(toBytes(slice.image, white)),
      })),
    );
    return { files, entry: slices.map((slice) => cocoSlice(dataset, item, slice)) };
  },
  indexFiles: (entries) =>
    splitNames.map((split) => {
      const slices = entries.flat().filter((slice) => slice.split === split);
      const info = { description: `${dataset.name}, ${split}. Research only.`, version: `hemosynth ${version}` };
      return { path: `annotations/instances_${split}.json`, content: cocoText(info, dataset, slices) };
    }),
});

function cocoSlice(dataset: Dataset, { case: c, split }: ExportItem, slice: ExportSlice): CocoSlice {
  const { width, height } = slice.image;
  const known = { case: c.id, subject: c.subject, slice: slice.index, grade: c.grade, gestational_age: c.gestationalAge };
  return {
    split,
    image: { file_name: `${split}/${slice.name}.png`, width, height, ...known },
    annotations: marksOf(dataset, slice).map((mark) => annotationOf(mark, width, height)),
  };
}

function annotationOf({ category, box: [x0, y0, x1, y1], patch }: Mark, width: number, height: number) {
  const [w, h] = [x1 - x0, y1 - y0];
  const known = { category_id: category + 1, iscrowd: 0, bbox: [x0, y0, w, h], area: patch?.pixels ?? w * h };
  if (patch === null) return known;
  return { ...known, segmentation: { size: [height, width], counts: runLengths(patch.labels, width, height, patch.label) } };
}

/** The file, a line for each image and annotation: a whole dataset as one indented JSON would be several times as large. */
function cocoText(info: Readonly<Record<string, string>>, dataset: Dataset, slices: readonly CocoSlice[]): string {
  const images = slices.map(({ image }, i) => JSON.stringify({ id: i + 1, ...image }));
  const marks = slices.flatMap((slice, i) => slice.annotations.map((one) => ({ image_id: i + 1, ...one })));
  const annotations = marks.map((mark, i) => JSON.stringify({ id: i + 1, ...mark }));
  const list = (lines: readonly string[]) => (lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n]`);
  const categories = categoriesOf(dataset).map((category, i) => ({ id: i + 1, ...category }));
  return `{"info": ${JSON.stringify(info)},\n"licenses": [],\n"categories": ${JSON.stringify(categories)},\n"images": ${list(images)},\n"annotations": ${list(annotations)}}\n`;
}
