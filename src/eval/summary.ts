import type { StageResult } from "../core/context.ts";
import { many, romanGrade } from "../core/words.ts";
import type { Dataset, SplitName } from "../data/dataset.ts";
import type { EvalOptions } from "./options.ts";
import { findMetric, kindOfScores, withInterval } from "./report/format.ts";
import type { Results, SplitCount } from "./results.ts";
import { type Level, levels } from "./scores.ts";
import type { Tables, Unit } from "./table.ts";

/** What a split holds. */
export function countSplit(split: SplitName, tables: Tables, dataset: Dataset): SplitCount {
  const positives = (level: Level) => tables[level].filter((unit) => unit.label === 1).length;
  const ids = new Set(tables.stack.map((unit) => unit.case));
  const weeks = dataset.cases.flatMap((c) => (ids.has(c.id) && c.gestationalAge !== null ? [c.gestationalAge] : []));
  return {
    split,
    subjects: new Set(tables.stack.map((unit) => unit.subject)).size,
    examinations: tables.subject.length,
    stacks: tables.stack.length,
    slices: tables.slice.length,
    positiveExaminations: positives("subject"),
    positiveStacks: positives("stack"),
    positiveSlices: positives("slice"),
    youngest: weeks.length > 0 ? Math.min(...weeks) : null,
    oldest: weeks.length > 0 ? Math.max(...weeks) : null,
  };
}

/** What a reader must know before quoting a figure. */
export function notesOf(evaluated: Tables, validation: Tables, options: EvalOptions): string[] {
  const notes: string[] = [];
  const chosen = options.threshold.rule !== "fixed" || options.mask.rule !== "fixed";
  if (chosen && validation === evaluated)
    notes.push("Thresholds were chosen on the very units that are evaluated: sensitivity, specificity and Dice are optimistic.");
  if (options.split === "val")
    notes.push("So was the checkpoint, unless the model comes from elsewhere: then AUROC is optimistic as well.");
  if (chosen && validation.stack.length === 0) notes.push("The validation split is empty: no threshold could be chosen.");
  if (options.split === "train") notes.push("The training split is evaluated: every figure is optimistic.");
  const stacksOf = ({ subject, session }: Unit) => evaluated.stack.filter((s) => s.subject === subject && s.session === session);
  const mixed = evaluated.subject.filter((unit) => new Set(stacksOf(unit).map((stack) => stack.label)).size === 2);
  if (mixed.length > 0)
    notes.push(
      `Counted as having a lesion, with stacks with and without one: ${mixed.length} of ${many(evaluated.subject.length, "examination")}.`,
    );
  const grades = evaluated.stack.flatMap(({ label, grade }) => (label === 1 && grade !== null ? [grade] : []));
  const absent = [1, 2, 3, 4].filter((grade) => grades.length > 0 && !grades.includes(grade));
  if (absent.length > 0) notes.push(`No stack of grade ${absent.map(romanGrade).join(", ")} is in this split.`);
  const allAlike = (units: readonly Unit[]) => units.length > 1 && units.every((unit) => unit.score === units[0]!.score);
  if (levels.some((level) => allAlike(evaluated[level])))
    notes.push("All scores of a level are equal: the network does not tell its units apart.");
  return notes;
}

/** A mask threshold at an end of its grid: the best one may lie beyond. */
export function maskNotes(probability: number | null, grid: readonly number[]): string[] {
  if (probability === null || grid.length < 2 || (probability !== grid[0] && probability !== grid.at(-1))) return [];
  return [
    `The mask threshold, ${probability}, is the ${probability === grid[0] ? "lowest" : "highest"} that was tried; a better one may lie beyond.`,
  ];
}

/** Whether a network tells more than two classes apart: of all but the first together nobody may have asked. */
export const tellsSeveral = ({ classes }: Results): boolean => classes !== undefined && classes.names.length > 2;

/** A figure of examinations of a network that tells classes apart; undefined where there is none. */
export function classFigure({ classes }: Results, name: "roc_auc_macro" | "accuracy") {
  const own = classes?.levels.find(({ per }) => per.startsWith("examination"))?.figures ?? [];
  return own.find(({ metric, subset }) => metric === name && subset === "all");
}

function classWords(results: Results): string[] {
  const say = { roc_auc_macro: "macro AUROC of examinations", accuracy: "accuracy" } as const;
  return (["roc_auc_macro", "accuracy"] as const).flatMap((name) => {
    const found = classFigure(results, name);
    return found?.estimate == null ? [] : [`${say[name]} ${withInterval(found)}`];
  });
}

/** What a dataset is: whether software made the images, or the lesions in them. */
export function dataOf({ cases, modality }: Dataset): Required<Pick<Results, "pseudoLesions" | "data">> {
  const isPainted = cases.some((c) => c.sources.length > 0);
  const origin = isPainted ? "painted" : cases.some((c) => c.sidecar !== null) ? "simulated" : "given";
  return { pseudoLesions: origin !== "given", data: { origin, modality: modality ?? "T2w" } };
}

/** What the command line prints. */
export function evalResult(results: Results): StageResult {
  const words = (name: string, metric: Parameters<typeof findMetric>[1], per: Parameters<typeof findMetric>[2]) => {
    const m = findMetric(results, metric, per);
    return m?.estimate == null ? `${name} – (${m?.reason ?? "not measured"})` : `${name} ${withInterval(m)}`;
  };
  const kind = kindOfScores(results);
  const boxes = findMetric(results, "map50", "box") !== undefined;
  const overlap = boxes ? words("mAP@0.5", "map50", "box") : words("slice Dice", "dice", "slice");
  const classes = classWords(results);
  const several = classes.length > 0 && tellsSeveral(results);
  const figures = [...(several ? [] : [words("stack AUROC", "auroc", "stack")]), ...(classes.length > 0 ? classes : [overlap])];
  const main = results.metrics.filter((m) => m.subset === "all" && m.metric !== "ppv" && m.metric !== "npv");
  return {
    headline: `${kind}${kind === "" ? "" : ": "}${figures.join(", ")} on ${results.split}`,
    summary: { split: results.split, pseudoLesions: results.pseudoLesions, metrics: main, notes: results.notes },
  };
}
