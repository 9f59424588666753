import type { Rng } from "../../core/rng.ts";
import { many } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import { drawPlan, type ResamplingPlan } from "../metrics/bootstrap.ts";
import { pseudovalues } from "../metrics/covariance.ts";
import { analysePseudovalues } from "../metrics/dbm.ts";
import {
  analyseArms,
  analyseReader,
  analysisNames,
  type CrossedFigures,
  errorCovariances,
  readerComponents,
} from "../metrics/obuchowski-rockette.ts";
import { besideAuroc } from "../tables/auroc.ts";
import { type Beside, difference, type Estimate, estimate, valueAt } from "../tables/estimate.ts";
import { checkPlanSize } from "../tables/plan-size.ts";
import type { Replicates } from "../tables/replicate.ts";
import { besideClusteredShare } from "../tables/share.ts";
import { figureCovariances, figuresOf, isOf, leftOutOf, ratingPlacements, replicateFigure } from "./figures.ts";
import type { ReaderOptions } from "./options.ts";
import type { ReaderAnalysis, ReaderFigure, ReaderFigureName, ReaderResults } from "./results.ts";
import type { Study } from "./rows.ts";

/** What {@link measureReaders} finds out. */
export type MeasuredReaders = Pick<ReaderResults, "figures" | "method" | "notes">;

/**
 * Every figure of every reader in every arm, with the differences of arms and what they say of other readers and other cases.
 * All resamples are of one plan: whole clusters of cases, the readers as they are.
 *
 * @throws {UserError} (data) If there are too many clusters.
 */
export function measureReaders(study: Study, options: ReaderOptions, rng: Rng): MeasuredReaders {
  const clusters = new Set(study.cases.map(({ cluster }) => cluster));
  checkPlanSize(study.file, clusters.size, options.resamples, "clusters", "fewer cases");
  const plan = drawPlan(rng.fork("cases"), clusters, options.resamples);
  const figures = figuresOf(study).map((name) => measureFigure(plan, study, name, options));
  return {
    figures,
    method: methodOf(study, options),
    notes: notesOf(study, figures, clusters.size),
  };
}

/** One figure of all readers in all arms. */
interface Work {
  readonly study: Study;
  readonly metric: ReaderFigureName;
  readonly scale: ReaderFigure["scale"];
  readonly clusters: number;
  readonly replicates: Replicates<Float64Array>;
  readonly crossed: CrossedFigures;
  readonly options: ReaderOptions;
}

/** Two arms by their places. */
interface Pair {
  readonly arm: number;
  readonly minus: number;
}

function measureFigure(plan: ResamplingPlan, study: Study, metric: ReaderFigureName, options: ReaderOptions): ReaderFigure {
  const own = study.cases.filter((one) => isOf(metric, one));
  const clusters = new Set(own.map(({ cluster }) => cluster)).size;
  const scale = metric === "time_seconds" ? "log" : "identity";
  const replicates = replicateFigure(plan, study, metric);
  const leftOut = leftOutOf(plan, study, metric, replicates);
  const crossed: CrossedFigures = {
    arms: study.arms.length,
    readers: study.readers.length,
    values: replicates.whole,
    covariances: figureCovariances(options.covariance, study, metric, leftOut, replicates.resampled),
  };
  const work = { study, metric, scale, clusters, replicates, crossed, options } as const;
  return {
    metric,
    scale,
    n: own.length,
    clusters,
    readers: readersOf(work),
    ...differencesOf(work),
    analyses: analysesOf(work),
    components: componentsOf(crossed),
    dbm: dbmOf(replicates.whole, leftOut, crossed),
  };
}

const estimated = ({ scale, clusters, options }: Work, of: Replicates<number>): Estimate =>
  onScale(scale, estimate(of, clusters, "one class only", options));

const cellAt = ({ replicates, crossed }: Work, arm: number, reader: number): Replicates<number> =>
  valueAt(replicates, arm * crossed.readers + reader);

const named = ({ study: { arms } }: Work, { arm, minus }: Pair) => ({ arm: arms[arm]!, minus: arms[minus]! });

function readersOf(work: Work): ReaderFigure["readers"] {
  const { study, metric, options } = work;
  const { arms, readers } = study;
  return arms.flatMap((arm, i) =>
    readers.map((reader, j) => {
      const beside = besideCell(study, metric, i * readers.length + j, options.level);
      return { arm, reader, ...estimated(work, cellAt(work, i, j)), beside };
    }),
  );
}

function differencesOf(work: Work): Pick<ReaderFigure, "differences" | "meanDifferences"> {
  const { study, scale, crossed, options } = work;
  const pairs = study.arms.flatMap((_, minus) =>
    study.arms.slice(minus + 1).map((_, k): Pair => ({ arm: minus + 1 + k, minus })),
  );
  const ofReader = ({ arm, minus }: Pair, j: number) => difference(cellAt(work, arm, j), cellAt(work, minus, j));
  const differences = study.readers.flatMap((reader, j) => {
    const analytic = analyseReader(crossed, j, options.level);
    return pairs.map((pair, d) => {
      const { se, df, statistic, p, low, high, reason } = onScale(scale, analytic[d]!);
      const test = { se, df, statistic, p, low, high, reason };
      return { reader, ...named(work, pair), ...estimated(work, ofReader(pair, j)), analytic: test };
    });
  });
  const meanDifferences = pairs.map((pair) => {
    const mean = meanOf(study.readers.map((_, j) => ofReader(pair, j)));
    return { ...named(work, pair), ...estimated(work, mean) };
  });
  return { differences, meanDifferences };
}

function analysesOf(work: Work): ReaderAnalysis[] {
  const { study, scale, crossed, options } = work;
  return analysisNames.map((name) => {
    const { test, differences, arms } = analyseArms(crossed, name, options.level);
    return {
      name,
      test,
      differences: differences.map((one) => ({ ...onScale(scale, one), ...named(work, one) })),
      arms: arms.map(({ statistic: _, p: __, ...mean }, i) => ({ arm: study.arms[i]!, ...onScale(scale, mean) })),
    };
  });
}

/** What an estimate of logarithms is of. */
function onScale<T extends { estimate: number | null; low: number | null; high: number | null }>(
  scale: ReaderFigure["scale"],
  one: T,
): Omit<T, "estimate" | "low" | "high"> & Pick<Estimate, "estimate" | "low" | "high"> {
  const back = (value: number | null) => (value === null || scale === "identity" ? value : Math.exp(value));
  return { ...one, estimate: back(one.estimate), low: back(one.low), high: back(one.high) };
}

function meanOf(all: readonly Replicates<number>[]): Replicates<number> {
  const mean = (of: (one: Replicates<number>) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
  return {
    whole: mean(({ whole }) => whole),
    resampled: all[0]!.resampled.map((_, r) => mean(({ resampled }) => resampled[r]!)),
    leftOut: all[0]!.leftOut.map((_, c) => mean(({ leftOut }) => leftOut[c]!)),
  };
}

/** The intervals that papers print of a reader's figure. */
function besideCell({ cells, cases }: Study, metric: ReaderFigureName, at: number, level: number): Beside[] {
  const cell = cells[at]!;
  const own = cases.flatMap((one, i) => (isOf(metric, one) ? [i] : []));
  const clusters = own.map((i) => cases[i]!.cluster);
  switch (metric) {
    case "roc_auc":
      return besideAuroc(ratingPlacements(cell, cases), clusters, level);
    case "recall":
    case "specificity": {
      const hits = own.map((i) => cell.call![i] === cases[i]!.label);
      return besideClusteredShare(hits, clusters, level);
    }
    case "time_seconds":
    case "confidence":
      return [];
    default:
      return metric satisfies never;
  }
}

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

function componentsOf(crossed: CrossedFigures): ReaderFigure["components"] {
  const { reader, interaction } = readerComponents(crossed);
  const { variance, cov1, cov2, cov3 } = errorCovariances(crossed);
  return {
    reader: finiteOrNull(reader),
    armReader: finiteOrNull(interaction),
    variance: finiteOrNull(variance),
    cov1: finiteOrNull(cov1),
    cov2: finiteOrNull(cov2),
    cov3: finiteOrNull(cov3),
  };
}

function dbmOf(whole: Float64Array, leftOut: readonly Float64Array[], { arms, readers }: CrossedFigures): ReaderFigure["dbm"] {
  if (arms < 2 || readers < 2 || leftOut.length < 2) return null;
  const values = Array.from(whole, (v, cell) => pseudovalues(v, leftOut.map((one) => one[cell]!))); // biome-ignore format: one line
  const { components, tests } = analysePseudovalues(values, arms, readers);
  const numbers = [...Object.values(components), ...Object.values(tests).flatMap((test) => Object.values(test))];
  return numbers.every(Number.isFinite) ? { components, tests } : null;
}

function methodOf({ columns }: Study, { covariance, interval, resamples, level, seed }: ReaderOptions): string {
  const kind = { percentile: "percentile", basic: "basic", bca: "BCa" }[interval];
  const what = columns.cluster === null ? "cases" : `whole clusters (${oneLine(columns.cluster)})`;
  const covariances = {
    jackknife: "the jackknife",
    delong: "DeLong's components (Obuchowski's in clusters)",
    bootstrap: "the resamples",
  }[covariance];
  return `${kind} bootstrap of ${what}, ${resamples} resamples, seed ${seed}, level ${level}; for readers in general Obuchowski-Rockette with Hillis' degrees of freedom, covariances by ${covariances}`;
}

function notesOf({ columns, cases, readers, arms }: Study, figures: readonly ReaderFigure[], clusters: number): string[] {
  const shares = figures.filter(({ metric }) => metric !== "time_seconds" && metric !== "confidence");
  const outside = shares.some(({ analyses }) => analyses.some((one) => one.arms.some(({ low, high }) => low! < 0 || high! > 1)));
  const fewest = Math.min(...[0, 1].map((label) => new Set(cases.filter((c) => c.label === label).map((c) => c.cluster)).size));
  return [
    ...(columns.cluster === null
      ? ["No column tells which cases are of one patient: if some are, the intervals are too narrow. Name it by --cluster."]
      : []),
    ...(fewest < 30
      ? [
          `Only ${many(fewest, "cluster")} with one of the classes: with fewer than 30, bootstrap intervals are mostly too narrow.`,
        ]
      : []),
    ...(clusters < cases.length
      ? [
          "Clusters hold several cases: Wilson, Clopper-Pearson, Jeffreys and DeLong take cases as independent, and stand there for comparison with papers.",
        ]
      : []),
    ...(readers.length < 2
      ? ["One reader says nothing of readers in general."]
      : readers.length < 5
        ? [
            `What is said of readers in general is from ${readers.length} readers, and takes their differences as normally distributed.`,
          ]
        : []),
    ...(outside ? ["Intervals of means over readers are symmetric: one of them leaves [0, 1]."] : []),
    ...(arms.length > 1
      ? ["The order of reading is not known: what readers remember from one arm to the next is in the differences."]
      : []),
  ];
}
