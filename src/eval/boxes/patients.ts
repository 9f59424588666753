import { type CsvTable, plainCell, readCsv } from "../../data/csv.ts";
import { dataFault, oneLine } from "../../data/faults.ts";
import type { CocoImage, Reference } from "./coco.ts";

/** Whose each picture is. */
export interface Grouping {
  /** Cluster of each picture, in the order of the reference. */
  readonly clusters: readonly string[];
  /** Where that stands; null where nothing says it, and every picture is a cluster of its own. */
  readonly by: string | null;
}

const usualKeys = ["patient", "patient_id", "subject", "subject_id", "participant_id", "mother", "fetus"];
const usualImages = ["image_id", "image", "id", "file_name", "filename", "file"];

/**
 * The patients of pictures as a key of the reference's images says them: the one named, or the first of the usual ones that any image has.
 *
 * @throws {UserError} (data) If no image has the key named, or some have a key and others do not.
 */
export function groupByKey({ file, images }: Reference, key: string | null): Grouping {
  const has = (name: string) => images.some(({ entry }) => isName(entry[name]));
  const by = key ?? usualKeys.find(has) ?? null;
  if (by === null) return { clusters: images.map(({ id }) => JSON.stringify(id)), by };
  if (!has(by))
    throw dataFault(file, `an image must have the key ${oneLine(by)}`, "none", "Mend --cluster, or name the patients by --cases");
  const clusters = images.map(({ id, entry }) => {
    const name = entry[by];
    if (isName(name)) return String(name);
    throw dataFault(
      `${file}, image ${JSON.stringify(id)}`,
      `must have the key ${oneLine(by)}, as others have`,
      "none",
      "Say it of every image, or name the patients by --cases",
    );
  });
  return { clusters, by };
}

const isName = (value: unknown): boolean => (typeof value === "string" && value !== "") || typeof value === "number";

/**
 * The patients of pictures as a CSV table says them: a line for each picture, by its id, its file name or the end of its path. Lines of other pictures are skipped.
 *
 * @param file - The table's name, for messages. @param column - With the patient; null for the first of the usual ones.
 * @throws {UserError} (data) If a column is missing, a cell is empty, or a picture has no line or two patients.
 */
export function groupByCases(
  { images, file: reference }: Reference,
  text: string,
  file: string,
  column: string | null,
): Grouping {
  const table = readCsv(text, file, "Save it again as CSV, one row a picture");
  const [imageColumn, by] = [findColumn(table, null, usualImages, "the picture", file), findColumn(table, column, usualKeys, "the patient", file)]; // biome-ignore format: one line
  const patientOf = new Map<string, { patient: string; line: number }>();
  for (const { cells, line } of table.rows) {
    const cell = (name: string) => plainCell(cells[table.columns.indexOf(name)]!.trim());
    const [image, patient] = [cell(imageColumn), cell(by)];
    const where = `${file}, row ${line}`;
    if (image === "" || patient === "")
      throw dataFault(where, "must name picture and patient", "an empty cell", "Fill it or drop the row");
    const before = patientOf.get(image);
    if (before !== undefined && before.patient !== patient)
      throw dataFault(
        where,
        "a picture has one patient",
        `${patient}, and in row ${before.line} ${before.patient}`,
        "Drop one of them",
      );
    patientOf.set(image, { patient, line });
  }
  const clusters = images.map((image) =>
    namesOf(image)
      .map((name) => patientOf.get(name)?.patient)
      .find((of) => of !== undefined),
  );
  const missing = images.filter((_, i) => clusters[i] === undefined);
  if (missing.length > 0)
    throw dataFault(
      file,
      `must have a row for every image of ${reference}`,
      `${missing.length} without, such as ${namesOf(missing[0]!).at(-1)}`,
      "Add them, by image_id or file_name",
    );
  return { clusters: clusters as string[], by: `${by} of ${file}` };
}

/** What a table may call a picture. */
export function namesOf({ id, file }: CocoImage): string[] {
  if (file === null) return [String(id)];
  const base = file.slice(file.lastIndexOf("/") + 1);
  return [String(id), file, base, base.replace(/\.[^.]+$/, "")];
}

function findColumn({ columns }: CsvTable, wanted: string | null, usual: readonly string[], what: string, file: string): string {
  const found = wanted === null ? usual.find((name) => columns.includes(name)) : columns.find((name) => name === wanted);
  if (found !== undefined) return found;
  const rule = wanted === null ? `must have a column with ${what}: ${usual.join(", ")}` : `must have a column ${oneLine(wanted)}`;
  throw dataFault(file, rule, columns.join(", ") || "none", "Name the columns so, or the patient's by --cluster");
}
