import { clamp } from "./fields.ts";

/** A profile along y, template mm, looked up often: sampled every quarter millimetre. */
export function profile(y: readonly number[], value: readonly number[]): (y: number) => number {
  const low = y[0]!;
  const step = 0.25;
  const table = Float64Array.from({ length: Math.round((y[y.length - 1]! - low) / step) + 1 }, (_, i) =>
    hermite(y, value, low + i * step),
  );
  return (at) => {
    const u = clamp((at - low) / step, 0, table.length - 1.001);
    const i = u | 0;
    return table[i]! + (u - i) * (table[i + 1]! - table[i]!);
  };
}

/** Cubic through the knots with the slopes of the parabola through three neighbours. */
function hermite(x: readonly number[], y: readonly number[], at: number): number {
  let i = 0;
  while (i < x.length - 2 && at > x[i + 1]!) i++;
  const slope = (j: number): number => {
    const a = Math.max(0, j - 1);
    const b = Math.min(x.length - 1, j + 1);
    return (y[b]! - y[a]!) / (x[b]! - x[a]!);
  };
  const h = x[i + 1]! - x[i]!;
  const t = (at - x[i]!) / h;
  const [m0, m1] = [slope(i) * h, slope(i + 1) * h];
  const t2 = t * t;
  const t3 = t2 * t;
  return (2 * t3 - 3 * t2 + 1) * y[i]! + (t3 - 2 * t2 + t) * m0 + (-2 * t3 + 3 * t2) * y[i + 1]! + (t3 - t2) * m1;
}
