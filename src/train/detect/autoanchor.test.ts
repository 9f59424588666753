import { expect, test } from "vitest";
import { type Rng, seededRng } from "../../core/rng.ts";
import { type AnchorSize, yoloOptions } from "../../models/yolo/design.ts";
import { clusterCentres, fitAnchors, measureAnchors } from "./autoanchor.ts";
import { anchorOptions } from "./options.ts";

/** Small flat and middling boxes, as of thin bleeds and of regions. */
function boxSizes(rng: Rng, count: number): AnchorSize[] {
  return Array.from({ length: count }, (_, i): AnchorSize => {
    const [w, h] = i % 3 === 0 ? [60, 4] : i % 3 === 1 ? [6, 9] : [40, 30];
    return [w * Math.exp(0.3 * rng.normal()), h * Math.exp(0.3 * rng.normal())];
  });
}
const sizes = boxSizes(seededRng(3), 300);
const few = anchorOptions.parse({ generations: 200 });
const coco = yoloOptions.parse({ kind: "yolov5" }).anchors.flat();

test("recall and fitness are what their definitions say", () => {
  const anchors = coco.slice(0, 5);
  const likeness = sizes.map(([w, h]) =>
    anchors.map(([a, b]) => 1 / Math.max(Math.max(w, a) / Math.min(w, a), Math.max(h, b) / Math.min(h, b))),
  );
  const best = likeness.map((row) => Math.max(...row));
  const { recall, anchorsPerBox, fitness } = measureAnchors(sizes, anchors, 4);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  expect(recall).toBeCloseTo(best.filter((v) => v > 0.25).length / best.length, 12);
  expect(anchorsPerBox).toBeCloseTo(mean(likeness.map((row) => row.filter((v) => v > 0.25).length)), 12);
  expect(fitness).toBeCloseTo(mean(best.map((v) => (v > 0.25 ? v : 0))), 12);
  expect(recall).toBeLessThan(0.8); // so that there is something to find
});

test("each centre is the mean of the points that it is nearest to, and planted clusters are found", () => {
  const planted: AnchorSize[] = [[0, 0], [5, 1], [2, 7], [-4, 3]]; // biome-ignore format: one line
  const rng = seededRng(8);
  const points = Array.from(
    { length: 200 },
    (_, i): AnchorSize => [planted[i % 4]![0] + 0.2 * rng.normal(), planted[i % 4]![1] + 0.2 * rng.normal()],
  );
  const centres = clusterCentres(seededRng(2), points, 4);
  for (const [x, y] of planted) expect(Math.min(...centres.map(([a, b]) => Math.hypot(a - x, b - y)))).toBeLessThan(0.15);
  const many = clusterCentres(seededRng(4), points, 7);
  for (const [i, centre] of many.entries()) {
    const own = points.filter((p) =>
      many.every((c, k) => k === i || Math.hypot(p[0] - centre[0], p[1] - centre[1]) <= Math.hypot(p[0] - c[0], p[1] - c[1])),
    );
    for (const axis of [0, 1] as const)
      expect(own.reduce((sum, p) => sum + p[axis], 0) / own.length).toBeCloseTo(centre[axis], 8);
  }
});

test("finds anchors that nearly every box can be learnt by, from small to large; refinement never fits worse", () => {
  const anchors = fitAnchors(seededRng(1), sizes, few);
  const found = measureAnchors(sizes, anchors, 4);
  expect(found.recall).toBeGreaterThan(0.99);
  expect(found.fitness).toBeGreaterThan(measureAnchors(sizes, coco, 4).fitness + 0.2);
  const areas = anchors.map(([w, h]) => w * h);
  expect(areas).toEqual([...areas].sort((a, b) => a - b));
  const fitness = [0, 50, 200].map((generations) => {
    return measureAnchors(sizes, fitAnchors(seededRng(1), sizes, { ...few, generations }), 4).fitness;
  });
  expect(fitness[1]).toBeGreaterThan(fitness[0]!);
  expect(fitness[2]).toBeGreaterThanOrEqual(fitness[1]!);
});

test("the same stream gives the same anchors, and doubled boxes doubled ones", () => {
  const anchors = fitAnchors(seededRng(5), sizes, few);
  expect(fitAnchors(seededRng(5), sizes, few)).toEqual(anchors);
  expect(fitAnchors(seededRng(6), sizes, few)).not.toEqual(anchors);
  const doubled = fitAnchors(seededRng(5), sizes.map(([w, h]): AnchorSize => [2 * w, 2 * h]), few); // biome-ignore format: one line
  for (const [i, [w, h]] of anchors.entries()) {
    expect(doubled[i]![0] / w).toBeCloseTo(2, 6);
    expect(doubled[i]![1] / h).toBeCloseTo(2, 6);
  }
});

test("fewer sizes than anchors still give anchors; none, or a broken one, is refused", () => {
  const anchors = fitAnchors(seededRng(1), [[10, 20], [10, 20], [50, 5]], { ...few, generations: 5 }); // biome-ignore format: one line
  expect(anchors).toHaveLength(9);
  expect(measureAnchors([[10, 20], [50, 5]], anchors, 4).recall).toBe(1); // biome-ignore format: one line
  expect(() => fitAnchors(seededRng(1), [], few)).toThrow("needs boxes; got none");
  expect(() => fitAnchors(seededRng(1), [[3, 0]], few)).toThrow("got 3 x 0");
  expect(() => fitAnchors(seededRng(1), [[3, Number.NaN]], few)).toThrow("got 3 x NaN");
});
