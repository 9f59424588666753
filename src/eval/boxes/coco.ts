import { dataFault } from "../../data/faults.ts";
import type { BoxColumns, FoundColumns, TrueColumns } from "../metrics/detection/match.ts";

/** How a file names a picture or a class. */
export type CocoId = number | string;

/** A picture of the reference. */
export interface CocoImage {
  readonly id: CocoId;
  readonly file: string | null;
  /** Pixels; null where the file does not say. */
  readonly size: readonly [width: number, height: number] | null;
  /** The entry as it stands in the file, for the key with the patient. */
  readonly entry: Entry;
}

/** COCO instances: what is there. Pictures and classes are numbered by their places here. */
export interface Reference {
  readonly file: string;
  /** Ascending by id. */
  readonly images: readonly CocoImage[];
  /** Ascending by id. */
  readonly classes: readonly { readonly id: CocoId; readonly name: string }[];
  readonly truth: TrueColumns;
  /** Annotations without an area, whose box decides on their size. */
  readonly withoutArea: number;
  /** Annotations that say `ignore` and are no crowd: pycocotools counts them, and so does this. */
  readonly sayIgnore: number;
}

/** COCO results: what was found. */
export interface Detections {
  readonly file: string;
  readonly found: FoundColumns;
}

/** An object of a file that somebody else wrote. */
export type Entry = Readonly<Record<string, unknown>>;

/**
 * Reads COCO instances.
 *
 * @param file - Its name, for messages.
 * @throws {UserError} (data) Naming file and entry: it is no JSON, a list is missing, an id is missing or comes twice, an annotation is of an unknown picture or class,
 *   has no box or one that is none, or no object counts.
 */
export function parseReference(text: string, file: string): Reference {
  const whole = parseJsonText(text, file);
  const wayOut = "Give COCO instances, with images, annotations and categories";
  if (!isEntry(whole))
    throw dataFault(
      file,
      "the reference must be an object",
      Array.isArray(whole) ? "a list, as results are" : kindOf(whole),
      wayOut,
    );
  const listOf = (name: string): readonly Entry[] => entriesOf(whole[name], `${file}, ${name}`, wayOut);
  const images = byId(listOf("images"), `${file}, images`).map(({ id, entry }): CocoImage => {
    const { file_name: name, width, height } = entry;
    const size = typeof width === "number" && typeof height === "number" ? ([width, height] as const) : null;
    return { id, file: typeof name === "string" ? name : null, size, entry };
  });
  const classes = namedApart(byId(listOf("categories"), `${file}, categories`));
  const annotations = listOf("annotations");
  const truth = trueColumns(annotations, { images, classes }, file);
  refuseTwice(annotations, `${file}, annotations`);
  if (truth.crowd.every((crowd) => crowd === 1))
    throw dataFault(
      file,
      "must hold at least one object",
      annotations.length === 0 ? "no annotation" : "crowds alone",
      "Without any there is no recall: check the file",
    );
  const withoutArea = annotations.filter(({ area }) => area === undefined || area === null).length;
  const sayIgnore = annotations.filter((one) => Boolean(one.ignore) && !isCrowd(one)).length;
  return { file, images, classes, truth, withoutArea, sayIgnore };
}

/**
 * Reads COCO results, boxes of the pictures of a reference.
 *
 * @throws {UserError} (data) Naming file and entry: it is no JSON, no list, a box is of an unknown picture or class or is none, or a score is no finite number.
 */
export function parseDetections(text: string, file: string, reference: Reference): Detections {
  const whole = parseJsonText(text, file);
  const wayOut = "Give COCO results: a list of image_id, category_id, bbox, score";
  if (!Array.isArray(whole)) throw dataFault(file, "detections must be a list", kindOf(whole), wayOut);
  const entries = entriesOf(whole, file, wayOut);
  const score = Float64Array.from(entries, ({ score }, i) => {
    if (typeof score === "number" && Number.isFinite(score)) return score;
    throw dataFault(`${file}, [${i}].score`, "must be a finite number", shown(score), "Mend or drop the entry");
  });
  return { file, found: { ...boxColumns(entries, reference, file, ""), score } };
}

function trueColumns(annotations: readonly Entry[], of: Pick<Reference, "images" | "classes">, file: string): TrueColumns {
  const columns = boxColumns(annotations, of, file, "annotations");
  const area = Float64Array.from(annotations, ({ area }, i) => {
    if (area === undefined || area === null) return columns.sides[4 * i + 2]! * columns.sides[4 * i + 3]!;
    if (typeof area === "number" && area >= 0 && Number.isFinite(area)) return area;
    throw dataFault(`${file}, annotations[${i}].area`, "must be a number from 0", shown(area), "Mend or drop the area");
  });
  return { ...columns, area, crowd: Uint8Array.from(annotations, (one) => (isCrowd(one) ? 1 : 0)) };
}

const isCrowd = ({ iscrowd }: Entry): boolean => iscrowd === 1 || iscrowd === true;

function boxColumns(
  entries: readonly Entry[],
  { images, classes }: Pick<Reference, "images" | "classes">,
  file: string,
  list: string,
): BoxColumns {
  const places = <T extends { readonly id: CocoId }>(of: readonly T[]) => new Map(of.map(({ id }, at) => [id, at]));
  const [imageAt, classAt] = [places(images), places(classes)];
  const n = entries.length;
  const columns = { image: new Uint32Array(n), label: new Uint32Array(n), sides: new Float64Array(4 * n) };
  for (const [i, { image_id: image, category_id: label, bbox, segmentation }] of entries.entries()) {
    const where = (key: string) => `${file}, ${list}[${i}].${key}`;
    const place = (of: ReadonlyMap<CocoId, number>, id: unknown, key: string, what: string) => {
      const at = of.get(id as CocoId);
      if (at !== undefined) return at;
      throw dataFault(where(key), `must be the id of ${what} of the reference`, shown(id), "Give the reference of the same data, or drop the entry");
    }; // biome-ignore format: one line
    columns.image[i] = place(imageAt, image, "image_id", "an image");
    columns.label[i] = place(classAt, label, "category_id", "a category");
    if (bbox === undefined && segmentation !== undefined)
      throw dataFault(
        where("bbox"),
        "must be there",
        "a segmentation alone",
        "Write the box around it too, as pycocotools' toBbox does",
      );
    if (!isBox(bbox))
      throw dataFault(
        where("bbox"),
        "must be left, top, width, height: finite numbers, width and height above 0",
        shown(bbox),
        "Mend or drop the entry",
      );
    columns.sides.set(bbox, 4 * i);
  }
  return columns;
}

function isBox(value: unknown): value is number[] {
  if (!Array.isArray(value) || value.length !== 4) return false;
  return value.every((side) => typeof side === "number" && Number.isFinite(side)) && value[2] > 0 && value[3] > 0;
}

/** Entries with their ids, ascending: numbers, then texts. @throws {UserError} (data) If an id is missing, is neither, or comes twice. */
function byId(entries: readonly Entry[], where: string): { id: CocoId; entry: Entry }[] {
  if (entries.length === 0) throw dataFault(where, "must hold at least one entry", "none", "Check the file");
  const named = entries.map((entry, i) => {
    const { id } = entry;
    if (typeof id === "string" || Number.isSafeInteger(id)) return { id: id as CocoId, entry };
    throw dataFault(`${where}[${i}].id`, "must be a whole number or a text", shown(id), "Mend the file");
  });
  refuseTwice(entries, where);
  return named.sort(({ id: a }, { id: b }) => {
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a < b ? -1 : 1;
  });
}

/** Names of classes, with the id behind those that several have. */
function namedApart(categories: readonly { id: CocoId; entry: Entry }[]): Reference["classes"] {
  const nameOf = ({ id, entry }: (typeof categories)[number]) => (typeof entry.name === "string" ? entry.name : String(id));
  const count = new Map<string, number>();
  for (const one of categories) count.set(nameOf(one), (count.get(nameOf(one)) ?? 0) + 1);
  return categories.map((one) => {
    const name = nameOf(one);
    return { id: one.id, name: count.get(name) === 1 ? name : `${name} (${one.id})` };
  });
}

function refuseTwice(entries: readonly Entry[], where: string): void {
  const seen = new Map<unknown, number>();
  for (const [i, { id }] of entries.entries()) {
    if (id === undefined) continue; // an annotation needs none
    const before = seen.get(id);
    if (before !== undefined)
      throw dataFault(
        `${where}[${i}].id`,
        "each id may come once",
        `${shown(id)}, as in [${before}]`,
        "Drop one, or number them anew",
      );
    seen.set(id, i);
  }
}

function parseJsonText(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw dataFault(file, "must be JSON", text.trim() === "" ? "an empty file" : "something that is not", "Write the file again");
  }
}

function entriesOf(value: unknown, where: string, wayOut: string): readonly Entry[] {
  if (!Array.isArray(value)) throw dataFault(where, "must be a list", kindOf(value), wayOut);
  const at = value.findIndex((entry) => !isEntry(entry));
  if (at >= 0) throw dataFault(`${where}[${at}]`, "must be an object", kindOf(value[at]), wayOut);
  return value as Entry[];
}

const isEntry = (value: unknown): value is Entry => typeof value === "object" && value !== null && !Array.isArray(value);

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  return Array.isArray(value) ? "a list" : isEntry(value) ? "an object" : shown(value);
}

/** A value as it stands in the file, cut where it is long. */
function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
