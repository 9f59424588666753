import { beforeAll, expect, test } from "vitest";
import { readyBackend } from "../../backend/index.ts";
import { tf } from "../../backend/tf.ts";
import { silentReporter } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { globalViewsLoss, localViewsLoss, vicRegViewsLoss } from "./losses.ts";
import { contrastOptions } from "./options.ts";
import { drawRegions, regionShares } from "./regions.ts";

beforeAll(async () => {
  await readyBackend("auto", silentReporter);
});

const options = contrastOptions.parse({ temperature: 0.5 });

/** InfoNCE in plain numbers: each view against all others but itself. */
function slowInfoNce(first: number[][], second: number[][], temperature: number): number {
  const all = [...first, ...second];
  const cosine = (a: number[], b: number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const dot = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const losses = all.map((view, i) => {
    const partner = all[(i + first.length) % all.length]!;
    const others = all.filter((_, j) => j !== i).map((other) => Math.exp(cosine(view, other) / temperature));
    return Math.log(others.reduce((a, b) => a + b, 0)) - cosine(view, partner) / temperature;
  });
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

function numbers(count: number): Float32Array {
  const rng = seededRng(count);
  return Float32Array.from({ length: count }, () => rng.normal());
}

test("views come one half after the other", () => {
  const [slices, features] = [4, 6];
  const data = numbers(2 * slices * features);
  const rows = Array.from({ length: 2 * slices }, (_, i) => [...data.subarray(i * features, (i + 1) * features)]);
  const embeddings = tf.tensor4d(data, [2 * slices, 1, 1, features]);
  const got = globalViewsLoss(embeddings, options).dataSync()[0]!;
  expect(got).toBeCloseTo(slowInfoNce(rows.slice(0, slices), rows.slice(slices), 0.5), 4);
  const same = tf.concat([tf.slice(embeddings, [0], [slices]), tf.slice(embeddings, [0], [slices])], 0) as typeof embeddings;
  const alike = contrastOptions.parse({ vicReg: { invariance: 1, variance: 0, covariance: 0 } });
  expect(vicRegViewsLoss(same, alike).dataSync()[0]!).toBeCloseTo(0, 6);
  expect(vicRegViewsLoss(embeddings, alike).dataSync()[0]!).toBeGreaterThan(0.5);
});

test("regions of a slice are told from its other regions by the means of their places", () => {
  const [slices, side, features, regions] = [2, 6, 3, 5];
  const data = numbers(2 * slices * side * side * features);
  const drawn = drawRegions(seededRng(1), slices, regions, 2, side);
  const meansOf = (view: number, slice: number) =>
    drawn.corners[slice]!.map(([left, top]) =>
      Array.from({ length: features }, (_, f) => {
        const at = (x: number, y: number) => data[f + features * (x + side * (y + side * (slice + slices * view)))]!;
        return (at(left, top) + at(left + 1, top) + at(left, top + 1) + at(left + 1, top + 1)) / 4;
      }),
    );
  const wanted = [0, 1].map((slice) => slowInfoNce(meansOf(0, slice), meansOf(1, slice), 0.5));
  const shares = regionShares(drawn);
  const got = localViewsLoss(
    tf.tensor4d(data, [2 * slices, side, side, features]),
    tf.tensor4d(shares.data, [...shares.shape]),
    options,
  );
  expect(got.dataSync()[0]!).toBeCloseTo((wanted[0]! + wanted[1]!) / 2, 4);
});
