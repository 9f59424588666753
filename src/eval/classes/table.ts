import { placeOfClass } from "../../data/classes.ts";
import { csvLine } from "../../data/csv.ts";
import type { Case } from "../../data/dataset.ts";
import { dataFault } from "../../data/faults.ts";
import { type ClassProbabilities, probabilityColumn } from "../predict/classes.ts";

/** One image, or a case as a whole, with its truth and what was told of it. */
export interface ClassUnit extends ClassProbabilities {
  /** Examination: what is pooled to one. */
  readonly examination: string;
  /** Place among the classes. */
  readonly truth: number;
  /** Weeks, in steps of {@link weeksABin}; null where it is not known. */
  readonly weeks: string | null;
}

/** What was told of the classes of the evaluated split. */
export interface ClassTable {
  /** Normal first. */
  readonly classes: readonly string[];
  readonly units: readonly ClassUnit[];
}

/** Width of the age groups, weeks; our choice. */
const weeksABin = 4;

/**
 * Joins truth and probabilities.
 * @param where - File of the probabilities, for messages.
 * @throws {UserError} (data) If a case has no probabilities, or its class is none that is told.
 */
export function joinClasses(
  cases: readonly Case[],
  { classes, rows }: { readonly classes: readonly string[]; readonly rows: readonly ClassProbabilities[] },
  where: string,
): ClassTable {
  const told = new Map<string, ClassProbabilities[]>();
  for (const row of rows) told.set(row.case, [...(told.get(row.case) ?? []), row]);
  const units = cases.flatMap((c) => {
    const own = told.get(c.id);
    if (own === undefined) throw dataFault(where, "must have every case of the split", `none for ${c.id}`, "Run predict again");
    const examination = c.session === null ? c.subject : `${c.subject} ${c.session}`;
    const truth = truthOf(c, classes);
    return own.map((row) => ({ ...row, examination, truth, weeks: weeksOf(c.gestationalAge) }));
  });
  return { classes, units };
}

/** What a network tells, as far as its truth hangs on it. */
interface Told {
  readonly task: string | null;
  readonly outputs: readonly string[];
}

/** Whether a network tells classes apart. */
export const tellsClasses = ({ task }: Told): boolean => task === "classes" || task === "crops";

/** Of a network that does not tell of blood: 1 for a case that is not of the first class, or shows a region; 0 for another. null where blood is told of. */
export function labelOf(c: Pick<Case, "id" | "class" | "boxes">, told: Told): 0 | 1 | null {
  if (tellsClasses(told)) return truthOf(c, told.outputs) > 0 ? 1 : 0;
  if (told.task !== "regions") return null;
  return (c.boxes ?? []).some(({ name }) => told.outputs.includes(name)) ? 1 : 0;
}

/** Place of a case's class among those told. @throws {UserError} (data) If it has none of them. */
export function truthOf({ id, class: name }: Pick<Case, "id" | "class">, classes: readonly string[]): number {
  const place = name === undefined ? -1 : placeOfClass(name, classes);
  if (place >= 0) return place;
  throw dataFault(id, `a case must be of one of ${classes.join(", ")} to be evaluated`, name ?? "no class", "Give it one");
}

function weeksOf(age: number | null): string | null {
  if (age === null) return null;
  const from = weeksABin * Math.floor(age / weeksABin);
  return `${from} to ${from + weeksABin - 1}`;
}

/** Where an evaluation keeps truth and probabilities of the classes; that of predict, of the same name, has no truth. */
export const classUnitsFile = "classes.csv";

/** The units as a table that `hemosynth metrics` takes, too. Weeks are left out where a unit has none. */
export function formatClassUnits({ classes, units }: ClassTable): string {
  const hasWeeks = units.every(({ weeks }) => weeks !== null);
  const head = ["id", "subject", "examination", ...(hasWeeks ? ["weeks"] : []), "truth", ...classes.map(probabilityColumn)];
  const lines = units.map((unit) =>
    csvLine([
      unit.slice === null ? unit.case : `${unit.case}#${unit.slice}`,
      unit.subject,
      unit.examination,
      ...(hasWeeks ? [unit.weeks] : []),
      classes[unit.truth]!,
      ...unit.probabilities,
    ]),
  );
  return [csvLine(head), ...lines, ""].join("\n");
}
