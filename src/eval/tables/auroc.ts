import { delongInterval, type Placements } from "../metrics/delong.ts";
import type { Beside } from "./estimate.ts";

/** Clusters as numbers from 0, in the order in which they come. */
export function numbered(clusters: readonly string[]): Uint32Array {
  const numbers = new Map<string, number>();
  return Uint32Array.from(clusters, (cluster) => {
    if (!numbers.has(cluster)) numbers.set(cluster, numbers.size);
    return numbers.get(cluster)!;
  });
}

/** DeLong's interval of an AUROC; where clusters hold several units, Obuchowski's before it. @param clusters - Of each unit. */
export function besideAuroc(placements: Placements, clusters: readonly string[], level: number): Beside[] {
  const delong: Beside = { method: "DeLong", takesRowsAsIndependent: true, ...delongInterval(placements, level) };
  if (new Set(clusters).size === clusters.length) return [delong];
  const clustered = delongInterval(placements, level, numbered(clusters));
  return [{ method: "Obuchowski", takesRowsAsIndependent: false, ...clustered }, delong];
}
