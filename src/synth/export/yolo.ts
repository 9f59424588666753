import { stringify } from "yaml";
import { splitNames } from "../../data/dataset.ts";
import { oneLine } from "../../data/faults.ts";
import { encodeGreyPng } from "../../data/png.ts";
import { type MakeFormat, slicesOf, toBytes, whiteLevel } from "./format.ts";
import { categoriesOf, checkMarks, type Mark, marksOf } from "./marks.ts";

/**
 * YOLO: 8-bit PNG slices in `images/<split>`, a text file for each in `labels/<split>`, and `data.yaml`. A line is a class and a box's
 * middle and size over the picture's width and height; slices with nothing in them have an empty file. Classes are those of {@link categoriesOf}, from 0.
 *
 * Source: docs.ultralytics.com, "Object detection datasets".
 */
export const yoloFormat: MakeFormat<null> = ({ dataset, version }) => ({
  async caseFiles(item) {
    const white = whiteLevel(item.image);
    const slices = slicesOf(item);
    checkMarks(dataset, item, slices);
    const files = await Promise.all(
      slices.map(async (slice) => {
        const lines = marksOf(dataset, slice).map((mark) => yoloLine(mark, slice.image));
        return [
          { path: `images/${item.split}/${slice.name}.png`, content: await encodeGreyPng(toBytes(slice.image, white)) },
          { path: `labels/${item.split}/${slice.name}.txt`, content: lines.join("") },
        ];
      }),
    );
    return { files: files.flat(), entry: null };
  },
  indexFiles() {
    const about = `# ${dataset.name.replaceAll(/[\p{Cc}\u2028\u2029]/gu, " ")}, written by hemosynth ${version}. Research only. Paths start from the folder of this file.`;
    const paths = splitNames.map((split) => `${split}: images/${split}`);
    const names = categoriesOf(dataset).map(({ name }, i) => `  ${i}: ${yamlText(name)}`);
    return [{ path: "data.yaml", content: `${[about, ...paths, "names:", ...names].join("\n")}\n` }];
  },
});

/** A name on one line, in quotes where a reader of YAML 1.1, as Ultralytics is, would take it for something else. */
function yamlText(name: string): string {
  return stringify(oneLine(name), { version: "1.1", lineWidth: 0, blockQuote: false }).trimEnd();
}

/** Seven decimals: a box of any picture up to 65,535 pixels reads back to the pixel. */
function yoloLine(
  { category, box: [x0, y0, x1, y1] }: Mark,
  { width, height }: { readonly width: number; readonly height: number },
) {
  const shares = [(x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height];
  return `${category} ${shares.map((v) => v.toFixed(7)).join(" ")}\n`;
}
