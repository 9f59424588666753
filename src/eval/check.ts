import type { Volume } from "../core/volume.ts";
import type { Case, Dataset, Splits } from "../data/dataset.ts";
import { dataFault } from "../data/faults.ts";
import { type Grid, ontoGrid } from "../data/grid.ts";
import type { EvalOptions } from "./options.ts";
import { type ScoreRow, unitKey } from "./scores.ts";

const again = "Run predict again on this dataset";

/**
 * Rows of `scores.csv` by unit.
 * @param where - The file, for messages.
 * @throws {UserError} (data) If a row is not of this dataset, or of another split than `splits.json` says.
 */
export function checkScores(rows: readonly ScoreRow[], dataset: Dataset, splits: Splits, where: string): Map<string, ScoreRow> {
  const cases = new Map(dataset.cases.map((c) => [c.id, c]));
  const examinations = new Set(dataset.cases.map((c) => JSON.stringify([c.subject, c.session ?? ""])));
  for (const row of rows) {
    const of = row.level === "subject" ? undefined : cases.get(row.case);
    const known = row.level === "subject" ? examinations.has(JSON.stringify([row.subject, row.case])) : of !== undefined;
    const name = [row.level, row.level === "subject" ? row.subject : "", row.case].filter((word) => word !== "").join(" ");
    if (!known) throw dataFault(where, "may hold units of the dataset only", name, again);
    if (row.split !== null && !splits[row.split].includes(row.subject))
      throw dataFault(where, `the split of subject ${row.subject} must be the one of splits.json`, row.split, again);
    if (of !== undefined && row.slice !== null && row.slice >= Math.max(...of.shape))
      throw dataFault(where, `${row.case} has at most ${Math.max(...of.shape)} slices`, `slice ${row.slice}`, again);
  }
  return new Map(rows.map((row) => [unitKey(row), row]));
}

/**
 * Whether a case can be evaluated.
 * @throws {UserError} (data) If its truth is not known and that is to be refused, or if it would count as healthy against its grade.
 */
export function isLabelled(
  c: Pick<Case, "id" | "lesionMask" | "grade" | "class" | "boxes">,
  { unlabelled }: Pick<EvalOptions, "unlabelled">,
  told: { readonly task: string | null } = { task: null },
): boolean {
  const own = { classes: c.class, crops: c.class, regions: c.boxes }[told.task ?? ""];
  if (own !== undefined) return true;
  if (c.lesionMask !== null || c.grade === 0) return true;
  if (unlabelled === "skip") return false;
  if (unlabelled === "healthy") {
    if (c.grade === null) return true;
    const rule = "a case that counts as healthy (eval.unlabelled) must not have a grade";
    throw dataFault(c.id, rule, `grade ${c.grade} and no lesion mask`, "Give it its mask, or set eval.unlabelled to skip");
  }
  const wayOut = "Give it one, or set eval.unlabelled to healthy or skip";
  throw dataFault(c.id, "a case needs a lesion mask, or grade 0, to be evaluated", "neither", wayOut);
}

/** A volume of a case on exactly the grid of another. @throws {UserError} (data) If they are not on one grid, naming the file of the first. */
export function onGridOf<V extends Grid>(volume: V, other: Grid, file: string): V {
  return ontoGrid(volume, other, file, "truth, prediction and image must share one grid", again);
}

/** @throws {UserError} (data) If a voxel is no probability. */
export function checkProbability(volume: Volume, file: string): void {
  const off = volume.data.find((p) => !(p >= 0 && p <= 1));
  if (off !== undefined) throw dataFault(file, "probabilities must be in [0, 1]", off, again);
}
