import type { Rng } from "../../src/core/rng.ts";
import { drawPlan } from "../../src/eval/metrics/bootstrap.ts";
import { type AnalysisName, type ArmAnalysis, analyseArms } from "../../src/eval/metrics/obuchowski-rockette.ts";
import { figureCovariances, leftOutOf, replicateFigure } from "../../src/eval/readers/figures.ts";
import type { CovarianceKind } from "../../src/eval/readers/options.ts";
import type { ReaderFigureName } from "../../src/eval/readers/results.ts";
import type { Study } from "../../src/eval/readers/rows.ts";

/** How readers are simulated. Variances of effects of readers are of each class and of each class and arm; the four of cases sum to 1. */
export interface SimulatedReaders {
  readonly arms: number;
  readonly readers: number;
  readonly patients: number;
  readonly casesEach: number;
  /** Share of positives. */
  readonly positives: number;
  /** How far positives lie above negatives. */
  readonly separation: number;
  readonly reader: number;
  readonly case: number;
  readonly readerCase: number;
  /** Share of what is a case's own that the cases of a patient have in common, in [0, 1]. */
  readonly alike: number;
}

/** The structure "HH" of Roe & Metz 1997, doi:10.1016/S1076-6332(97)80032-3: readers and cases that vary much. */
export const highVariances = { separation: 1.5, reader: 0.03, case: 0.3, readerCase: 0.2 } as const;

/** Ratings, and calls of those above the middle, of readers that do not exist, in arms that do not differ. */
export function simulateReaders(rng: Rng, s: SimulatedReaders): Pick<Study, "cases" | "cells"> {
  const cases = Array.from({ length: s.patients * s.casesEach }, (_, k) => {
    const label = (rng.uniform() < s.positives ? 1 : 0) as 0 | 1;
    return { id: String(k), label, cluster: String(Math.floor(k / s.casesEach)) };
  });
  const ofCases = (variance: number) => {
    const patients = Array.from({ length: s.patients }, () => rng.normal());
    return cases.map((_, k) => Math.sqrt(variance) * (Math.sqrt(s.alike) * patients[Math.floor(k / s.casesEach)]! + Math.sqrt(1 - s.alike) * rng.normal())); // biome-ignore format: a sum
  };
  const ofReaders = () => Array.from({ length: s.readers }, () => [0, 1].map(() => Math.sqrt(s.reader) * rng.normal()));
  const [common, general] = [ofCases(s.case), ofReaders()];
  const perReader = general.map(() => ofCases(s.readerCase));
  const cells = Array.from({ length: s.arms }, () => {
    const [inArm, ofArm] = [ofReaders(), ofCases(s.case)];
    return general.map((_, j) => {
      const noise = ofCases(1 - 2 * s.case - s.readerCase);
      const rating = Float64Array.from(cases, ({ label }, k) => {
        const reader = general[j]![label]! + inArm[j]![label]!;
        return s.separation * label + reader + common[k]! + ofArm[k]! + perReader[j]![k]! + noise[k]!;
      });
      const call = rating.map((value) => (value >= s.separation / 2 ? 1 : 0));
      return { rating, call, logTime: null, confidence: null };
    });
  });
  return { cases, cells: cells.flat() };
}

/** One analysis of a study; `clustered` false takes every case as independent. */
export function analyseStudy(
  study: Pick<Study, "cases" | "cells">,
  { arms, readers }: { arms: number; readers: number },
  figure: ReaderFigureName,
  kind: Exclude<CovarianceKind, "bootstrap">,
  clustered: boolean,
  rng: Rng,
): (name: AnalysisName) => ArmAnalysis {
  const cases = clustered ? study.cases : study.cases.map((one) => ({ ...one, cluster: one.id }));
  const plan = drawPlan(rng, cases.map(({ cluster }) => cluster), 1); // biome-ignore format: one line
  const own = { ...study, cases };
  const replicates = replicateFigure(plan, own, figure);
  const covariances = figureCovariances(kind, own, figure, leftOutOf(plan, own, figure, replicates), []);
  return (name) => analyseArms({ arms, readers, values: replicates.whole, covariances }, name, 0.95);
}
