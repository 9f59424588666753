import { UserError } from "../../core/errors.ts";
import { many } from "../../core/words.ts";
import { readCsv } from "../../data/csv.ts";
import { dataFault, oneLine } from "../../data/faults.ts";
import { type MadeOrigin, madeOrigins } from "../results.ts";
import { binaryOf, cellOf, filledCell, finiteCell, keepRows, readTruth } from "../tables/cells.ts";
import { findReaderColumns, type ReaderColumns } from "./columns.ts";
import type { ReaderOptions } from "./options.ts";

/** One case, whoever read it. */
export interface StudyCase {
  readonly id: string;
  readonly label: 0 | 1;
  /** What is resampled as a whole; the id where there is no such column. */
  readonly cluster: string;
}

/** All that one reader noted in one arm, in the order of the cases; null where there is no such column. */
export interface Readings {
  readonly rating: Float64Array | null;
  /** 0 or 1. */
  readonly call: Float64Array | null;
  /** Natural logarithms of seconds. */
  readonly logTime: Float64Array | null;
  readonly confidence: Float64Array | null;
}

/** A fully crossed study: every reader has read every case in every arm, once. */
export interface Study {
  /** The file's name, as it was given. */
  readonly file: string;
  readonly columns: ReaderColumns;
  /** Whether a column `simulated` says so of any reading: then the readers do not exist. */
  readonly simulated: boolean;
  /** Whether a column `images` says of any reading that software made its image, or the lesion in it. */
  readonly images: MadeOrigin | null;
  readonly classes: { readonly negative: readonly string[]; readonly positive: string };
  /** The reference first. */
  readonly arms: readonly string[];
  readonly readers: readonly string[];
  /** By id, so that the order of the file does not matter. */
  readonly cases: readonly StudyCase[];
  /** Of arm i and reader j at `i * readers + j`. */
  readonly cells: readonly Readings[];
}

interface Reading extends StudyCase {
  readonly reader: string;
  readonly arm: string;
  readonly rating: number | null;
  readonly call: number | null;
  readonly time: number | null;
  readonly confidence: number | null;
  readonly line: number;
}

/**
 * Reads a CSV table of readings: one row for each reader, case and arm.
 *
 * @param file - Its name, for messages.
 * @throws {UserError} (data) Naming file and row: a column is missing or ambiguous, a cell is not what it must be, a reading comes twice, an arm
 *   is unknown, truth or patient of a case differ between rows; naming what is missing: a reading, a class, an arm.
 *   (usage) If there are several arms and none is named as the reference, or a threshold and a column of calls.
 */
export function parseStudy(text: string, file: string, options: Pick<ReaderOptions, "columns" | "arms" | "threshold">): Study {
  const table = readCsv(text, file, "Save it again as CSV, one row a reading");
  if (table.rows.length === 0) throw dataFault(file, "must have a head and at least one row", "none", "Check the file");
  if (options.threshold !== null && options.columns.call !== null)
    throw new UserError("usage", `--threshold: makes calls of ratings, so it does not go with --call; got both. Leave one out.`);
  const columns = findReaderColumns(table.columns, options.columns, options.threshold, file);
  const noted = [columns.rating, columns.call, columns.time, columns.confidence];
  if (noted.every((name) => name === null))
    throw dataFault(
      file,
      "must have a column with what readers noted",
      table.columns.join(", "),
      "Name it: --rating, --call, --time or --confidence COLUMN",
    );
  const rows = keepRows(table, options.columns.where, file);
  const cell = cellOf(table);
  const { labels, classes } = readTruth(
    rows.map((row) => filledCell(cell(row, columns.truth), `${file}, row ${row.line}, ${columns.truth}`)),
    rows.map(({ line }) => line),
    { column: columns.truth, positive: options.columns.positive, file },
  );
  const readings = rows.map((row, i) =>
    readReading((column) => cell(row, column), labels[i]!, row.line, columns, options.threshold, file),
  );
  const arms = armsOf(readings, columns, options.arms, file);
  const first = casesOf(readings, columns, file);
  const readers = inOrder(new Set(readings.map(({ reader }) => reader)));
  const cases = inOrder(first.keys()).map((id): StudyCase => first.get(id)!);
  const cells = crossed(readings, arms, readers, cases, columns, file);
  const simulated = table.columns.includes("simulated") && rows.some((row) => !isDenied(cell(row, "simulated")));
  const says = (what: string) => table.columns.includes("images") && rows.some((row) => cell(row, "images") === what);
  const images = madeOrigins.find(says) ?? null;
  const own = cases.map(({ id, label, cluster }) => ({ id, label, cluster }));
  return { file, columns, simulated, images, classes, arms, readers, cases: own, cells };
}

function readReading(
  cell: (column: string) => string,
  label: 0 | 1,
  line: number,
  columns: ReaderColumns,
  threshold: number | null,
  file: string,
): Reading {
  const place = (column: string) => `${file}, row ${line}, ${column}`;
  const need = (column: string) => filledCell(cell(column), place(column));
  const optional = <T>(column: string | null, read: (text: string, place: string) => T): T | null =>
    column === null ? null : read(cell(column), place(column));
  const id = need(columns.case);
  const rating = optional(columns.rating, finiteCell);
  return {
    id,
    label,
    cluster: columns.cluster === null ? id : need(columns.cluster),
    reader: need(columns.reader),
    arm: columns.arm === null ? "all" : need(columns.arm),
    rating,
    call: threshold === null ? optional(columns.call, callCell) : Number(rating! >= threshold),
    time: optional(columns.time, timeCell),
    confidence: optional(columns.confidence, finiteCell),
    line,
  };
}

/** Whether a cell says no; what is not understood is no denial. */
function isDenied(text: string): boolean {
  return binaryOf(text) === 0 || text === "" || text.toLowerCase() === "no";
}

function timeCell(text: string, place: string): number {
  const time = finiteCell(text, place);
  if (time > 0) return time;
  throw dataFault(place, "a time must be above 0 seconds", time, "Mend or drop the case: times are compared as ratios");
}

function callCell(text: string, place: string): 0 | 1 {
  const call = binaryOf(text);
  if (call !== undefined) return call;
  throw dataFault(place, "a call must be 0 or 1", text || "nothing", "Mend the cell, or give --rating with --threshold");
}

/** The arms, the reference first. */
function armsOf(
  readings: readonly Reading[],
  columns: ReaderColumns,
  named: readonly string[] | null,
  file: string,
): readonly string[] {
  const found = inOrder(new Set(readings.map(({ arm }) => arm)));
  const list = oneLine(found.join(", "));
  if (named === null) {
    if (found.length === 1) return found;
    throw new UserError(
      "usage",
      `--arms: ${oneLine(file)} has ${found.length} arms in ${columns.arm} (${list}), so the reference must be named; got none. Name it first: --arms ${found.map((arm) => JSON.stringify(oneLine(arm))).join(" ")}`,
    );
  }
  if (columns.arm === null)
    throw dataFault(file, "must have a column with the arm, as --arms is given", "none", "Name it: --arm COLUMN");
  const twice = named.find((arm, i) => named.indexOf(arm) !== i);
  if (twice !== undefined) throw new UserError("usage", `--arms: each arm may come once; got ${oneLine(twice)} twice.`);
  const unknown = readings.find(({ arm }) => !named.includes(arm));
  if (unknown !== undefined)
    throw dataFault(
      `${file}, row ${unknown.line}, ${columns.arm}`,
      `must be an arm of --arms (${oneLine(named.join(", "))})`,
      unknown.arm,
      "Mend the row, or name the arm as well",
    );
  const missing = named.find((arm) => !found.includes(arm));
  if (missing !== undefined) throw dataFault(file, `must have readings in arm ${oneLine(missing)}`, list, "Mend --arms");
  return named;
}

/** The first reading of each case. @throws {UserError} (data) If another row says otherwise of truth or patient, or all are of one class. */
function casesOf(readings: readonly Reading[], columns: ReaderColumns, file: string): ReadonlyMap<string, Reading> {
  const cases = new Map<string, Reading>();
  for (const reading of readings) {
    const first = cases.get(reading.id) ?? reading;
    cases.set(reading.id, first);
    const differ = (column: string, got: string) =>
      dataFault(
        `${file}, row ${reading.line}, ${column}`,
        `must be as in row ${first.line}, which is of the same case ${oneLine(reading.id)}`,
        got,
        "Mend one of them, or name the column that tells cases apart: --case COLUMN",
      );
    if (reading.label !== first.label) throw differ(columns.truth, reading.label === 1 ? "positive" : "negative");
    if (reading.cluster !== first.cluster) throw differ(columns.cluster!, reading.cluster);
  }
  const positives = [...cases.values()].filter(({ label }) => label === 1).length;
  if (positives === 0 || positives === cases.size)
    throw dataFault(
      file,
      `must have positives and negatives in ${columns.truth}`,
      `${many(cases.size, "case")}, all ${positives === 0 ? "negative" : "positive"}`,
      "Check the truth, --positive and --where",
    );
  return cases;
}

/** The readings by arm and reader, each in the order of the cases. @throws {UserError} (data) If one comes twice or is missing. */
function crossed(
  readings: readonly Reading[],
  arms: readonly string[],
  readers: readonly string[],
  cases: readonly StudyCase[],
  columns: ReaderColumns,
  file: string,
): Readings[] {
  const byKey = readingsByKey(readings, columns, file);
  const wanted = arms.flatMap((arm) => readers.map((reader) => cases.map(({ id }) => ({ arm, reader, id }))));
  const missing = wanted.flat().filter((one) => !byKey.has(keyOf(one)));
  if (missing.length > 0)
    throw dataFault(
      file,
      "every reader must read every case in every arm",
      `no reading of ${readingWords(missing[0]!, columns)}${missing.length > 1 ? ` and ${missing.length - 1} more` : ""}`,
      "Complete the readings, or take the case or the reader out of the file",
    );
  return wanted.map((keys) => {
    const own = keys.map((key) => byKey.get(keyOf(key))!);
    const noted = (of: (reading: Reading) => number | null) =>
      of(own[0]!) === null ? null : Float64Array.from(own, (reading) => of(reading)!);
    return {
      rating: noted(({ rating }) => rating),
      call: noted(({ call }) => call),
      logTime: noted(({ time }) => (time === null ? null : Math.log(time))),
      confidence: noted(({ confidence }) => confidence),
    };
  });
}

type ReadingKey = Pick<Reading, "arm" | "reader" | "id">;
const keyOf = ({ arm, reader, id }: ReadingKey): string => JSON.stringify([arm, reader, id]);
const readingWords = ({ arm, reader, id }: ReadingKey, columns: ReaderColumns): string =>
  `reader ${reader}, case ${id}${columns.arm === null ? "" : `, arm ${arm}`}`;

function readingsByKey(readings: readonly Reading[], columns: ReaderColumns, file: string): ReadonlyMap<string, Reading> {
  const byKey = new Map<string, Reading>();
  for (const reading of readings) {
    const before = byKey.get(keyOf(reading));
    if (before !== undefined)
      throw dataFault(
        `${file}, row ${reading.line}`,
        "a reader may read a case once in each arm",
        `${readingWords(reading, columns)}, as in row ${before.line}`,
        "Drop one, or name the column with the arm: --arm COLUMN",
      );
    byKey.set(keyOf(reading), reading);
  }
  return byKey;
}

/** By number where all are numbers, else by letter. */
function inOrder(names: Iterable<string>): string[] {
  const list = [...names];
  const numbers = list.every((name) => Number.isFinite(Number(name)));
  return list.sort((a, b) => (numbers ? Number(a) - Number(b) : 0) || (a < b ? -1 : 1));
}
