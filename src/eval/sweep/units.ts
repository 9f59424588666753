import { type CsvTable, plainCell, readCsv } from "../../data/csv.ts";
import { dataFault } from "../../data/faults.ts";
import { type Level, levels } from "../scores.ts";

/** A unit as a run's `units.csv` has it. */
export interface SweptUnit {
  readonly level: Level;
  /** Who is resampled. */
  readonly subject: string;
  /** Tells the unit apart, with the side of the truth: two runs were tested alike if their units have the same ids in the same order. */
  readonly id: string;
  readonly label: 0 | 1;
  readonly score: number;
  /** NaN where truth and mask are empty, or there is no mask. */
  readonly dice: number;
}

const wayOut = "Run the evaluation again";

/**
 * The units of one split of a `units.csv`, sorted by id, so that the order of two runs is the same.
 * @throws {UserError} (data) If it is not a file that an evaluation wrote.
 */
export function readUnits(text: string, where: string, split: string): SweptUnit[] {
  const { rows, columns }: CsvTable = readCsv(text, where, wayOut);
  const place = new Map(columns.map((name, i) => [name, i]));
  for (const name of ["level", "subject", "case", "slice", "split", "truth", "score", "truth_mm3", "dice"])
    if (!place.has(name)) throw dataFault(where, `must have a column ${name}`, columns.join(", "), wayOut);
  const units = rows.flatMap(({ cells, line }): SweptUnit[] => {
    const cell = (name: string) => plainCell(cells[place.get(name)!] ?? "");
    if (cell("split") !== split) return [];
    const level = levels.find((one) => one === cell("level"));
    const score = Number(cell("score"));
    if (level === undefined || cell("score") === "" || Number.isNaN(score))
      throw dataFault(`${where}, row ${line}`, "must have a level and a score", `${cell("level")}, ${cell("score")}`, wayOut);
    const id = JSON.stringify([level, cell("subject"), cell("case"), cell("slice"), cell("truth"), cell("truth_mm3")]);
    const dice = cell("dice") === "" ? Number.NaN : Number(cell("dice"));
    return [{ level, subject: cell("subject"), id, label: cell("truth") === "1" ? 1 : 0, score, dice }];
  });
  return units.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}
