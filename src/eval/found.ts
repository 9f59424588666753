import { attendedOf } from "./attention.ts";
import { boxMetrics, joinBoxes } from "./detect/measure.ts";
import type { Loaded } from "./load.ts";
import type { ResamplingPlan } from "./metrics/bootstrap.ts";
import type { BootstrapOptions } from "./options.ts";
import { pointingMetrics } from "./pointing.ts";
import { regionMetrics } from "./regions/table.ts";
import type { Metric } from "./results.ts";

/**
 * The figures of what was found in pictures: boxes around lesions, boxes of regions, where heat points, and whether the most attended slices show the lesion.
 * The boxes of several networks are ranked together by score, though networks differ in scale, which mostly lowers mAP.
 *
 * @param parts - One, or the folds of a cross-validation, all of one kind. @param plan - Of all figures.
 */
export function foundMetrics(parts: readonly Loaded[], plan: ResamplingPlan, bootstrap: BootstrapOptions): Metric[] {
  const there = <T>(of: (part: Loaded) => T | null): T[] => parts.map(of).filter((one): one is T => one !== null);
  const boxes = there((part) => part.boxes);
  const regions = there((part) => part.regions);
  const pointed = there((part) => part.pointed);
  const attended = there(({ evaluated, attention }) => attention && attendedOf(evaluated, attention));
  return [
    ...(boxes.length === 0 ? [] : boxMetrics(joinBoxes(boxes), plan, bootstrap)),
    ...(regions.length === 0 ? [] : regionMetrics({ names: regions[0]!.names, ...joinBoxes(regions) }, plan, bootstrap)),
    ...(pointed.length === 0 ? [] : pointingMetrics(pointed.flat(), plan, bootstrap)),
    ...(attended.length === 0 ? [] : pointingMetrics(attended.flat(), plan, bootstrap, "attention")),
  ];
}
