import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rectangleIou } from "../../core/rectangle.ts";
import { seededRng } from "../../core/rng.ts";
import { type Detection, detectionOptions, detectionsOf, suppressOverlaps } from "./suppress.ts";

// Made by scripts/fixtures/nms_torch.py.
interface Case {
  readonly boxes: [number, number, number, number][];
  readonly scores: number[];
  readonly classes: number[];
  readonly threshold: number;
  readonly kept: number[];
}
const cases: Case[] = JSON.parse(readFileSync(new URL("../../../test/fixtures/nms.json", import.meta.url), "utf8"));

const candidatesOf = ({ boxes, scores, classes }: Case): Detection[] =>
  boxes.map(([left, top, right, bottom], i) => ({ box: { left, top, right, bottom }, score: scores[i]!, label: classes[i]! }));

test("keeps what torchvision's batched_nms keeps, in its order, ties included", () => {
  const ties = cases.filter(({ scores }) => new Set(scores).size < scores.length);
  expect(ties.length).toBeGreaterThan(10);
  for (const of of cases) expect(suppressOverlaps(candidatesOf(of), of.threshold)).toEqual(of.kept);
  for (const of of cases) expect(suppressOverlaps(candidatesOf(of), of.threshold, 3)).toEqual(of.kept.slice(0, 3));
});

test("detections are above the score, disjoint within a class and best first, and nothing better was left out", () => {
  const rng = seededRng(5);
  const [count, classes] = [80, 3];
  const boxes = Array.from({ length: count }, () => {
    const [x, y] = [30 * rng.uniform(), 30 * rng.uniform()];
    return [x, y, x + 15 * rng.uniform(), y + 15 * rng.uniform()];
  }).flat();
  const scores = Array.from({ length: count * classes }, (_, i) => (i === 7 ? Number.NaN : rng.uniform()));
  for (const labels of ["best", "all"] as const) {
    const options = detectionOptions.parse({ scoreThreshold: 0.6, iouThreshold: 0.3, labels });
    const found = detectionsOf(boxes, scores, classes, options);
    expect(found.length).toBeGreaterThan(10);
    for (const [i, { score }] of found.entries()) expect(score <= (found[i - 1]?.score ?? 1) && score > 0.6).toBe(true);
    const overlaps = (a: Detection, b: Detection) => a.label === b.label && rectangleIou(a.box, b.box) > 0.3;
    expect(found.some((a, i) => found.slice(0, i).some((b) => overlaps(a, b)))).toBe(false);
    for (let i = 0; i < count; i++) {
      const own = [0, 1, 2].map((label) => scores[i * classes + label]!);
      const [left, top, right, bottom] = boxes.slice(4 * i) as [number, number, number, number];
      for (const [label, score] of own.entries()) {
        const isCandidate = score > 0.6 && (labels === "all" || own.every((other) => !(other > score)));
        const one = { box: { left, top, right, bottom }, score, label };
        const isThere = found.some((other) => other.box.left === left && other.label === label);
        expect(isThere).toBe(
          isCandidate && !found.some((other) => other.box.left !== left && other.score >= score && overlaps(one, other)),
        );
      }
    }
    expect(detectionsOf(boxes, scores, classes, { ...options, maxDetections: 4 })).toEqual(found.slice(0, 4));
  }
  expect(detectionsOf([], [], classes, detectionOptions.parse({}))).toEqual([]);
});
