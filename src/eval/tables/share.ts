import { clopperPearsonInterval, jeffreysInterval } from "../metrics/proportion.ts";
import { wilsonInterval } from "../metrics/wilson.ts";
import type { Beside } from "./estimate.ts";

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
