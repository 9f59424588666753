import type { Fan } from "./fan.ts";

/** Weights on either side of the middle that a spread has at most. */
export const widestTaps = 24;

/**
 * Convolves each sample of a map of the beam across the lines, with weights of its own: `weights[s]` of odd length, at most 2 × {@link widestTaps} + 1.
 * Beyond the first and the last line there is nothing. Four lines at a time, since a sum alone waits for each of its additions.
 */
export function spreadAcross(
  out: Float32Array,
  from: Float32Array,
  { lines, samples }: Fan,
  weights: readonly Float32Array[],
): void {
  const row = new Float64Array(lines + 2 * widestTaps + 3); // empty around the lines, and for the last four
  for (let s = 0, to = 0; s < samples; s++, to += lines) {
    const taps = weights[s]!;
    row.set(from.subarray(to, to + lines), widestTaps);
    const first = widestTaps - (taps.length >> 1);
    for (let l = 0; l < lines; l += 4) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0, at = first + l; k < taps.length; k++, at++) {
        const weight = taps[k]!;
        a += weight * row[at]!;
        b += weight * row[at + 1]!;
        c += weight * row[at + 2]!;
        d += weight * row[at + 3]!;
      }
      out[to + l] = a;
      if (l + 1 < lines) out[to + l + 1] = b;
      if (l + 2 < lines) out[to + l + 2] = c;
      if (l + 3 < lines) out[to + l + 3] = d;
    }
  }
}

/** Convolves each line of a map of the beam along its samples; `weights` of odd length. Before the first and behind the last sample there is nothing. */
export function spreadAlong(out: Float32Array, from: Float32Array, { lines, samples }: Fan, weights: Float32Array): void {
  const reach = weights.length >> 1;
  out.fill(0);
  for (let s = 0; s < samples; s++) {
    for (let k = Math.max(-reach, -s); k <= Math.min(reach, samples - 1 - s); k++) {
      const weight = weights[k + reach]!;
      const to = lines * s;
      const at = to + lines * k;
      for (let l = 0; l < lines; l++) out[to + l]! += weight * from[at + l]!;
    }
  }
}
