// Milliseconds of processor time of a thousand cluster-bootstrap resamples: AUROC alone and all figures of `hemosynth metrics`, beside a loop of scikit-learn's
// roc_auc_score over the same resamples, in turn.
//   npx tsx bench/eval.ts [--rounds 5] [--rows 1674] [--clusters 558] [--resamples 10000] [--python python3]
// Prints medians, ratios, all raw values as JSON, and the load of the machine.
import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { seededRng } from "../src/core/rng.ts";
import { weightedAuroc } from "../src/eval/metrics/auroc.ts";
import { drawPlan } from "../src/eval/metrics/bootstrap.ts";
import { replicateCut, replicateValues, sampleOf } from "../src/eval/predictions/figures/figures.ts";
import { metricsOptions } from "../src/eval/predictions/options.ts";
import { parsePredictions } from "../src/eval/predictions/read/rows.ts";
import { replicate } from "../src/eval/tables/replicate.ts";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    rows: { type: "string", default: "1674" },
    clusters: { type: "string", default: "558" },
    resamples: { type: "string", default: "10000" },
    python: { type: "string", default: "python3" },
  },
});
const [rounds, n, clusters, resamples] = [args.rounds, args.rows, args.clusters, args.resamples].map(Number) as [number, number, number, number]; // biome-ignore format: short

const rng = seededRng(1);
const lines = Array.from({ length: n }, (_, i) => {
  const label = rng.uniform() < 0.2 ? 1 : 0;
  return `${i},p${i % clusters},${label},${(1 / (1 + Math.exp(-(rng.normal() + label)))).toFixed(4)}`;
});
const predictions = parsePredictions(
  ["id,patient,label,prob", ...lines].join("\n"),
  "bench.csv",
  metricsOptions.parse({}).columns,
);
const sample = sampleOf(predictions, predictions.rows);
const patients = sample.rows.map(({ cluster }) => cluster);

/** Ours draw their plan too: it is part of the work. */
const contestants: Record<string, () => number> = {
  auroc: () =>
    timed(() => {
      const plan = drawPlan(seededRng(2), patients, resamples);
      replicate(plan, patients, false, (weights) => weightedAuroc(sample.ranked, weights));
    }),
  "all figures": () =>
    timed(() => {
      const options = metricsOptions.parse({ resamples, threshold: { rule: "youden" } });
      const plan = drawPlan(seededRng(2), patients, resamples);
      replicateValues(plan, sample, replicateCut(plan, sample, options.threshold, false), options);
    }),
  "scikit-learn, AUROC": scikitLearn,
};

function timed(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / resamples; // microseconds each are milliseconds a thousand
}

/** Milliseconds of a thousand calls of roc_auc_score on rows taken with replacement; NaN without scikit-learn. */
function scikitLearn(): number {
  const program = `
import json, sys, time
import numpy as np
from sklearn.metrics import roc_auc_score
labels, scores, clusters = map(np.array, json.load(sys.stdin))
members = [np.flatnonzero(clusters == c) for c in np.unique(clusters)]
rng = np.random.default_rng(0)
rows = [np.concatenate([members[c] for c in rng.integers(0, len(members), len(members))]) for _ in range(200)]
start = time.process_time()
for r in rows: roc_auc_score(labels[r], scores[r])
print((time.process_time() - start) * 1e6 / len(rows))`;
  const input = JSON.stringify([sample.rows.map((r) => r.label), sample.rows.map((r) => r.score), patients]);
  const { stdout, status } = spawnSync(args.python, ["-c", program], { input, encoding: "utf8" });
  return status === 0 ? Number(stdout) : Number.NaN;
}

const before = loadavg()[0]!;
const raw: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) for (const [name, run] of Object.entries(contestants)) raw[name]!.push(run());
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const reference = median(raw["scikit-learn, AUROC"]!);
for (const [name, values] of Object.entries(raw))
  console.log(
    `${name.padEnd(20)} ${median(values).toFixed(1).padStart(8)} ms a thousand, ${(reference / median(values)).toFixed(1)} times scikit-learn's speed`,
  );
const load = { before, after: loadavg()[0]! };
console.log(
  JSON.stringify({
    cpu: cpus()[0]!.model,
    cores: availableParallelism(),
    node: process.version,
    load,
    n,
    clusters,
    resamples,
    raw,
  }),
);
if (before > 0.5) console.log("The machine was not idle before: do not quote these figures.");
