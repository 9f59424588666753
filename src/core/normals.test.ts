import { expect, test } from "vitest";
import { fillNormals } from "./normals.ts";
import { seededRng } from "./rng.ts";

const count = 1_000_000;

function drawn(seed: number, deviation = 1): Float32Array {
  const out = new Float32Array(count);
  fillNormals(seededRng(seed), out, deviation);
  return out;
}

/** Share of a standard normal below x, by numerical integration of its density. */
function below(x: number): number {
  const steps = 4000;
  const from = -9;
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    const t = from + ((i + 0.5) * (x - from)) / steps;
    sum += Math.exp(-0.5 * t * t);
  }
  return (sum * (x - from)) / steps / Math.sqrt(2 * Math.PI);
}

test("numbers follow the normal distribution, layer by layer and in its tails", () => {
  const sorted = drawn(1).sort();
  let most = 0;
  for (let i = 0; i < count; i += 997) most = Math.max(most, Math.abs((i + 0.5) / count - below(sorted[i]!)));
  expect(most).toBeLessThan(1.63 / Math.sqrt(count)); // Kolmogorov and Smirnov's bound at 1 %
  for (const [x, share] of [[3.442619855899, below(-3.442619855899)], [4, below(-4)]] as const) // biome-ignore format: one line
    for (const found of [sorted.filter((v) => v > x).length, sorted.filter((v) => v < -x).length])
      expect(Math.abs(found - share * count)).toBeLessThan(4 * Math.sqrt(share * count));
});

test("neighbours are independent, sizes and signs alike", () => {
  const values = drawn(2);
  for (const of of [(v: number) => v, (v: number) => v * v - 1]) {
    for (const lag of [1, 2, 160]) {
      let sum = 0;
      for (let i = lag; i < count; i++) sum += of(values[i]!) * of(values[i - lag]!);
      expect(Math.abs(sum / count)).toBeLessThan((of(2) === 2 ? 4 : 8) / Math.sqrt(count));
    }
  }
});

test("the same stream gives the same numbers, another one others, and the deviation scales them", () => {
  expect(drawn(3)).toEqual(drawn(3));
  expect(drawn(3).slice(0, 10)).not.toEqual(drawn(4).slice(0, 10));
  const [plain, wide] = [drawn(5), drawn(5, 2.5)];
  for (let i = 0; i < 1000; i++) expect(wide[i]).toBeCloseTo(2.5 * plain[i]!, 5);
});
