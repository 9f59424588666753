import { join } from "node:path";
import { dataFault } from "../../data/faults.ts";
import { listFiles } from "../../data/ingest/walk.ts";
import { readColours } from "../../data/png.ts";
import { type LabelPicture, labelParts, partColours } from "./label-slice.ts";

/**
 * The label pictures in a folder, in order of their names; `subject` is the name up to the last dash (`CT202-179.png`: CT202).
 * @throws {UserError} (data) If there is none.
 */
export async function listLabelPictures(
  folder: string,
): Promise<{ readonly file: string; readonly subject: string; readonly stem: string }[]> {
  const { files } = await listFiles(folder);
  const pictures = files.filter((file) => /^[^/]+\.png$/i.test(file));
  if (pictures.length === 0)
    throw dataFault(folder, "must hold label pictures (.png)", `none among ${files.length} files`, "Correct data.labels");
  return pictures.map((file) => {
    const stem = file.replace(/\.png$/i, "");
    return { file, stem, subject: stem.replace(/-[^-]*$/, "") };
  });
}

/** Reads one. @throws {UserError} (data) If it cannot be read, is not square, or has another colour than those of the parts. */
export async function readLabelPicture(folder: string, file: string): Promise<LabelPicture> {
  const where = join(folder, file);
  const { data, width, height } = await readColours(where);
  if (width !== height || width % 2 !== 0 || width < 64)
    throw dataFault(where, "a label picture must be square, of an even width from 64", `${width} x ${height}`, "Leave it out");
  const colour = (red: number, green: number, blue: number) => (red << 16) | (green << 8) | blue;
  const partOf = new Map(labelParts.map((part, i) => [colour(...partColours[part]), i]));
  const parts = new Uint8Array(width * height);
  for (let i = 0; i < parts.length; i++) {
    const rgb = [data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!] as const;
    const part = partOf.get(colour(...rgb));
    if (part === undefined) {
      const rule = "colours must be black, white, green, red, blue or yellow at their extremes";
      throw dataFault(
        where,
        rule,
        `rgb(${rgb.join(", ")}) in pixel ${i % width}, ${Math.floor(i / width)}`,
        "Save it as PNG without smoothing",
      );
    }
    parts[i] = part;
  }
  return { parts, size: width };
}
