import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import {
  averagePrecision,
  cocoOverlaps,
  type FoundBox,
  matchBoxes,
  meanAveragePrecision,
  type TrueBox,
  weightedAveragePrecision,
} from "./average-precision.ts";
import { cocoAreas, matchColumns } from "./detection/match.ts";
import { rankCalls } from "./detection/precision.ts";

type Row = [image: number, label: number, x: number, y: number, width: number, height: number, score?: number];

// Made by scripts/fixtures/average_precision.py.
interface Case {
  readonly truth: Row[];
  readonly found: Row[];
  readonly map: number;
  readonly map50: number;
}
const file = new URL("../../../test/fixtures/eval/average-precision.json", import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(file, "utf8"));

const trueBox = ([image, label, x, y, width, height]: Row): TrueBox => {
  return { image, label, box: { left: x, top: y, right: x + width, bottom: y + height } };
};
const foundBox = (row: Row): FoundBox => ({ ...trueBox(row), score: row[6]! });

test("is pycocotools' to 1e-12, ties and more boxes than count included", () => {
  expect(cases.filter(({ map, map50 }) => map > 0.05 && map50 < 0.95).length).toBeGreaterThan(8);
  for (const { truth, found, map, map50 } of cases) {
    const [there, seen] = [truth.map(trueBox), found.map(foundBox)];
    expect(Math.abs(meanAveragePrecision(there, seen, cocoOverlaps) - map)).toBeLessThan(1e-12);
    expect(Math.abs(meanAveragePrecision(there, seen, [0.5]) - map50)).toBeLessThan(1e-12);
  }
});

test("1 where all is found, 0 where nothing is, NaN where nothing is there; a wrong box behind all right ones costs nothing", () => {
  const truth = cases[3]!.truth.map(trueBox);
  const perfect = truth.map((of, i): FoundBox => ({ ...of, score: 1 - i / 100 }));
  expect(meanAveragePrecision(truth, perfect, [0.5, 1])).toBe(1);
  expect(meanAveragePrecision(truth, [], [0.5])).toBe(0);
  expect(meanAveragePrecision([], perfect, [0.5])).toBeNaN();
  expect(averagePrecision([], [], 0.5)).toBeNaN();
  const wrong = { ...perfect[0]!, box: { left: 500, top: 500, right: 510, bottom: 510 }, score: 0 };
  expect(meanAveragePrecision(truth, [wrong, ...perfect], [0.5])).toBe(1);
  expect(meanAveragePrecision(truth, [{ ...wrong, score: 2 }, ...perfect], [0.5])).toBeLessThan(1);
  expect(meanAveragePrecision(truth, [...perfect, ...perfect.map((of) => ({ ...of, score: 2 }))], [0.5])).toBe(1);
});

test("of a picture the best hundred count", () => {
  const [one] = cases[3]!.truth.map(trueBox) as [TrueBox];
  const wrong = (count: number) =>
    Array.from({ length: count }, (): FoundBox => ({ ...one, box: { left: 900, top: 0, right: 910, bottom: 9 }, score: 0.9 }));
  expect(averagePrecision([one], [...wrong(99), { ...one, score: 0.1 }], 0.5)).toBeCloseTo(0.01, 12);
  expect(averagePrecision([one], [...wrong(100), { ...one, score: 0.1 }], 0.5)).toBe(0);
});

test("a picture of weight n counts as if it were there n times, one of weight 0 as if it were not", () => {
  for (const { truth, found: tied } of cases) {
    const found = tied.map((row, i): Row => [...(row.slice(0, 6) as [number, number, number, number, number, number]), row[6]! - 1e-9 * i]); // biome-ignore format: one line
    const [there, seen] = [truth.map(trueBox), found.map(foundBox)].map((of) => of.filter(({ label }) => label === 0)) as [TrueBox[], FoundBox[]]; // biome-ignore format: one line
    for (const weights of [
      [3, 0, 2, 1],
      [0, 1, 0, 4],
      [1, 2, 3, 2],
    ]) {
      // biome-ignore format: one line
      const copies = <T extends TrueBox>(boxes: readonly T[]) =>
        boxes.flatMap((box) => Array.from({ length: weights[box.image]! }, (_, k) => ({ ...box, image: 10 * box.image + k })));
      for (const overlap of [0.5, 0.75]) {
        const [ofClass] = matchBoxes(there, seen, [overlap]);
        const weighted = ofClass === undefined ? Number.NaN : weightedAveragePrecision(ofClass[0]!, weights);
        const copied = averagePrecision(copies(there), copies(seen), overlap);
        if (Number.isNaN(copied)) expect(weighted).toBeNaN();
        else expect(weighted).toBeCloseTo(copied, 12);
      }
    }
  }
});

test("a million boxes are matched and counted in less than a minute", {
  timeout: 300_000,
}, () => {
  const [images, each] = [50_000, 20];
  const n = images * each;
  const rng = seededRng(1);
  const boxes = {
    image: Uint32Array.from({ length: n }, (_, i) => Math.floor(i / each)),
    label: Uint32Array.from({ length: n }, (_, i) => i % 4),
    sides: Float64Array.from({ length: 4 * n }, (_, i) => (i % 4 < 2 ? 50 * Math.floor((i % 80) / 4) : 40)),
  };
  const truth = { ...boxes, area: new Float64Array(n).fill(1600), crowd: new Uint8Array(n) };
  const found = { ...boxes, score: Float64Array.from({ length: n }, () => rng.uniform()) };
  const start = process.cpuUsage();
  const matched = matchColumns(truth, found, { overlaps: [0.5], areas: [cocoAreas.all] });
  expect(matched.map((of) => weightedAveragePrecision(rankCalls(of, 0, 0)))).toEqual([1, 1, 1, 1]);
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(60);
});
