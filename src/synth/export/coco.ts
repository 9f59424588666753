import { patchesOf } from "../../core/patches.ts";
import type { SplitName } from "../../data/dataset.ts";
import { splitNames } from "../../data/dataset.ts";
import { encodeGreyPng } from "../../data/png.ts";
import { type ExportItem, type ExportSlice, type MakeFormat, slicesOf, toBytes, whiteLevel } from "./format.ts";
import { runLengths } from "./rle.ts";

/** One slice with its patches, still without the numbers that COCO gives to both. */
interface CocoSlice {
  readonly split: SplitName;
  readonly image: Readonly<Record<string, string | number | null>>;
  readonly patches: readonly Readonly<Record<string, unknown>>[];
}

/**
 * COCO: 8-bit PNG slices in `images/<split>`, and `annotations/instances_<split>.json` with a box and run lengths for each connected
 * patch of blood. `file_name` starts from `images`. Slices without blood are images without annotations.
 *
 * Source: cocodataset.org, "Data format", object detection; run lengths as pycocotools reads them uncompressed.
 */
export const cocoFormat: MakeFormat<readonly CocoSlice[]> = ({ dataset, version }) => ({
  async caseFiles(item) {
    const white = whiteLevel(item.image);
    const slices = slicesOf(item);
    const files = await Promise.all(
      slices.map(async (slice) => ({
        path: `images/${item.split}/${slice.name}.png`,
        content: await encodeGreyPng(toBytes(slice.image, white)),
      })),
    );
    return { files, entry: slices.map((slice) => cocoSlice(item, slice)) };
  },
  indexFiles: (entries) =>
    splitNames.map((split) => {
      const slices = entries.flat().filter((slice) => slice.split === split);
      const info = { description: `${dataset.name}, ${split}. Research only.`, version: `hemosynth ${version}` };
      return { path: `annotations/instances_${split}.json`, content: cocoText(info, slices) };
    }),
});

function cocoSlice({ case: c, split }: ExportItem, { index, name, image: { width, height }, lesion }: ExportSlice): CocoSlice {
  const { labels, boxes } = patchesOf(lesion);
  const known = { case: c.id, subject: c.subject, slice: index, grade: c.grade, gestational_age: c.gestationalAge };
  return {
    split,
    image: { file_name: `${split}/${name}.png`, width, height, ...known },
    patches: boxes.map(({ x0, y0, x1, y1, pixels }, i) => ({
      bbox: [x0, y0, x1 - x0, y1 - y0],
      area: pixels,
      segmentation: { size: [height, width], counts: runLengths(labels, width, height, i + 1) },
    })),
  };
}

/** The file, a line for each image and annotation: a whole dataset as one indented JSON would be several times as large. */
function cocoText(info: Readonly<Record<string, string>>, slices: readonly CocoSlice[]): string {
  const images = slices.map(({ image }, i) => JSON.stringify({ id: i + 1, ...image }));
  const patches = slices.flatMap((slice, i) =>
    slice.patches.map((patch) => ({ image_id: i + 1, category_id: 1, iscrowd: 0, ...patch })),
  );
  const annotations = patches.map((patch, i) => JSON.stringify({ id: i + 1, ...patch }));
  const list = (lines: readonly string[]) => (lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n]`);
  const categories = [{ id: 1, name: "hemorrhage", supercategory: "lesion" }];
  return `{"info": ${JSON.stringify(info)},\n"licenses": [],\n"categories": ${JSON.stringify(categories)},\n"images": ${list(images)},\n"annotations": ${list(annotations)}}\n`;
}
