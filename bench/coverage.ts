// How often nominal 95 % intervals hold the true value, over simulated studies with several rows or images a patient that are alike.
//   npx tsx bench/coverage.ts [--studies rows,classes,boxes] [--simulations 1500] [--resamples 599] [--patients 20,50,100,200] [--icc 0,.3,.7] [--seed 1]
// What is simulated is said in bench/coverage/. Prints a Markdown table: shares in per cent, "–" where fewer than half of the studies have the interval. "rows alone" takes rows or images as
// independent: DeLong's, Wilson's or the normal interval, and where there is no formula the percentile one of resampled rows or images. "adapted" is Obuchowski's
// interval on the logit scale, Wilson's of as many independent rows as the clustered ones are worth, and of the Dice the clustered one with Student's quantile.
import { parseArgs } from "node:util";
import { type Rng, seededRng } from "../src/core/rng.ts";
import { clusterUnits, drawPlan, type ResamplingPlan } from "../src/eval/metrics/bootstrap.ts";
import {
  bootstrapInterval,
  type IntervalKind,
  intervalKinds,
  resampledIntervalKinds,
} from "../src/eval/metrics/bootstrap-interval.ts";
import { clusterVariance } from "../src/eval/metrics/influence.ts";
import { replicate } from "../src/eval/tables/replicate.ts";
import { boxesStudy } from "./coverage/boxes.ts";
import { classesStudy } from "./coverage/classes.ts";
import type { Ends, Figure, Study } from "./coverage/figure.ts";
import { rowsStudy } from "./coverage/rows.ts";

const studies: Readonly<Record<string, (rng: Rng, patients: number, icc: number) => Study>> = {
  rows: rowsStudy,
  classes: classesStudy,
  boxes: boxesStudy,
};

const { values: args } = parseArgs({
  options: {
    studies: { type: "string", default: Object.keys(studies).join(",") },
    simulations: { type: "string", default: "1500" },
    resamples: { type: "string", default: "599" },
    patients: { type: "string", default: "20,50,100,200" },
    icc: { type: "string", default: "0,.3,.7" },
    seed: { type: "string", default: "1" },
  },
});
const [simulations, resamples] = [Number(args.simulations), Number(args.resamples)];

function bootstraps({ value, influence, patients }: Figure, plan: ResamplingPlan): Record<string, Ends> {
  const { patientOf } = clusterUnits(plan, patients);
  const both = replicate(plan, patients, true, (weights) => ({
    value: value(weights),
    variance: influence === null ? Number.NaN : clusterVariance(influence(weights), patientOf, plan.patients.length, weights),
  }));
  const column = (of: readonly { value: number }[]) => Float64Array.from(of, (one) => one.value);
  const statistic = {
    estimate: both.whole.value,
    values: column(both.resampled),
    leftOut: column(both.leftOut),
    clusters: new Set(patientOf).size,
    variances: { whole: both.whole.variance, resampled: Float64Array.from(both.resampled, (one) => one.variance) },
  };
  const kinds: readonly IntervalKind[] = influence === null ? resampledIntervalKinds : intervalKinds;
  return Object.fromEntries(kinds.map((kind) => [kind, bootstrapInterval(kind, statistic)]));
}

/** The percentile interval of units that are resampled one by one, as if each were a patient. */
function unitsAlone({ value, patients }: Figure, rng: Rng): Ends {
  const units = patients.map((_, i) => String(i));
  const { whole, resampled } = replicate(drawPlan(rng, units, resamples), units, false, value);
  const statistic = {
    estimate: whole,
    values: Float64Array.from(resampled),
    leftOut: new Float64Array(),
    clusters: units.length,
  };
  return bootstrapInterval("percentile", statistic);
}

/** Of each figure and interval, how many studies had it and how many of these held the truth. */
type Tally = Map<string, Map<string, { had: number; held: number }>>;

function count(tally: Tally, name: string, truth: number, intervals: Readonly<Record<string, Ends>>): void {
  const own = tally.get(name) ?? new Map<string, { had: number; held: number }>();
  tally.set(name, own);
  for (const [kind, { low, high }] of Object.entries(intervals)) {
    const sums = own.get(kind) ?? { had: 0, held: 0 };
    own.set(kind, sums);
    if (low === null || high === null) continue;
    sums.had++;
    if (low <= truth && truth <= high) sums.held++;
  }
}

/** Says on stderr how far a figure itself is from the truth, which no interval about it can mend. */
function sayMean(name: string, icc: number, patients: number, truth: number, estimates: readonly number[]): void {
  const mean = estimates.reduce((a, b) => a + b, 0) / estimates.length;
  console.error(`${name}, icc ${icc}, ${patients} patients: mean estimate ${mean.toFixed(4)}, truth ${truth.toFixed(4)}`);
}

function simulate(tally: Tally, study: (rng: Rng, patients: number, icc: number) => Study, patients: number, icc: number): void {
  const estimates = new Map<string, { truth: number; all: number[] }>();
  for (let s = 0; s < simulations; s++) {
    const rng = seededRng(Number(args.seed)).fork(`${icc}/${patients}/${s}`);
    const { patients: names, figures } = study(rng.fork("study"), patients, icc);
    const plan = drawPlan(rng.fork("plan"), names, resamples);
    for (const [name, figure] of Object.entries(figures)) {
      const own = estimates.get(name) ?? { truth: figure.truth, all: [] };
      estimates.set(name, own);
      own.all.push(figure.value(undefined));
      const alone = "rows alone" in figure.formulas ? {} : { "rows alone": unitsAlone(figure, rng.fork("alone")) };
      count(tally, name, figure.truth, { ...figure.formulas, ...alone, ...bootstraps(figure, plan) });
    }
  }
  for (const [name, { truth, all }] of estimates) sayMean(name, icc, patients, truth, all);
}

const columns = ["rows alone", "clustered", "adapted", ...intervalKinds];

function cellOf(sums: { readonly had: number; readonly held: number } | undefined): string {
  if (sums === undefined || sums.had < simulations / 2) return "–";
  const some = sums.had < 0.995 * simulations ? ` (of ${Math.round((100 * sums.had) / simulations)} %)` : "";
  return `${((100 * sums.held) / sums.had).toFixed(1)}${some}`;
}

console.log(`| figure | icc | patients | ${columns.join(" | ")} |`);
console.log(`|---|---|---|${columns.map(() => "---|").join("")}`);
for (const kind of args.studies.split(",")) {
  const lines: [string, string][] = [];
  for (const icc of args.icc.split(",").map(Number)) {
    for (const patients of args.patients.split(",").map(Number)) {
      const tally: Tally = new Map();
      simulate(tally, studies[kind]!, patients, icc);
      for (const [name, own] of tally)
        lines.push([name, `| ${name} | ${icc} | ${patients} | ${columns.map((c) => cellOf(own.get(c))).join(" | ")} |`]);
    }
  }
  for (const figure of new Set(lines.map(([name]) => name)))
    for (const [name, line] of lines) if (name === figure) console.log(line);
}
console.error(`standard error of 95 %: ${(100 * Math.sqrt((0.95 * 0.05) / simulations)).toFixed(2)}`);
