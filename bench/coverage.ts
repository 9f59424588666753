// How often nominal 95 % intervals hold the true value, over simulated studies with several rows a patient that are alike.
//   npx tsx bench/coverage.ts [--simulations 1500] [--resamples 599] [--patients 20,50,100,200] [--icc 0,.3,.7] [--seed 1]
// Two in five patients are positive, in all of their 1 to 5 rows. A row's latent score is the patient's normal part (variance icc) plus its own (1 - icc), plus
// a shift for positives that makes the AUROC .85; sensitivity is .8 at the threshold; the Dice of a positive row is the normal distribution function of
// such a latent value, .6 on average. Prints a Markdown table: shares in per cent, "–" where fewer than half of the studies have the interval. "adapted" is Obuchowski's
// interval on the logit scale, Wilson's of as many independent rows as the clustered ones are worth, and of the Dice the clustered one with Student's quantile.
import { parseArgs } from "node:util";
import { type Rng, seededRng } from "../src/core/rng.ts";
import { type LabelledScore, rankScores, weightedAuroc } from "../src/eval/metrics/auroc.ts";
import { studentQuantile } from "../src/eval/metrics/beta.ts";
import { clusterUnits, drawPlan, type ResamplingPlan } from "../src/eval/metrics/bootstrap.ts";
import { bootstrapInterval, intervalKinds } from "../src/eval/metrics/bootstrap-interval.ts";
import { delongInterval, placementsOf } from "../src/eval/metrics/delong.ts";
import { aurocInfluence, clusterVariance, type Influence, ratioInfluence } from "../src/eval/metrics/influence.ts";
import { normalCdf, normalQuantile } from "../src/eval/metrics/normal.ts";
import { clusteredWilson, wilsonInterval } from "../src/eval/metrics/wilson.ts";
import { numbersOf } from "../src/eval/tables/numbers.ts";
import { replicate } from "../src/eval/tables/replicate.ts";

const { values: args } = parseArgs({
  options: {
    simulations: { type: "string", default: "1500" },
    resamples: { type: "string", default: "599" },
    patients: { type: "string", default: "20,50,100,200" },
    icc: { type: "string", default: "0,.3,.7" },
    seed: { type: "string", default: "1" },
  },
});
const [simulations, resamples] = [Number(args.simulations), Number(args.resamples)];
const truth = { auroc: 0.85, sensitivity: 0.8, dice: 0.6 };
const shift = Math.SQRT2 * normalQuantile(truth.auroc);
const cut = shift - normalQuantile(truth.sensitivity);

interface Row extends LabelledScore {
  readonly patient: string;
  readonly dice: number;
}

function study(rng: Rng, patients: number, icc: number): Row[] {
  const [between, within] = [Math.sqrt(icc), Math.sqrt(1 - icc)];
  return Array.from({ length: patients }, (_, p) => {
    const label = p < 0.4 * patients ? 1 : 0;
    const [ofScore, ofDice] = [between * rng.normal(), between * rng.normal()];
    return Array.from({ length: 1 + rng.below(5) }, (): Row => {
      const score = ofScore + within * rng.normal() + shift * label;
      const dice = normalCdf(Math.SQRT2 * normalQuantile(truth.dice) + ofDice + within * rng.normal());
      return { patient: `p${p}`, label, score, dice };
    });
  }).flat();
}

type Weights = ArrayLike<number> | undefined;
interface Ends {
  readonly low: number | null;
  readonly high: number | null;
}

/** A figure of a study: its value and its units' influence by weights, and the intervals that need no resamples. */
interface Figure {
  readonly truth: number;
  /** Patient of each unit. */
  readonly patients: readonly string[];
  readonly value: (weights: Weights) => number;
  readonly influence: (weights: Weights) => Influence;
  readonly formulas: Readonly<Record<string, Ends>>;
}

function figuresOf(rows: readonly Row[]): Record<string, Figure> {
  const positives = rows.filter(({ label }) => label === 1);
  return {
    AUROC: aurocOf(rows),
    sensitivity: meanOf(positives, truth.sensitivity, ({ score }) => (score >= cut ? 1 : 0)),
    Dice: meanOf(positives, truth.dice, ({ dice }) => dice),
  };
}

function aurocOf(rows: readonly Row[]): Figure {
  const ranked = rankScores(rows);
  const placements = placementsOf(ranked);
  const patients = rows.map(({ patient }) => patient);
  const clusterOf = numbersOf(patients).of;
  const logit = delongInterval(placements, 0.95, clusterOf, "logit");
  return {
    truth: truth.auroc,
    patients,
    value: (weights) => weightedAuroc(ranked, weights),
    influence: (weights) => aurocInfluence(ranked, weights),
    formulas: {
      "rows alone": delongInterval(placements),
      clustered: delongInterval(placements, 0.95, clusterOf),
      adapted: logit,
    },
  };
}

/** Mean of a value of positive rows: in resamples a ratio of the sums over patients, which is quicker and the same. */
function meanOf(rows: readonly Row[], truth: number, of: (row: Row) => number): Figure {
  const names = rows.map(({ patient }) => patient);
  const clusters = numbersOf(names);
  const [sums, counts] = [new Float64Array(clusters.count), new Float64Array(clusters.count)];
  for (const [i, row] of rows.entries()) {
    sums[clusters.of[i]!]! += of(row);
    counts[clusters.of[i]!]! += 1;
  }
  const values = rows.map(of);
  return {
    truth,
    patients: [...new Set(names)],
    value: (weights) => ratio(sums, counts, weights),
    influence: (weights) => ratioInfluence(sums, counts, weights),
    formulas: meanFormulas(values, clusters),
  };
}

function meanFormulas(values: readonly number[], { of, count }: ReturnType<typeof numbersOf>): Record<string, Ends> {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const influence = ratioInfluence(values, new Float64Array(n).fill(1));
  const [alone, clustered] = [clusterVariance(influence, values.map((_, i) => i), n), clusterVariance(influence, of, count)]; // biome-ignore format: short
  const normal = (variance: number, z = normalQuantile(0.975)): Ends =>
    variance > 0 ? { low: mean - z * Math.sqrt(variance), high: mean + z * Math.sqrt(variance) } : { low: null, high: null };
  const share = values.every((v) => v === 0 || v === 1);
  const hits = values.filter((v) => v === 1).length;
  return share
    ? {
        "rows alone": wilsonInterval(hits, n)!,
        clustered: normal(clustered),
        adapted: clusteredWilson({ hits, of: n }, clustered, count),
      }
    : {
        "rows alone": normal(alone),
        clustered: normal(clustered),
        adapted: normal(clustered, studentQuantile(0.975, count - 1)),
      };
}

function ratio(top: Float64Array, bottom: Float64Array, weights: Weights): number {
  let [a, b] = [0, 0];
  for (let i = 0; i < top.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    a += weight * top[i]!;
    b += weight * bottom[i]!;
  }
  return b > 0 ? a / b : Number.NaN;
}

function bootstraps({ value, influence, patients }: Figure, plan: ResamplingPlan): Record<string, Ends> {
  const { patientOf } = clusterUnits(plan, patients);
  const both = replicate(plan, patients, true, (weights) => ({
    value: value(weights),
    variance: clusterVariance(influence(weights), patientOf, plan.patients.length, weights),
  }));
  const present = new Set(patientOf);
  const column = (of: readonly { value: number }[]) => Float64Array.from(of, (one) => one.value);
  const statistic = {
    estimate: both.whole.value,
    values: column(both.resampled),
    leftOut: column(both.leftOut),
    clusters: present.size,
    variances: { whole: both.whole.variance, resampled: Float64Array.from(both.resampled, (one) => one.variance) },
  };
  return Object.fromEntries(intervalKinds.map((kind) => [kind, bootstrapInterval(kind, statistic)]));
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

const columns = ["rows alone", "clustered", "adapted", ...intervalKinds];
console.log(`| figure | icc | patients | ${columns.join(" | ")} |`);
console.log(`|---|---|---|${columns.map(() => "---|").join("")}`);
const lines: [string, string][] = [];
for (const icc of args.icc.split(",").map(Number)) {
  for (const patients of args.patients.split(",").map(Number)) {
    const tally: Tally = new Map();
    for (let s = 0; s < simulations; s++) {
      const rng = seededRng(Number(args.seed)).fork(`${icc}/${patients}/${s}`);
      const rows = study(rng.fork("study"), patients, icc);
      const names = rows.map(({ patient }) => patient);
      const plan = drawPlan(rng.fork("plan"), names, resamples);
      for (const [name, figure] of Object.entries(figuresOf(rows)))
        count(tally, name, figure.truth, { ...figure.formulas, ...bootstraps(figure, plan) });
    }
    for (const [name, own] of tally) {
      const cells = columns.map((kind) => {
        const { had, held } = own.get(kind)!;
        const some = had < 0.995 * simulations ? ` (of ${Math.round((100 * had) / simulations)} %)` : "";
        return had < simulations / 2 ? "–" : `${((100 * held) / had).toFixed(1)}${some}`;
      });
      lines.push([name, `| ${name} | ${icc} | ${patients} | ${cells.join(" | ")} |`]);
    }
  }
}
for (const figure of ["AUROC", "sensitivity", "Dice"]) for (const [name, line] of lines) if (name === figure) console.log(line);
console.error(`standard error of 95 %: ${(100 * Math.sqrt((0.95 * 0.05) / simulations)).toFixed(2)}`);
