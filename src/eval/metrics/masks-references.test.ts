import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Vec3 } from "../../core/affine.ts";
import { connectedComponents } from "../../core/components.ts";
import { seededRng } from "../../core/rng.ts";
import { agreementMargins, agreementOf } from "./bland-altman.ts";
import { diceOf, iouOf, overlap } from "./dice.ts";
import { frocScore, matchLesions } from "./lesions.ts";
import { exchangeTest } from "./permutation.ts";
import { type MaskPair, surfaceDice, surfaceDistances } from "./surface.ts";

interface Lesions {
  readonly sizes: readonly [number[], number[]];
  readonly any: readonly [number[], number[]];
  readonly iou: readonly [number[], number[]];
  readonly dice: readonly [number[], number[]];
}
interface Case {
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
  readonly truth: string;
  readonly predicted: string;
  readonly hd: number;
  readonly hd95: number;
  readonly assd: number;
  readonly dice: number;
  readonly iou: number;
  readonly tolerances: readonly number[];
  readonly surfaceDice: readonly number[];
  readonly lesions: readonly Lesions[];
}
interface Fixture {
  readonly cases: readonly Case[];
  readonly agreement: readonly Readonly<
    Record<"bias" | "low" | "high" | "biasMargin" | "limitMargin", number> & { differences: number[] }
  >[];
  readonly exchange: readonly { readonly a: number[]; readonly b: number[]; readonly p: number }[];
}
const file = join(import.meta.dirname, "../../../test/fixtures/eval/masks.json.gz");
const fixture = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Fixture;

function unpacked(text: string, count: number): Uint8Array {
  const bits = Buffer.from(text, "base64");
  return Uint8Array.from({ length: count }, (_, i) => (bits[i >> 3]! >> (7 - (i & 7))) & 1);
}

function pairOf({ shape, spacing, truth, predicted }: Case): MaskPair {
  const count = shape.reduce((a, b) => a * b);
  const flat = shape.length === 2 ? 2 : null;
  const to3 = (v: readonly number[]) => [...v, 1].slice(0, 3) as unknown as Vec3;
  return { truth: unpacked(truth, count), predicted: unpacked(predicted, count), shape: to3(shape), spacing: to3(spacing), flat };
}

test("1,000 pairs of masks: HD, HD95, ASSD, Dice and IoU are MedPy's, surface Dice is surface-distance's", () => {
  expect(fixture.cases).toHaveLength(1000);
  for (const one of fixture.cases) {
    const pair = pairOf(one);
    const { hd, hd95, assd } = surfaceDistances(pair);
    const counts = overlap(pair.truth, pair.predicted);
    const ours = [hd, hd95, assd, diceOf(counts), iouOf(counts), ...surfaceDice(pair, one.tolerances)];
    const theirs = [one.hd, one.hd95, one.assd, one.dice, one.iou, ...one.surfaceDice];
    for (const [i, value] of ours.entries()) expect(Math.abs(value - theirs[i]!), `${i} of ${one.truth}`).toBeLessThan(1e-9);
  }
});

test("the same with the axes in another order, and with a lone slice across another axis", () => {
  for (const one of fixture.cases.slice(0, 200)) {
    const pair = pairOf(one);
    const [nx, ny, nz] = pair.shape;
    const turned = (mask: Uint8Array) =>
      Uint8Array.from(mask, (_, i) => mask[(Math.floor(i / nz) % nx) + nx * (Math.floor(i / (nz * nx)) + ny * (i % nz))]!);
    const other: MaskPair = {
      truth: turned(pair.truth),
      predicted: turned(pair.predicted),
      shape: [nz, nx, ny],
      spacing: [pair.spacing[2], pair.spacing[0], pair.spacing[1]],
      flat: pair.flat === null ? null : 0,
    };
    const a = [...Object.values(surfaceDistances(pair)), ...surfaceDice(pair, [1.3])] as number[];
    const b = [...Object.values(surfaceDistances(other)), ...surfaceDice(other, [1.3])] as number[];
    for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 9);
  }
});

test("a distance that is the tolerance is within it, with a spacing of 32 bits too", () => {
  for (const mm of [0.8, Math.fround(0.8)]) {
    const pair: MaskPair = {
      truth: Uint8Array.of(1, 0, 0, 0),
      predicted: Uint8Array.of(0, 0, 0, 1),
      shape: [4, 1, 1],
      spacing: [mm, 1, 1],
      flat: 2,
    };
    expect(surfaceDice(pair, [2.4, 2.39])).toEqual([1, expect.closeTo(0.5, 12)]); // corners are 2 and 3 voxels apart
  }
});

test("lesions are parted as SciPy and cc3d do, and matched as the loops of the fixture's script", () => {
  const placesOf = (found: Uint8Array) => [...found].flatMap((v, i) => (v === 1 ? [i] : []));
  for (const one of fixture.cases) {
    const pair = pairOf(one);
    for (const [c, theirs] of one.lesions.entries()) {
      const touch = (["faces", "edges", "corners"] as const)[c]!;
      const [truth, predicted] = [pair.truth, pair.predicted].map((mask) => connectedComponents((i) => mask[i] === 1, pair.shape, touch)) as [ReturnType<typeof connectedComponents>, ReturnType<typeof connectedComponents>]; // biome-ignore format: short
      expect([truth.sizes.slice(1), predicted.sizes.slice(1)]).toEqual(theirs.sizes);
      for (const [rule, atLeast] of [
        ["any", 0],
        ["iou", 0.2],
        ["dice", 0.5],
      ] as const) {
        const { detected, matched } = matchLesions(truth, predicted, rule === "any" ? { rule } : { rule, atLeast });
        expect([placesOf(detected), placesOf(matched)], `${rule}, ${touch}`).toEqual(theirs[rule]);
      }
    }
  }
});

test("an empty mask has no distances; its surface Dice is 0, and NaN where both are empty", () => {
  const [none, some] = [new Uint8Array(8), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)];
  const pair = (truth: Uint8Array, predicted: Uint8Array): MaskPair => ({
    truth,
    predicted,
    shape: [2, 2, 2],
    spacing: [1, 1, 1],
    flat: null,
  });
  expect(Object.values(surfaceDistances(pair(none, some)))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect(surfaceDice(pair(some, none), [1])).toEqual([0]);
  expect(surfaceDice(pair(none, none), [1, 2])).toEqual([Number.NaN, Number.NaN]);
  expect(iouOf(overlap(none, none), "smoothed")).toBe(1);
});

test("Bland-Altman limits and the margins of their intervals are SciPy's", () => {
  for (const { differences, ...theirs } of fixture.agreement) {
    const n = differences.length;
    const found = agreementOf(n, differences.reduce((a, b) => a + b), differences.reduce((a, b) => a + b * b, 0)); // biome-ignore format: short
    const margins = agreementMargins(n, found.sd);
    const ours = { bias: found.bias, low: found.low, high: found.high, biasMargin: margins.bias, limitMargin: margins.limit };
    for (const [name, value] of Object.entries(theirs)) expect(ours[name as keyof typeof ours]).toBeCloseTo(value as number, 8);
  }
  expect(agreementOf(1, 2, 4).low).toBeNaN();
});

test("exchanging two models within patients gives SciPy's exact p value", () => {
  for (const { a, b, p } of fixture.exchange) {
    const statistic = (exchanged: Uint8Array) => [
      a.reduce((sum, v, i) => sum + (exchanged[i] === 1 ? b[i]! - v : v - b[i]!), 0) / a.length,
    ];
    expect(exchangeTest(seededRng(1), a.length, 256, statistic).p[0]).toBeCloseTo(p, 12);
  }
});

test("a FROC curve is read at seven rates, between points at the better one that is allowed", () => {
  expect(frocScore([{ sensitivity: 0.5, falsePositivesPerCase: 0.25 }, { sensitivity: 0.9, falsePositivesPerCase: 2 }])).toBeCloseTo((0 + 3 * 0.5 + 3 * 0.9) / 7, 12); // biome-ignore format: short
  expect(frocScore([{ sensitivity: 1, falsePositivesPerCase: 9 }])).toBe(0);
  expect(frocScore([{ sensitivity: Number.NaN, falsePositivesPerCase: 0 }])).toBeNaN();
});
