import type { Rng } from "../../core/rng.ts";
import { oneLine } from "../../data/faults.ts";
import { drawPlan, type ResamplingPlan } from "../metrics/bootstrap.ts";
import { bootstrapP } from "../metrics/bootstrap-p.ts";
import { boxConfusion } from "../metrics/detection/confusion.ts";
import { withHolm } from "../metrics/holm.ts";
import { difference, estimate, valueAt } from "../tables/estimate.ts";
import { checkPlanSize } from "../tables/plan-size.ts";
import type { Replicates } from "../tables/replicate.ts";
import type { Detections, Reference } from "./coco.ts";
import { confidenceCurves, curveConfidences, describeBoxes, subsetOf } from "./describe.ts";
import { type BoxSample, boxSample, figureKeys, replicateBoxes } from "./figures.ts";
import { notesOf } from "./notes.ts";
import type { BoxesOptions } from "./options.ts";
import type { Grouping } from "./patients.ts";
import type { BoxComparison, BoxesResults } from "./results.ts";

/** What {@link measureBoxes} finds out. */
export type MeasuredBoxes = Pick<
  BoxesResults,
  "method" | "confidence" | "figures" | "confidences" | "curves" | "confusion" | "comparisons" | "notes"
>;

/** Detections compared, and the hash of their file. */
export interface ComparedDetections {
  readonly detections: Detections;
  readonly sha256: string;
}

/**
 * Every figure of detections with its interval, over one plan of resamples of patients, all pictures of one or none. Boxes are matched once; only their
 * precision is accumulated anew in each resample.
 *
 * @throws {UserError} (data) If there are too many patients for one plan.
 */
export function measureBoxes(
  reference: Reference,
  { found }: Detections,
  grouping: Grouping,
  others: readonly ComparedDetections[],
  options: BoxesOptions,
  rng: Rng,
): MeasuredBoxes {
  const plan = planOf(reference, grouping, options, rng);
  const leaveOut = options.interval === "bca";
  const replicated = (sample: BoxSample) => replicateBoxes(plan, sample, grouping.clusters, options.confidence, leaveOut);
  const sample = boxSample(reference, found);
  const values = replicated(sample);
  const cut = values.whole.at(-1)!;
  const confidences = curveConfidences(sample);
  const compared = others.map(({ detections, sha256 }) => {
    const theirs = replicated(boxSample(reference, detections.found));
    return { ...compareBoxes(sample, reference, values, theirs, plan.patients.length, options), file: detections.file, sha256 };
  });
  return {
    method: methodOf(grouping, options),
    confidence: { value: Number.isNaN(cut) ? null : cut, rule: options.confidence === null ? "highest F1 of all classes together" : "given" }, // biome-ignore format: one line
    figures: describeBoxes(sample, reference, grouping.clusters, values, options),
    confidences,
    curves: confidenceCurves(sample, reference, confidences),
    confusion: { counts: boxConfusion(reference.truth, found, reference.classes.length, 0.5, cut) },
    comparisons: withHolm(compared),
    notes: notesOf(reference, found, grouping, sample, values, options),
  };
}

function planOf({ file }: Reference, { clusters }: Grouping, { resamples }: BoxesOptions, rng: Rng): ResamplingPlan {
  const distinct = new Set(clusters);
  checkPlanSize(file, distinct.size, resamples, "patients", "name the patients: a picture of nobody counts as one");
  return drawPlan(rng, distinct, resamples);
}

function methodOf({ by }: Grouping, { interval, resamples, level, seed, confidence }: BoxesOptions): string {
  const kind = { percentile: "percentile", basic: "basic", bca: "BCa" }[interval];
  const what = by === null ? "pictures" : `whole patients (${oneLine(by)})`;
  const chosen = confidence === null ? ", confidence chosen anew in each resample" : "";
  return `${kind} bootstrap of ${what}, ${resamples} resamples, seed ${seed}, level ${level}${chosen}`;
}

/** Differences of every figure. The classes of both are those of the reference of which there is an object, so that their figures lie at the same places. */
function compareBoxes(
  sample: BoxSample,
  reference: Reference,
  ours: Replicates<Float64Array>,
  theirs: Replicates<Float64Array>,
  clusters: number,
  options: BoxesOptions,
): Pick<BoxComparison, "confidence" | "differences"> {
  const cut = theirs.whole.at(-1)!;
  const differences = figureKeys(sample).map(({ metric, of }, at) => {
    const replicates = difference(valueAt(ours, at), valueAt(theirs, at));
    const one = estimate(replicates, clusters, "not defined for both", options);
    const p = one.estimate === null || clusters < 2 ? Number.NaN : bootstrapP(replicates.resampled);
    return { metric, subset: subsetOf(of, sample, reference), ...one, p: Number.isNaN(p) ? null : p, pHolm: null };
  });
  return { confidence: Number.isNaN(cut) ? null : cut, differences };
}
