import { expect, test } from "vitest";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { seededRng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import { drawAppearance } from "../appearance/draw.ts";
import { dress } from "../appearance/dress.ts";
import { appearanceOptions } from "../appearance/options.ts";
import { prepareCase } from "../normal/case.ts";
import { tissueMedian } from "../normal/normalise.ts";
import { headGeometry, type Scene } from "../scene.ts";
import { drawAcquisition } from "./draw.ts";
import { acquisitionOptions } from "./options.ts";
import { singleShotGains, singleShotLevels } from "./single-shot.ts";

test("a label map has the contrast that the relaxation times give, near that of the measured atlases", () => {
  const levels = singleShotLevels(1.5, 90);
  // Decay alone at 90 ms: exp(-90/162) / exp(-90/2000) = .600, exp(-90/232) / .956 = .710; recovery by T1 brings short T1 up.
  const recovery = (t1: number) => 1 - Math.exp(-4500 / t1);
  expect(levels[tissues.cortex]).toBeCloseTo((0.6002 * recovery(2000)) / recovery(4000), 3);
  expect(levels[tissues.whiteMatter]).toBeCloseTo((0.7097 * recovery(3000)) / recovery(4000), 3);
  expect(levels[tissues.csf]).toBe(1);
  expect(levels[tissues.background]).toBe(0);
  for (const tesla of [1.5, 3]) {
    for (const echo of [80, 100, 150]) {
      const at = singleShotLevels(tesla, echo);
      expect(at[tissues.cortex]! < at[tissues.whiteMatter]! && at[tissues.whiteMatter]! < 1).toBe(true);
    }
  }
});

test("1.5 T at the reference echo time is the identity; 3 T darkens grey and white matter against fluid by its longer T1", () => {
  expect(singleShotGains(1.5, 100, 100)).toEqual(Object.keys(tissues).map(() => 1));
  const gains = singleShotGains(3, 100, 100);
  const recovery = (t1: number) => 1 - Math.exp(-4500 / t1);
  expect(gains[tissues.csf]).toBeCloseTo(1, 12);
  const relative = recovery(2500) / recovery(2000) / (recovery(4400) / recovery(4000));
  expect(gains[tissues.deepGrey]).toBeCloseTo(relative, 12);
  expect(relative).toBeLessThan(1);
});

test("3 T has less noise and more bias than 1.5 T in the same scan", () => {
  const { image, tissue } = toyHead();
  const at = (strength: number) => {
    const options = acquisitionOptions.parse({ fieldStrength: { severity: [strength, strength] } });
    return drawAcquisition(seededRng(1), options, "axial", headGeometry({ tissue, image, lesion: null } as Scene));
  };
  const [low, high] = [at(0), at(1)];
  expect([low.contrast.tesla, high.contrast.tesla]).toEqual([1.5, 3]);
  expect(low.noise.sigma / high.noise.sigma).toBeCloseTo(1.6, 9);
  for (const [i, v] of low.bias.entries()) expect(high.bias[i]! / v).toBeCloseTo(1.5, 9);
  expect({ ...high, contrast: 0, noise: 0, bias: 0, severity: 0 }).toEqual({
    ...low,
    contrast: 0,
    noise: 0,
    bias: 0,
    severity: 0,
  });
});

test("an anatomy painted from its labels has each tissue at its single-shot signal", () => {
  const { image, tissue } = toyHead();
  const normal = prepareCase(image, tissue, 27);
  const appearance = drawAppearance(seededRng(2), appearanceOptions.parse({ kind: "single-shot", severity: [0, 0] }))!;
  const { scene } = dress(normal, appearance);
  const median = (id: number) => tissueMedian(scene.image, scene.tissue, id)!;
  const candidates = [1.5, 3].flatMap((tesla) => [80, 90, 100, 120, 150].map((echo) => singleShotLevels(tesla, echo)));
  const spread = (id: number) =>
    [Math.min(...candidates.map((c) => c[id]!)), Math.max(...candidates.map((c) => c[id]!))] as const;
  for (const id of [tissues.cortex, tissues.whiteMatter, tissues.deepGrey]) {
    expect(median(id)).toBeGreaterThanOrEqual(spread(id)[0]);
    expect(median(id)).toBeLessThanOrEqual(spread(id)[1]);
  }
  expect(median(tissues.csf)).toBeCloseTo(1, 5);
  expect(median(tissues.cortex)).toBeCloseTo(median(tissues.deepGrey), 5);
});
