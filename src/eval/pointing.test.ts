import { expect, test } from "vitest";
import { seededRng } from "../core/rng.ts";
import type { Image } from "../core/volume.ts";
import { drawPlan } from "./metrics/bootstrap.ts";
import { evalOptions } from "./options.ts";
import { pointAt, pointingMetrics } from "./pointing.ts";

const [width, height] = [9, 7];
const picture = (of: (x: number, y: number) => number): Image => ({
  data: Float32Array.from({ length: width * height }, (_, i) => of(i % width, Math.floor(i / width))),
  width,
  height,
});
const spot = (x0: number, y0: number) => picture((x, y) => (x === x0 && y === y0 ? 1 : 0));
const grey = picture(() => 1);

test("a hit is within the reach of the lesion, in mm of both axes", () => {
  const lesion = spot(4, 3);
  const hit = (x: number, y: number, reach: number) => pointAt(lesion, spot(x, y), grey, [1, 2], reach).hit;
  expect([hit(4, 3, 0), hit(5, 3, 0), hit(5, 3, 1), hit(4, 4, 1), hit(4, 4, 2), hit(5, 4, 2), hit(5, 4, 2.3)]).toEqual([
    1, 0, 1, 0, 1, 0, 1,
  ]);
});

test("chance is the share of a point put anywhere that is not black, counted one by one", () => {
  const lesion = picture((x, y) => (x < 2 && y === 3 ? 1 : 0));
  const image = picture((x) => (x < 5 ? 1 : 0));
  const hits: number[] = [];
  for (let y = 0; y < height; y++) for (let x = 0; x < 5; x++) hits.push(pointAt(lesion, spot(x, y), image, [1, 1.5], 2).hit);
  const { chance } = pointAt(lesion, spot(0, 0), image, [1, 1.5], 2);
  expect(chance).toBeCloseTo(hits.reduce((a, b) => a + b, 0) / hits.length, 12);
});

test("without heat nothing is pointed at", () => {
  expect(
    pointAt(
      spot(0, 0),
      picture(() => 0),
      grey,
      [1, 1],
      3,
    ).hit,
  ).toBe(0);
});

test("shares with intervals over the patients of the plan", () => {
  const slices = ["a", "a", "b", "c", "c", "c"].map(
    (subject, i) => ({ subject, hit: i % 2 === 0 ? 1 : 0, chance: 0.1 * i }) as const,
  );
  const plan = drawPlan(seededRng(1), ["a", "b", "c", "d"], 5000);
  const { bootstrap } = evalOptions.parse({});
  const [hit, chance] = pointingMetrics(slices, plan, bootstrap);
  expect([hit!.estimate, hit!.n, hit!.nPatients, hit!.wilson!.hits]).toEqual([0.5, 6, 3, 3]);
  expect(chance!.estimate).toBeCloseTo(0.25, 12);
  expect(hit!.undefinedResamples).toBeGreaterThan(0); // a resample of patient d alone has none
  const none = pointingMetrics([], plan, bootstrap)[0]!;
  expect([none.estimate, none.reason]).toEqual([null, "no slice with a lesion"]);
});
