import { decimals, romanGrade } from "../../core/words.ts";
import type { Case } from "../../data/dataset.ts";
import type { Chosen } from "../gallery.ts";
import type { Metric, Results } from "../results.ts";
import { type Level, levels } from "../scores.ts";
import { wordsOf } from "./origin.ts";

/** A figure as it is printed: three decimals, a dash where it does not exist. */
export function figure(value: number | null): string {
  return fixed(value, 3);
}

/** A number with some decimals and a true minus sign; a dash for null. */
export function fixed(value: number | null, digits: number): string {
  return value === null ? "–" : decimals(value, digits).replace("-", "\u2212");
}

/** `0.931 [0.852, 0.987]`, or the figure alone where it has no interval. */
export function withInterval({ estimate, low, high }: Pick<Metric, "estimate" | "low" | "high">): string {
  return low === null || high === null ? figure(estimate) : `${figure(estimate)} [${figure(low)}, ${figure(high)}]`;
}

/** The metric of that name; undefined where it was not measured. */
export function findMetric(results: Results, metric: Metric["metric"], per: Metric["per"], subset = "all"): Metric | undefined {
  return results.metrics.find((m) => m.metric === metric && m.per === per && m.subset === subset);
}

/** The levels that there are figures of. */
export const levelsOf = (results: Results): Level[] =>
  levels.filter((level) => findMetric(results, "auroc", level) !== undefined);

export const metricNames: Readonly<Record<Metric["metric"], string>> = {
  auroc: "AUROC",
  aurocWithin: "AUROC, pairs of one fold",
  averagePrecision: "Average precision",
  sensitivity: "Sensitivity",
  specificity: "Specificity",
  ppv: "Positive predictive value",
  npv: "Negative predictive value",
  dice: "Dice",
  diceAll: "Dice, healthy included",
  diceSmoothed: "Dice, smoothed (2 TP + 1)",
  diceSmoothedAll: "Dice, smoothed, healthy included",
  map50: "mAP@0.5",
  map: "mAP@[.5:.95]",
  frocScore: "FROC score",
  pointing: "Heat points at the lesion",
  pointingChance: "Heat points at the lesion, by chance",
  attention: "Most attended slice shows the lesion",
  attentionChance: "Most attended slice shows the lesion, by chance",
};

/** What was evaluated: `test split`, `5-fold cross-validation`. */
export function whatWasEvaluated({ split, folds }: Results): string {
  return folds === undefined ? `${split} split` : `${folds.length}-fold cross-validation`;
}

/** What the figures are, where they are not what a reader would take them for. */
export function kindOfScores(results: Results): string {
  const kinds = [...(results.split === "test" ? [] : ["optimistic"]), wordsOf(results).scores];
  return kinds.filter((kind) => kind !== "").join(", ");
}

/** What lesions are called: made ones must never read as patients'. */
export function lesionWord(results: Results): string {
  return wordsOf(results).lesion;
}

const gradeWords = (grade: number | null): string =>
  grade === null ? "not graded" : grade === 0 ? "healthy" : `grade ${romanGrade(grade)}`;

/** What is said under a case. @param shown - Which slices the picture shows. @param graded - Whether its dataset has grades at all. */
export function caseCaption(
  c: Pick<Case, "id" | "gestationalAge" | "grade" | "lookAlikes">,
  { unit, dice }: Pick<Chosen, "unit" | "dice">,
  shown: string,
  { threshold, graded }: { readonly threshold: number | null; readonly graded: boolean },
): string {
  const weeks = c.gestationalAge === null ? [] : [`${c.gestationalAge.toFixed(1)} weeks`];
  const painted =
    c.lookAlikes === undefined || c.lookAlikes.length === 0 ? [] : [`painted look-alikes: ${c.lookAlikes.join(", ")}`];
  const call = threshold === null ? "" : unit.score >= threshold ? ", called" : ", not called";
  const overlap = dice === null ? [] : [`stack Dice ${dice.toFixed(2)}`];
  return [
    c.id,
    ...(unit.plane === null ? [] : [unit.plane]),
    ...weeks,
    ...(c.grade === null && !graded ? [] : [gradeWords(c.grade)]),
    ...painted,
    ...overlap,
    `score (logit) ${fixed(unit.score, 2)}${call}`,
    shown,
  ].join(" · ");
}
