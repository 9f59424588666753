import { delongInterval, type Placements } from "../metrics/delong.ts";
import type { Beside } from "./estimate.ts";
import { numbersOf } from "./numbers.ts";

/** DeLong's interval of an AUROC; where clusters hold several units, Obuchowski's before it, plain and on the logit scale. @param clusters - Of each unit. */
export function besideAuroc(placements: Placements, clusters: readonly string[], level: number): Beside[] {
  const delong: Beside = { method: "DeLong", takesRowsAsIndependent: true, ...delongInterval(placements, level) };
  const { of, count } = numbersOf(clusters);
  if (count === clusters.length) return [delong];
  return [
    { method: "Obuchowski", takesRowsAsIndependent: false, ...delongInterval(placements, level, of) },
    { method: "Obuchowski, logit", takesRowsAsIndependent: false, ...delongInterval(placements, level, of, "logit") },
    delong,
  ];
}
