import type { Volume } from "../core/volume.ts";
import type { Case, Dataset, Splits } from "../data/dataset.ts";
import { dataFault } from "../data/faults.ts";
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
 * @throws {UserError} (data) If its truth is not known and that is to be refused.
 */
export function isLabelled(
  c: Pick<Case, "id" | "lesionMask" | "grade">,
  { unlabelled }: Pick<EvalOptions, "unlabelled">,
): boolean {
  if (c.lesionMask !== null || c.grade === 0 || unlabelled === "healthy") return true;
  if (unlabelled === "skip") return false;
  const wayOut = "Give it one, or set eval.unlabelled to healthy or skip";
  throw dataFault(c.id, "a case needs a lesion mask, or grade 0, to be evaluated", "neither", wayOut);
}

/** @throws {UserError} (data) If two volumes of a case are not on one grid (0.01 in the affine), naming the file of the first. */
export function checkGrid(volume: Pick<Volume, "shape" | "affine">, other: Pick<Volume, "shape" | "affine">, file: string): void {
  const shift = Math.max(...volume.affine.map((v, i) => Math.abs(v - other.affine[i]!)));
  if (volume.shape.join() === other.shape.join() && shift <= 0.01) return;
  const got = `${volume.shape.join(" x ")}, affine off by ${Number(shift.toPrecision(3))}`;
  throw dataFault(file, `truth, prediction and image must share one grid of ${other.shape.join(" x ")}`, got, again);
}

/** @throws {UserError} (data) If a voxel is no probability. */
export function checkProbability(volume: Volume, file: string): void {
  const off = volume.data.find((p) => !(p >= 0 && p <= 1));
  if (off !== undefined) throw dataFault(file, "probabilities must be in [0, 1]", off, again);
}
