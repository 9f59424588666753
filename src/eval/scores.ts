import { csvLine, plainCell, readCsv } from "../data/csv.ts";
import { type SplitName, splitNames } from "../data/dataset.ts";
import { dataFault } from "../data/faults.ts";

/** What a score is of. */
export const levels = ["slice", "stack", "subject"] as const;
export type Level = (typeof levels)[number];

/** One line of `scores.csv`. */
export interface ScoreRow {
  readonly level: Level;
  readonly subject: string;
  /** Case id of a slice or stack; for a subject its session, empty where it has none. */
  readonly case: string;
  /** 0-based along the slice axis; null unless the level is slice. */
  readonly slice: number | null;
  /** null where the input is no dataset. */
  readonly split: SplitName | null;
  /** Logit scale, higher = more lesion; finite. */
  readonly score: number;
  /** The score as a probability, in [0, 1]. */
  readonly probability: number;
  /** Volume predicted as lesion at probability 0.5, mm³; null for a subject, whose stacks show one lesion several times, and where there is no map. */
  readonly lesionMm3: number | null;
}

const columns = ["level", "subject", "case", "slice", "split", "score", "probability", "lesion_mm3"] as const;

/** `scores.csv` of rows, in their order. Numbers have 9 digits, as many as float32 has. */
export function formatScores(rows: readonly ScoreRow[]): string {
  const lines = rows.map((row) =>
    csvLine([
      row.level,
      row.subject,
      row.case,
      row.slice,
      row.split,
      nineDigits(row.score),
      nineDigits(row.probability),
      row.lesionMm3 === null ? null : nineDigits(row.lesionMm3),
    ]),
  );
  return [columns.join(","), ...lines, ""].join("\n");
}

const nineDigits = (value: number): number => Number(value.toPrecision(9));

/**
 * Reads `scores.csv`.
 * @param where - File name, for messages.
 * @throws {UserError} (data) Naming the line, if a column is missing, a value is not what it must be, or a unit comes twice.
 */
export function parseScores(text: string, where: string): ScoreRow[] {
  const again = "Run predict again";
  const { columns: head, rows } = readCsv(text, where, again);
  const missing = columns.filter((name) => !head.includes(name));
  if (missing.length > 0) throw dataFault(where, `must have columns ${columns.join(", ")}`, `no ${missing.join(", ")}`, again);
  const seen = new Map<string, number>();
  return rows.map(({ cells, line }) => {
    const place = `${where}, row ${line}`;
    const row = parseRow((name) => cells[head.indexOf(name)]!, place);
    const key = unitKey(row);
    if (seen.has(key))
      throw dataFault(place, "each slice, stack and subject may come once", `the unit of row ${seen.get(key)} again`, again);
    seen.set(key, line);
    return row;
  });
}

function parseRow(cell: (name: (typeof columns)[number]) => string, line: string): ScoreRow {
  const refuse = (name: string, rule: string) => dataFault(`${line}, ${name}`, rule, cell(name as "level"), "Run predict again");
  const level = levels.find((l) => l === cell("level"));
  if (level === undefined) throw refuse("level", `must be one of ${levels.join(", ")}`);
  const number = (name: (typeof columns)[number], rule: string, holds: (value: number) => boolean): number => {
    const value = cell(name).trim() === "" ? Number.NaN : Number(cell(name));
    if (!holds(value)) throw refuse(name, rule);
    return value;
  };
  const split = cell("split") === "" ? null : splitNames.find((s) => s === cell("split"));
  if (split === undefined) throw refuse("split", `must be empty or one of ${splitNames.join(", ")}`);
  if (cell("subject") === "") throw refuse("subject", "must not be empty");
  if (level !== "subject" && cell("case") === "") throw refuse("case", "must not be empty for a slice or stack");
  const whole = (v: number) => Number.isInteger(v) && v >= 0;
  return {
    level,
    subject: plainCell(cell("subject")),
    case: plainCell(cell("case")),
    slice: level === "slice" ? number("slice", "must be a whole number from 0", whole) : null,
    split,
    score: number("score", "must be a finite number", Number.isFinite),
    probability: number("probability", "must be in [0, 1]", (v) => v >= 0 && v <= 1),
    lesionMm3: cell("lesion_mm3") === "" ? null : number("lesion_mm3", "must be 0 or more", (v) => v >= 0 && v < Infinity),
  };
}

/** Tells units of a table apart. */
export function unitKey(row: Pick<ScoreRow, "level" | "subject" | "case" | "slice">): string {
  return JSON.stringify(row.level === "subject" ? ["subject", row.subject, row.case] : [row.level, row.case, row.slice]);
}
