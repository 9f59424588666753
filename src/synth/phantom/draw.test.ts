import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { drawPhantom } from "./draw.ts";
import { biometryNorm } from "./growth.ts";

test("a drawn brain is plain JSON and the same for the same stream", () => {
  const drawn = drawPhantom(seededRng(4), 27.3);
  expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
  expect(drawPhantom(seededRng(4), 27.3)).toEqual(drawn);
  expect(drawPhantom(seededRng(5), 27.3)).not.toEqual(drawn);
});

test("individuals spread about the mean, within 1.5 SD of it, and the skull always holds the brain", () => {
  for (const week of [20, 24, 31, 38]) {
    const drawn = Array.from({ length: 300 }, (_, i) => drawPhantom(seededRng(i), week));
    const scores = drawn.map(
      ({ brainWidth }) => (brainWidth - biometryNorm("brainWidth", week).mean) / biometryNorm("brainWidth", week).sd,
    );
    expect(Math.max(...scores.map(Math.abs))).toBeLessThan(1.5);
    expect(Math.max(...scores) - Math.min(...scores)).toBeGreaterThan(1.5);
    for (const { brainWidth, brainLength, skullBiparietal, skullOccipitofrontal, skullThickness } of drawn) {
      expect(skullBiparietal - skullThickness - brainWidth).toBeGreaterThan(2);
      expect(skullOccipitofrontal - brainLength).toBeGreaterThan(1.5);
    }
  }
});

test("without variability only the seeds of folding, warp and texture differ", () => {
  const sizes = (seed: number) => {
    const { folding, warp, textureSeed, ...rest } = drawPhantom(seededRng(seed), 26, { variability: 0 });
    return { ...rest, warp: warp.size };
  };
  expect(sizes(1)).toEqual(sizes(2));
});

test("refuses an age or a variability out of range", () => {
  expect(() => drawPhantom(seededRng(0), 19.9)).toThrow(
    new RangeError("drawPhantom: gestationalAge must be in [20, 38]; got 19.9"),
  );
  expect(() => drawPhantom(seededRng(0), Number.NaN)).toThrow("got NaN");
  expect(() => drawPhantom(seededRng(0), 30, { variability: 1.1 })).toThrow(
    "drawPhantom: variability must be in [0, 1]; got 1.1",
  );
});
