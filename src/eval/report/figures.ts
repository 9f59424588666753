import { romanGrade } from "../../core/words.ts";
import type { RocPlot } from "../measure.ts";
import { diceOf } from "../metrics/dice.ts";
import type { Results } from "../results.ts";
import type { Level } from "../scores.ts";
import type { Unit } from "../table.ts";
import { overlapAt } from "../tally.ts";
import { blue, orange } from "./chart.ts";
import { figure, findMetric, lesionWord } from "./format.ts";
import { rocSvg, stripSvg } from "./plots.ts";

/** The report's plots as SVG files. */
export interface ReportPlots {
  readonly roc: Readonly<Record<Level, string>>;
  readonly scores: string;
  readonly dice: string;
}

/** Lowest score that is drawn; stacks in which no brain was found score far lower. */
export const lowestDrawn = -20;

/**
 * @param stacks - Their tallies hold one mask threshold. Of a cross-validation their scores count from the threshold of their
 *   fold; those of a fold without one are NaN and not drawn.
 */
export function drawPlots(results: Results, roc: Readonly<Record<Level, RocPlot>>, stacks: readonly Unit[]): ReportPlots {
  const auroc = (level: Level) => `AUROC ${figure(findMetric(results, "auroc", level)?.estimate ?? null)}`;
  const rocOf = (level: Level) => rocSvg(`per ${level}`, roc[level], auroc(level));
  const scored = stacks.filter((u) => !Number.isNaN(u.score));
  const scores = (label: 0 | 1) => scored.filter((u) => u.label === label).map((u) => Math.max(lowestDrawn, u.score));
  const masked = stacks.filter((u) => u.label === 1 && !Number.isNaN(u.tally.both[0]!));
  const dice = (grade: number | null) => masked.filter((u) => u.grade === grade).map((u) => diceOf(overlapAt(u.tally, 0)));
  const grades = ([1, 2, 3, 4, null] as const).map((grade) => ({
    name: grade === null ? "not graded" : `grade ${romanGrade(grade)}`,
    values: dice(grade),
    colour: blue,
  }));
  const strips = [
    { name: "healthy", values: scores(0), colour: blue },
    { name: `with ${lesionWord(results)}`, values: scores(1), colour: orange },
  ];
  const shown = grades.filter((g) => g.values.length > 0);
  const axis = results.folds === undefined ? "score (logit)" : "score above the fold's threshold (logit)";
  const cut = results.folds === undefined ? results.operatingPoints.stack.threshold : 0;
  return {
    roc: { slice: rocOf("slice"), stack: rocOf("stack"), subject: rocOf("subject") },
    scores: stripSvg("Stack scores", strips, { name: axis }, cut),
    dice: stripSvg(
      "Dice of stacks by grade",
      shown.length > 0 ? shown : grades.slice(0, 4),
      { name: "Dice", range: [0, 1] },
      null,
    ),
  };
}
