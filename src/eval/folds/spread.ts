import { many } from "../../core/words.ts";
import type { Operation } from "../measure.ts";
import { orNull } from "../metrics/or-null.ts";
import type { Fold, Results, Spread } from "../results.ts";
import { levels } from "../scores.ts";

/** The figures whose spread over folds is told. */
const told = ["auroc", "sensitivity", "specificity", "dice"] as const;

/**
 * Mean and standard deviation of a figure over the folds in which it is defined. The deviation (n − 1) is how far folds differ;
 * it is neither the error of the mean nor an interval of it, since folds share most of what they were trained on.
 *
 * Source: Bengio & Grandvalet 2004, JMLR 5:1089-1105: no unbiased estimate of the variance of a cross-validation exists.
 */
export function spreadOf(folds: readonly Pick<Fold, "figures">[]): Spread[] {
  return levels.flatMap((per) =>
    told.map((metric): Spread => {
      const values = folds.flatMap(({ figures }) => {
        const found = figures.find((one) => one.metric === metric && one.per === per);
        return found === undefined || found.estimate === null ? [] : [found.estimate];
      });
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
      const sd = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : Number.NaN;
      return { metric, per, folds: values.length, mean: orNull(mean), sd: orNull(sd) };
    }),
  );
}

/** In place of one operating point: each fold has its own. The rules are those of any fold. */
export function pooledOperation({ operatingPoints, mask }: Operation): Operation {
  const own = (rule: string) => (rule === "given in the config" ? rule : `each fold's own: ${rule}`);
  const point = (level: keyof Results["operatingPoints"]) => ({
    threshold: null,
    rule: own(operatingPoints[level].rule),
    validation: null,
  });
  return {
    operatingPoints: { slice: point("slice"), stack: point("stack"), subject: point("subject") },
    mask: { probability: null, rule: own(mask.rule), validationDice: null },
  };
}

/** What a reader must know of single folds. */
export function foldNotes(folds: readonly Fold[]): string[] {
  const notes: string[] = [];
  const name = (some: readonly Fold[]) => `${some.length === 1 ? "Fold" : "Folds"} ${some.map(({ fold }) => fold).join(", ")}`;
  const silent = folds.filter(({ operatingPoints }) => operatingPoints.stack.threshold === null);
  if (silent.length > 0) {
    const stacks = silent.reduce((sum, { counts }) => sum + counts.stacks, 0);
    notes.push(
      `${name(silent)} could not choose a stack threshold: ${many(stacks, "stack")} count in no sensitivity or specificity.`,
    );
  }
  const healthy = folds.filter(({ counts }) => counts.positiveStacks === 0);
  if (healthy.length > 0)
    notes.push(`${name(healthy)} tested no stack with a lesion: there is no AUROC, sensitivity or Dice of such a fold.`);
  const ill = folds.filter(({ counts }) => counts.positiveStacks === counts.stacks);
  if (ill.length > 0)
    notes.push(`${name(ill)} tested stacks with a lesion alone: there is no AUROC or specificity of stacks of such a fold.`);
  return notes;
}
