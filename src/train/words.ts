import type { StageResult } from "../core/context.ts";
import { many } from "../core/words.ts";
import type { TrainData } from "./load.ts";
import type { TaskName, TrainOptions } from "./options.ts";
import type { Progress } from "./run.ts";
import { minLesionPixels, type TrainSlice } from "./slices.ts";
import type { ValidationFigures } from "./validate.ts";

/** What a training gave, in words and numbers. */
export function resultOf(data: TrainData, { step: steps, kept }: Progress, options: TrainOptions): StageResult {
  const { step, loss, dice, auroc, brainDice, map50 } = kept[0]!;
  const early = steps < options.steps ? ` of ${options.steps}, then no better for ${options.patience} validations,` : "";
  const slices = { train: data.train.length, val: data.val.length };
  return {
    headline:
      `trained ${many(steps, "step")}${early} on ${many(slices.train, "slice")} of ${many(data.cases.train, "case")}; ` +
      bestWords(kept[0]!, options, data.val),
    summary: { steps, cases: data.cases, slices, best: { step, loss, dice, auroc, brainDice, map50 } },
  };
}

/** Of the tasks whose AUROC is not of slices that show blood: what it is of. */
const aurocOf: Readonly<Partial<Record<TaskName, string>>> = {
  classes: "AUROC of classes",
  crops: "AUROC of classes",
  mil: "AUROC of cases",
  weakTypes: "AUROC of blood and its types",
  weakGrid: "cell AUROC",
};

/** Tasks whose figures need lesions. */
const ofLesions: readonly TaskName[] = ["lesion", "detect", "classify", "weakBinary", "weakTypes", "weakGrid"];

/**
 * The best validation with all figures that are defined. Where none of those that decide is, it was chosen by its loss: that alone is told, since the others
 * had no part in it, and why.
 */
export function bestWords(
  { step, loss, dice, auroc, map50, brainDice }: ValidationFigures & { readonly step: number },
  { task }: Pick<TrainOptions, "task">,
  val: readonly Pick<TrainSlice, "lesionPixels">[],
): string {
  if (dice === null && auroc === null && map50 === null) {
    const shown = val.some(({ lesionPixels }) => lesionPixels >= minLesionPixels);
    const why = ofLesions.includes(task) && !shown ? "; the val split shows no lesion" : "";
    return `lowest val loss ${loss.toPrecision(3)}, at step ${step}${why}`;
  }
  const named = { "mAP@0.5": map50, Dice: dice, [aurocOf[task] ?? "slice AUROC"]: auroc, "brain Dice": brainDice };
  const words = Object.entries(named).flatMap(([name, figure]) => (figure === null ? [] : `${name} ${figure.toFixed(3)}`));
  return `best at step ${step}: val ${words.join(", ")}`;
}

/** The figure that decides, in words; the loss where none is defined. */
export function mainFigure({ loss, dice, auroc, map50 }: ValidationFigures): string {
  if (map50 !== null) return `mAP@0.5 ${map50.toFixed(3)}`;
  if (dice !== null) return `Dice ${dice.toFixed(3)}`;
  return auroc === null ? `loss ${loss.toPrecision(3)}` : `AUROC ${auroc.toFixed(3)}`;
}
