import { clusterVariance, ratioInfluence } from "../metrics/influence.ts";
import { clopperPearsonInterval, jeffreysInterval } from "../metrics/proportion.ts";
import { clusteredWilson, wilsonInterval } from "../metrics/wilson.ts";
import type { Beside } from "./estimate.ts";
import { numbersOf } from "./numbers.ts";

/** The intervals that papers print of a share of at least one unit; all take units as independent. */
export function besideShare({ hits, of }: { hits: number; of: number }, level: number): Beside[] {
  const intervals = [
    ["Wilson", wilsonInterval],
    ["Clopper-Pearson", clopperPearsonInterval],
    ["Jeffreys", jeffreysInterval],
  ] as const;
  return intervals.map(([method, interval]) => {
    const { low, high } = interval(hits, of, level)!; // a share that is defined is of some rows
    return { method, takesRowsAsIndependent: true, low, high, reason: null };
  });
}

/** The same, and where clusters hold several units first Wilson's interval that allows for it. @param hits - Whether each unit is one. */
export function besideClusteredShare(hits: readonly boolean[], clusters: readonly string[], level: number): Beside[] {
  const count = hits.filter((hit) => hit).length;
  const alone = besideShare({ hits: count, of: hits.length }, level);
  const numbers = numbersOf(clusters);
  if (numbers.count === hits.length) return alone;
  const influence = ratioInfluence(hits.map(Number), new Uint8Array(hits.length).fill(1));
  const variance = clusterVariance(influence, numbers.of, numbers.count);
  const { low, high } = clusteredWilson({ hits: count, of: hits.length }, variance, numbers.count, level);
  const reason = low === null ? "needs two clusters" : null;
  return [{ method: "Wilson, clustered", takesRowsAsIndependent: false, low, high, reason }, ...alone];
}
