import type { Rng } from "../core/rng.ts";
import { boxMetrics, joinBoxes } from "./detect/measure.ts";
import type { Loaded } from "./load.ts";
import { joinTables, planOfEvaluated } from "./measure.ts";
import type { EvalOptions } from "./options.ts";
import { pointingMetrics } from "./pointing.ts";
import { regionMetrics } from "./regions/table.ts";
import type { Metric } from "./results.ts";

/**
 * The figures of what was found in pictures: boxes around lesions, boxes of regions, and where heat points; over the plan of all figures.
 * The boxes of several networks are ranked together by score, though networks differ in scale, which mostly lowers mAP.
 *
 * @param parts - One, or the folds of a cross-validation, all of one kind.
 */
export function foundMetrics(parts: readonly Loaded[], options: EvalOptions, rng: Rng): Metric[] {
  const plan = planOfEvaluated(joinTables(parts.map(({ evaluated }) => evaluated)), options, rng);
  const there = <T>(of: (part: Loaded) => T | null): T[] => parts.map(of).filter((one): one is T => one !== null);
  const boxes = there((part) => part.boxes);
  const regions = there((part) => part.regions);
  const pointed = there((part) => part.pointed);
  return [
    ...(boxes.length === 0 ? [] : boxMetrics(joinBoxes(boxes), plan, options.bootstrap)),
    ...(regions.length === 0 ? [] : regionMetrics({ names: regions[0]!.names, ...joinBoxes(regions) }, plan, options.bootstrap)),
    ...(pointed.length === 0 ? [] : pointingMetrics(pointed.flat(), plan, options.bootstrap)),
  ];
}
