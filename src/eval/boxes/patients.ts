import { dataFault, oneLine } from "../../data/faults.ts";
import { type CaseColumns, readCaseRows } from "../tables/case-table.ts";
import { plainName, usualNames } from "../tables/columns.ts";
import type { CocoImage, Reference } from "./coco.ts";

/** Whose each picture is. */
export interface Grouping {
  /** Cluster of each picture, in the order of the reference. */
  readonly clusters: readonly string[];
  /** Where that stands; null where nothing says it, and every picture is a cluster of its own. */
  readonly by: string | null;
  /** Which column of a table holds what, and which of that was guessed; null without a table. */
  readonly columns: string | null;
}

/**
 * The patients of pictures as a key of the reference's images says them: the one named, or the one with a usual name.
 *
 * @throws {UserError} (data) If no image has the key named, some have a key and others do not, or several have usual names.
 */
export function groupByKey({ file, images }: Reference, key: string | null): Grouping {
  const has = (name: string) => images.some(({ entry }) => isName(entry[name]));
  const usual = new Set(images.flatMap(({ entry }) => Object.keys(entry).filter((name) => usualNames.cluster.has(plainName(name))))); // biome-ignore format: short
  const found = [...usual].filter(has);
  if (key === null && found.length > 1)
    throw dataFault(file, "which key of the images is the patient must be clear", found.join(", "), `Name one: --cluster ${found[0]}`); // biome-ignore format: short
  const by = key ?? found[0] ?? null;
  if (by === null) return { clusters: images.map(({ id }) => JSON.stringify(id)), by, columns: null };
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
  return { clusters, by, columns: null };
}

const isName = (value: unknown): boolean => (typeof value === "string" && value !== "") || typeof value === "number";

/**
 * The patients of pictures as a CSV table says them: a line for each picture, by its id, its file name or the end of its path. Lines of other pictures are skipped.
 *
 * @param file - The table's name, for messages. @param wanted - Its columns, as named.
 * @throws {UserError} (data) If {@link readCaseRows} refuses it, or a picture has no line or two patients.
 */
export function groupByCases(
  { images, file: reference }: Reference,
  text: string,
  file: string,
  wanted: Pick<CaseColumns, "id" | "cluster">,
): Grouping {
  const { rows, columns, said } = readCaseRows(text, file, { ...wanted, subgroup: null }, true);
  const patientOf = new Map<string, { patient: string; line: number }>();
  for (const { id, cluster, line } of rows) {
    const patient = cluster!; // asked for
    const before = patientOf.get(id);
    if (before !== undefined && before.patient !== patient)
      throw dataFault(
        `${file}, row ${line}`,
        "a picture has one patient",
        `${patient}, and in row ${before.line} ${before.patient}`,
        "Drop one of them",
      );
    patientOf.set(id, { patient, line });
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
  return { clusters: clusters as string[], by: `${columns.cluster} of ${file}`, columns: said };
}

/** What a table may call a picture. */
export function namesOf({ id, file }: CocoImage): string[] {
  if (file === null) return [String(id)];
  const base = file.slice(file.lastIndexOf("/") + 1);
  return [String(id), file, base, base.replace(/\.[^.]+$/, "")];
}
