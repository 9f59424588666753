import { romanGrade } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import type { Froc } from "../froc.ts";
import type { EvaluatedTask } from "../load.ts";
import type { RocPlot } from "../measure.ts";
import { rankScores } from "../metrics/auroc.ts";
import { agreementOf } from "../metrics/bland-altman.ts";
import { diceOf } from "../metrics/dice.ts";
import { precisionRecallCurve } from "../metrics/precision-recall.ts";
import { sigmoid } from "../predict/score.ts";
import type { Metric, Results } from "../results.ts";
import type { Level } from "../scores.ts";
import type { Tables, Unit } from "../table.ts";
import { calibrationBins } from "../tables/calibration.ts";
import { overlapAt } from "../tally.ts";
import { agreementSvg } from "./agreement.ts";
import { calibrationSvg } from "./calibration.ts";
import { blue, orange } from "./chart.ts";
import { curvesSvg, frocAxes, frocCurve, precisionAxes, precisionSteps } from "./curves.ts";
import { forestSvg } from "./forest.ts";
import { figure, findMetric, lesionWord, levelsOf, metricNames, withInterval } from "./format.ts";
import { rocSvg, stripSvg } from "./plots.ts";

/** The report's plots as SVG, by the names of their files; of some networks some are missing. */
export type ReportPlots = Readonly<Record<string, string>>;

/** What plots are drawn from. */
export interface Drawn {
  readonly roc: Readonly<Record<Level, RocPlot>>;
  /** With the scores that the networks gave. */
  readonly tables: Tables;
  /**
   * Their tallies hold one mask threshold. Of a cross-validation their scores count from the threshold of their fold; those of a fold without one
   * are NaN and not drawn.
   */
  readonly stacks: readonly Unit[];
  readonly froc: Froc | null;
  readonly task: EvaluatedTask;
}

/** Lowest score that is drawn; stacks in which no brain was found score far lower. */
export const lowestDrawn = -20;

export function drawPlots(results: Results, drawn: Drawn): ReportPlots {
  const { roc, tables, stacks, froc, task } = drawn;
  const auroc = (level: Level) => `AUROC ${areaWords(results, "auroc", level)}`;
  const ranking = levelsOf(results).flatMap((level) => [
    [`roc-${level}`, rocSvg(`per ${level}`, roc[level], auroc(level))],
    [`precision-recall-${level}`, precisionSvg(results, tables[level], level)],
  ]);
  const calibrated: Level = task === "bags" || task === "crops" ? "stack" : "slice";
  return {
    ...Object.fromEntries(ranking),
    calibration: calibrationOf(results, tables[calibrated], calibrated),
    ...Object.fromEntries(classCalibrations(results)),
    "stack-scores": scoresSvg(results, stacks),
    ...(froc === null || froc.curve.length === 0 ? {} : { froc: frocSvg(froc, task) }),
    ...(task === "masks" ? { "stack-dice": diceSvg(stacks), "stack-volumes": volumesSvg(stacks) } : {}),
    ...Object.fromEntries((["auroc", "sensitivity", "dice"] as const).flatMap((metric) => subsetForest(results, metric))),
  };
}

function areaWords(results: Results, metric: Metric["metric"], level: Level): string {
  const found = findMetric(results, metric, level);
  return found === undefined ? figure(null) : withInterval(found);
}

function precisionSvg(results: Results, units: readonly Unit[], level: Level): string {
  const share = units.filter(({ label }) => label === 1).length / units.length;
  const exists = share > 0 && share < 1; // else the curve would be drawn at 1, whatever the scores
  const curve = {
    name: exists ? `average precision ${areaWords(results, "averagePrecision", level)}` : "one class only",
    points: exists ? precisionSteps(precisionRecallCurve(rankScores(units))) : [],
  };
  return curvesSvg(`Precision and recall, per ${level}`, precisionAxes(exists ? share : null), [curve]);
}

function calibrationOf({ options }: Results, units: readonly Unit[], level: Level): string {
  const ranked = {
    scores: Float64Array.from(units, ({ score }) => sigmoid(score)),
    labels: Uint8Array.from(units, ({ label }) => label),
  };
  return calibrationSvg(`Calibration of ${level} scores`, calibrationBins(ranked, 10, options.bootstrap.level));
}

/** Of what tells classes apart: the calls at each level, and each class of the first. None where there are none. */
function classCalibrations({ classes }: Results): [string, string][] {
  return (classes?.levels ?? []).flatMap(({ per, calibration }, i) =>
    calibration.flatMap(({ class: name, bins }, c): [string, string][] => {
      if (name !== null && i > 0) return [];
      return [[`class-calibration-${i}-${c}`, calibrationSvg(`${name === null ? "Calls" : oneLine(name)}, per ${per}`, bins)]];
    }),
  );
}

function frocSvg({ curve, band, score }: Froc, task: EvaluatedTask): string {
  const most = Math.min(8, Math.max(0.5, ...curve.map(({ falsePositives }) => falsePositives)));
  const within = (points: Froc["curve"]) => points.flatMap(({ falsePositives: x, sensitivity: y }) => (x <= most ? [[x, y] as const] : [])); // biome-ignore format: one line
  const name = `score ${withInterval(score)}`;
  const [points, edges] = [within(curve), { low: within(band.low), high: within(band.high) }];
  return task === "boxes"
    ? curvesSvg("FROC of boxes in slices", frocAxes("slice", most), [{ name, points, band: edges }])
    : curvesSvg("FROC of lesions in stacks", frocAxes("stack", most), [frocCurve(name, { dots: points, ...edges }, most)]);
}

function scoresSvg(results: Results, stacks: readonly Unit[]): string {
  const scored = stacks.filter((u) => !Number.isNaN(u.score));
  const scores = (label: 0 | 1) => scored.filter((u) => u.label === label).map((u) => Math.max(lowestDrawn, u.score));
  const strips = [
    { name: "healthy", values: scores(0), colour: blue },
    { name: `with ${lesionWord(results)}`, values: scores(1), colour: orange },
  ];
  const axis = results.folds === undefined ? "score (logit)" : "score above the fold's threshold (logit)";
  const cut = results.folds === undefined ? results.operatingPoints.stack.threshold : 0;
  return stripSvg("Stack scores", strips, { name: axis }, cut);
}

function diceSvg(stacks: readonly Unit[]): string {
  const masked = maskedOf(stacks);
  const dice = (grade: number | null) => masked.filter((u) => u.grade === grade).map((u) => diceOf(overlapAt(u.tally, 0)));
  const graded = masked.length === 0 || masked.some(({ grade }) => grade !== null);
  const grades = ([1, 2, 3, 4, null] as const).map((grade) => ({
    name: grade !== null ? `grade ${romanGrade(grade)}` : graded ? "not graded" : "all",
    values: dice(grade),
    colour: blue,
  }));
  const shown = grades.filter((g) => g.values.length > 0);
  const strips = shown.length > 0 ? shown : grades.slice(0, 4);
  return stripSvg(graded ? "Dice of stacks by grade" : "Dice of stacks", strips, { name: "Dice", range: [0, 1] }, null);
}

/** Stacks with a lesion whose mask was drawn. */
const maskedOf = (stacks: readonly Unit[]) => stacks.filter((u) => u.label === 1 && !Number.isNaN(u.tally.both[0]!));

/** Volumes of stacks with a lesion; the limits of agreement take stacks as independent. */
function volumesSvg(stacks: readonly Unit[]): string {
  const pairs = maskedOf(stacks).map(({ tally, voxelMm3 }) => ({
    reference: (tally.truth * voxelMm3) / 1000,
    predicted: (tally.predicted[0]! * voxelMm3) / 1000,
  }));
  const errors = pairs.map(({ reference, predicted }) => predicted - reference);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const { bias, low, high } = agreementOf(errors.length, sum(errors), sum(errors.map((e) => e ** 2)));
  const across = (estimate: number) => (Number.isNaN(estimate) ? null : { estimate, low: null, high: null });
  return agreementSvg("Volumes in stacks", pairs, { bias: across(bias), low: across(low), high: across(high) });
}

/** One figure of stacks by grade and plane; none where there are no subsets. */
function subsetForest(results: Results, metric: "auroc" | "sensitivity" | "dice"): [string, string][] {
  const own = results.metrics.filter((m) => m.metric === metric && m.per === "stack" && m.estimate !== null);
  if (own.every(({ subset }) => subset === "all")) return [];
  const rows = own.map(({ subset, n, estimate, low, high }) => ({
    ...{ name: `${subset} (${n})`, estimate: estimate!, low, high, summary: subset === "all" },
  }));
  const all = own.find(({ subset }) => subset === "all")?.estimate ?? null;
  const axis = { name: `stack ${metricNames[metric]}`, scale: "identity", reference: all, range: [0, 1] } as const;
  return [[`subgroups-${metric}`, forestSvg(`${metricNames[metric]} of stacks by subgroup`, rows, axis, withInterval)]];
}
