import { type PatchBox, patchesOf } from "../../core/patches.ts";
import { splitNames } from "../../data/dataset.ts";
import { encodeGreyPng } from "../../data/png.ts";
import { type MakeFormat, slicesOf, toBytes, whiteLevel } from "./format.ts";

/**
 * YOLO: 8-bit PNG slices in `images/<split>`, a text file for each in `labels/<split>`, and `data.yaml`. A line is class 0 and a box's
 * middle and size over the picture's width and height; slices without blood have an empty file.
 *
 * Source: docs.ultralytics.com, "Object detection datasets".
 */
export const yoloFormat: MakeFormat<null> = ({ dataset, version }) => ({
  async caseFiles(item) {
    const white = whiteLevel(item.image);
    const files = await Promise.all(
      slicesOf(item).map(async ({ name, image, lesion }) => [
        { path: `images/${item.split}/${name}.png`, content: await encodeGreyPng(toBytes(image, white)) },
        {
          path: `labels/${item.split}/${name}.txt`,
          content: patchesOf(lesion)
            .boxes.map((box) => yoloLine(box, lesion))
            .join(""),
        },
      ]),
    );
    return { files: files.flat(), entry: null };
  },
  indexFiles() {
    const about = `# ${dataset.name.replaceAll(/[\p{Cc}\u2028\u2029]/gu, " ")}, written by hemosynth ${version}. Research only. Paths start from the folder of this file.`;
    const paths = splitNames.map((split) => `${split}: images/${split}`);
    return [{ path: "data.yaml", content: `${[about, ...paths, "names:", "  0: hemorrhage"].join("\n")}\n` }];
  },
});

/** Seven decimals: a box of any picture up to 65,535 pixels reads back to the pixel. */
function yoloLine({ x0, y0, x1, y1 }: PatchBox, { width, height }: { readonly width: number; readonly height: number }): string {
  const shares = [(x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height];
  return `0 ${shares.map((v) => v.toFixed(7)).join(" ")}\n`;
}
