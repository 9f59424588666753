import { between, type Rng } from "../../../core/rng.ts";
import { normalQuantile } from "../../metrics/normal.ts";
import type { SimulateOptions } from "./options.ts";

/** One case that a network has scored. */
export interface ScoredCase {
  readonly id: string;
  readonly patient: string;
  readonly label: 0 | 1;
  /** Any scale, higher for positives, finite. */
  readonly score: number;
}

/** What a simulated reader noted of a case. */
export interface SimulatedReading {
  readonly reader: string;
  readonly case: ScoredCase;
  readonly arm: (typeof simulatedArms)[number];
  /** Log odds of a bleed, less those at which this reader calls one: above 0 is a call. */
  readonly rating: number;
  /** Above 0. */
  readonly seconds: number;
  /** 1 to 5: how far the call is from a toss. */
  readonly confidence: number;
}

/** Without and with what the network says; the reference first. */
export const simulatedArms = ["without", "with"] as const;

/** Shares of the variance of what a reader sees of a case: the case's own, the reader's own view of it, and what differs from one reading to the next. Our guess. */
const variances = { case: 0.4, view: 0.4, reading: 0.2 } as const;

/** Deviations between readers of separation and criterion, and of the logarithm of time between readers and between readings. Our guess. */
const spreads = { separation: 0.15, criterion: 0.15, readerTime: 0.2, time: 0.3 } as const;

/**
 * Readings of readers who do not exist, without assistance and with it.
 *
 * A reader sees a case as a normal number, `separation` higher for a bleed, and calls one above a criterion; both follow from the sensitivity and
 * specificity that are asked for. With assistance what the network says ({@link networkEvidence}) is added to the reader's own log odds, times the reader's trust.
 * So the gain in sensitivity comes of the network's scores and of a trust that is assumed; what is saved of the time is put in.
 *
 * @returns A reading for each reader, case and arm.
 *
 * Source: equal-variance signal detection, Green & Swets 1966; components of cases and readers after Roe & Metz 1997, doi:10.1016/S1076-6332(97)80032-3.
 */
export function simulateReadings(cases: readonly ScoredCase[], options: SimulateOptions, rng: Rng): SimulatedReading[] {
  const evidence = networkEvidence(cases);
  const ofCases = rng.fork("cases");
  const difficulty = cases.map(() => ofCases.normal());
  return Array.from({ length: options.readers }, (_, j) => {
    const own = rng.fork("readers").fork(j);
    const reader = drawReader(own.fork("self"), options);
    const ofViews = own.fork("views");
    const views = cases.map(() => ofViews.normal());
    return simulatedArms.flatMap((arm) => {
      const chance = own.fork(arm);
      return cases.map((one, k): SimulatedReading => {
        const noise =
          Math.sqrt(variances.case) * difficulty[k]! +
          Math.sqrt(variances.view) * views[k]! +
          Math.sqrt(variances.reading) * chance.normal();
        const alone = reader.separation * (reader.separation * one.label + noise - reader.criterion);
        const rating = arm === "with" ? alone + reader.trust * evidence[k]! : alone;
        const pace = reader.seconds * (arm === "with" ? 1 - reader.saving : 1);
        const seconds = pace * Math.exp(spreads.time * chance.normal());
        return { reader: `simulated-${j + 1}`, case: one, arm, rating, seconds, confidence: confidenceOf(rating) };
      });
    });
  }).flat();
}

/** What makes a reader. */
interface Reader {
  /** How far positives lie above negatives, in deviations. */
  readonly separation: number;
  /** What is seen above it is called. */
  readonly criterion: number;
  readonly trust: number;
  readonly saving: number;
  /** Median without assistance. */
  readonly seconds: number;
}

function drawReader(rng: Rng, { sensitivity, specificity, trust, saving, seconds }: SimulateOptions): Reader {
  const [hits, rejections] = [normalQuantile(sensitivity), normalQuantile(specificity)];
  return {
    separation: Math.max(0, hits + rejections + spreads.separation * rng.normal()),
    criterion: rejections + spreads.criterion * rng.normal(),
    trust: between(rng, trust),
    saving: between(rng, saving),
    seconds: seconds * Math.exp(spreads.readerTime * rng.normal()),
  };
}

/** Whole number 1 to 5 by the probability of being right: 1 at .5, 5 at 1. */
function confidenceOf(logOdds: number): number {
  const right = 1 / (1 + Math.exp(-Math.abs(logOdds)));
  return 1 + Math.round(4 * (2 * right - 1));
}

/**
 * What each score says for a bleed, as log odds of two normal classes with one variance: scores enter by their rank, as normal deviates, so that any
 * scale will do. Fitted to these very cases: readers are taken to know how far the network is to be trusted. 0 everywhere where it separates nothing
 * or the wrong way round, or a class is missing.
 */
export function networkEvidence(cases: readonly Pick<ScoredCase, "label" | "score">[]): number[] {
  const deviates = normalScores(cases.map(({ score }) => score));
  const meanOf = (label: 0 | 1) => {
    const own = deviates.filter((_, k) => cases[k]!.label === label);
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  };
  const means = [meanOf(0), meanOf(1)] as const;
  const squares = deviates.reduce((sum, value, k) => sum + (value - means[cases[k]!.label]) ** 2, 0);
  const variance = squares / (cases.length - 2);
  const slope = (means[1] - means[0]) / variance;
  if (!(slope > 0) || !Number.isFinite(slope)) return cases.map(() => 0);
  return deviates.map((value) => slope * (value - (means[0] + means[1]) / 2));
}

/** Normal quantiles of mid-ranks, (rank - 1/2) / n. */
function normalScores(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const first = new Map<number, number>();
  const count = new Map<number, number>();
  sorted.forEach((value, i) => {
    if (!first.has(value)) first.set(value, i);
    count.set(value, (count.get(value) ?? 0) + 1);
  });
  return values.map((value) => normalQuantile((first.get(value)! + count.get(value)! / 2) / values.length));
}
