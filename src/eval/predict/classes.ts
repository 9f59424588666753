import { csvLine, plainCell, readCsv } from "../../data/csv.ts";
import { dataFault } from "../../data/faults.ts";

/** Where predict keeps the probabilities of the classes. */
export const classesFile = "classes.csv";

/** Probabilities of the classes of one image, or of a case as a whole. */
export interface ClassProbabilities {
  readonly subject: string;
  readonly case: string;
  /** Along the slice axis, from 0; null for a case as a whole. */
  readonly slice: number | null;
  /** In the order of the classes; they sum to 1. */
  readonly probabilities: readonly number[];
}

const own = ["subject", "case", "slice"] as const;
const prefix = "prob_";
/** The column of a class, here and in the tables that `hemosynth metrics` takes. */
export const probabilityColumn = (name: string): string => `${prefix}${name}`;

/** The content of {@link classesFile}; numbers have 9 digits, as many as float32 has. */
export function formatClasses(classes: readonly string[], rows: readonly ClassProbabilities[]): string {
  const head = csvLine([...own, ...classes.map(probabilityColumn)]);
  const lines = rows.map((row) => {
    return csvLine([row.subject, row.case, row.slice, ...row.probabilities.map((p) => Number(p.toPrecision(9)))]);
  });
  return [head, ...lines, ""].join("\n");
}

/**
 * Reads {@link classesFile}.
 * @param where - File name, for messages.
 * @throws {UserError} (data) If a column is missing or a probability is none.
 */
export function parseClasses(text: string, where: string): { classes: string[]; rows: ClassProbabilities[] } {
  const again = "Run predict again";
  const { columns, rows } = readCsv(text, where, again);
  const classes = columns.slice(own.length).map((name) => name.slice(prefix.length));
  if (own.some((name, i) => columns[i] !== name) || classes.length < 2)
    throw dataFault(where, `must have columns ${own.join(", ")} and one for each class`, columns.join(", "), again);
  return {
    classes,
    rows: rows.map(({ cells, line }) => {
      const probabilities = cells.slice(own.length).map(Number);
      const broken = probabilities.find((p) => !(p >= 0 && p <= 1));
      if (broken !== undefined)
        throw dataFault(`${where}, row ${line}`, "probabilities must be in [0, 1]", String(broken), again);
      const slice = cells[2] === "" ? null : Number(cells[2]);
      return { subject: plainCell(cells[0]!), case: plainCell(cells[1]!), slice, probabilities };
    }),
  };
}
