import { describe, expect, test } from "vitest";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { axisAlignedAffine } from "../../core/affine.ts";
import { signedDistance } from "../../core/distance.ts";
import { seededRng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import { bleedInto, repaint } from "../draw.ts";
import { type NormalCase, prepareCase } from "../normal/case.ts";
import { tissueMedian } from "../normal/normalise.ts";
import { readAnatomy } from "../priors/anatomy.ts";
import { lesionOptions } from "./options.ts";
import { paintBleed, partCoverage } from "./paint.ts";
import { drawPlan } from "./plan.ts";

const head = toyHead({ zoned: true });
const normal = prepareCase(head.image, head.tissue, 27);
const only = (grade: "I" | "II" | "III" | "IV", more: object = {}) =>
  lesionOptions.parse({ grades: { kind: "free", [grade]: 1 }, bilateralShare: 0, ...more });
const dark = { stages: { dark: 1, rim: 0, bright: 0 } };

describe("the plan", () => {
  const plans = (n: number, weeks: number, options: object = {}) =>
    Array.from({ length: n }, (_, i) => drawPlan(seededRng(`plan/${i}`), lesionOptions.parse(options), weeks));

  test("presets give their grades, the second side is never worse, sides are equally likely", () => {
    for (const [kind, shares] of [
      ["mri-series", [0.3, 0.27, 0.25, 0.18]],
      ["us-referred", [0.03, 0.08, 0.47, 0.42]],
    ] as const) {
      const drawn = plans(2000, 26, { grades: { kind } });
      for (const [i, share] of shares.entries()) {
        expect(Math.abs(drawn.filter((p) => p.grade === i + 1).length / 2000 - share)).toBeLessThan(0.035);
      }
      expect(drawn.every((p) => p.sides[0]!.grade === p.grade && p.sides.every((s) => s.grade <= p.grade))).toBe(true);
      expect(Math.abs(drawn.filter((p) => p.sides.length === 2).length / 2000 - 0.25)).toBeLessThan(0.035);
      expect(Math.abs(drawn.filter((p) => p.sides[0]!.side === "left").length / 2000 - 0.5)).toBeLessThan(0.035);
    }
  });

  test("the germinal matrix bleeds less from 32 weeks on and not at all from 36 on", () => {
    const gradeOne = [26, 33, 36.5].map((weeks) => plans(1000, weeks).filter((p) => p.grade === 1).length / 1000);
    expect(gradeOne[0]).toBeCloseTo(0.3, 1);
    expect(gradeOne[1]).toBeCloseTo(0.15 / 0.85, 1);
    expect(gradeOne[2]).toBe(0);
    expect(plans(500, 36.5).every((p) => p.sides.every((s) => !s.germinalMatrix))).toBe(true);
  });

  test("each grade has its fill: none, up to a half, above a half and distended", () => {
    for (const { sides, dilations } of plans(1000, 28)) {
      for (const { side, grade, fill } of sides) {
        const wide = dilations.find((d) => d.side === side);
        if (grade === 1) expect(fill).toBeNull();
        if (grade === 2) expect(fill! > 0.1 && fill! < 0.5 && wide === undefined).toBe(true);
        if (grade === 3) expect(fill! > 0.5 && wide!.atrialMm >= 10 && wide!.atrialMm <= 25).toBe(true);
      }
    }
  });
});

describe.each(["I", "II", "III", "IV"] as const)("a grade %s bleed", (name) => {
  const grade = { I: 1, II: 2, III: 3, IV: 4 }[name];
  const seeds = [1, 2, 3];
  const drawn = seeds.map((seed) => bleedInto(seededRng(seed), normal, only(name, dark)));

  test("is the same from the same seed, another from another, and leaves the case alone", () => {
    const before = normal.scene.image.data.slice();
    const again = bleedInto(seededRng(1), normal, only(name, dark));
    expect(again.drawn).toEqual(drawn[0]!.drawn);
    expect(again.scene.image.data).toEqual(drawn[0]!.scene.image.data);
    expect(drawn[1]!.scene.lesion!.data).not.toEqual(drawn[0]!.scene.lesion!.data);
    expect(normal.scene.image.data).toEqual(before);
    expect(normal.scene.lesion).toBeNull();
  });

  test("is painted again from its JSON to the same voxels", () => {
    for (const { scene, drawn: value } of drawn) {
      const back = repaint(normal, JSON.parse(JSON.stringify(value)));
      expect(back.image.data).toEqual(scene.image.data);
      expect(back.lesion!.data).toEqual(scene.lesion!.data);
    }
  });

  test("measures as its grade: fill, place, size", () => {
    for (const { scene, drawn: value } of drawn) {
      const side = value.facts.sides[0]!;
      expect(side.grade).toBe(grade);
      if (grade === 1) expect(side.maxAxialMm2 >= 5 && side.maxAxialMm2 <= 60 && side.lumenFill < 0.1).toBe(true);
      if (grade === 2) expect(side.lumenFill > 0.1 && side.lumenFill <= 0.5).toBe(true);
      if (grade === 3) expect(side.lumenFill > 0.5 && side.lumenMl > normal.anatomy[side.side].lumenMl * 1.1).toBe(true);
      if (grade === 4) expect(side.parenchymaMl).toBeGreaterThanOrEqual(0.2);
      const stray = scene.lesion!.data.filter((cover, i) => cover > 0 && scene.tissue.data[i] === tissues.background);
      expect(stray.length).toBe(0);
      expect(Math.max(...scene.lesion!.data)).toBeLessThanOrEqual(1);
    }
  });

  test("dark blood is darker than cortex and deep grey, and blood changes nothing where it is not", () => {
    const cortex = tissueMedian(normal.scene.image, normal.scene.tissue, tissues.cortex)!;
    for (const { scene, drawn: value } of drawn) {
      expect(value.facts.meanSignal).toBeLessThan(cortex);
      if (value.plan.dilations.length > 0) continue;
      const changed = scene.image.data.filter((v, i) => v !== normal.scene.image.data[i] && scene.lesion!.data[i] === 0);
      expect(changed.length).toBe(0);
    }
  });
});

test("blood stays on its side: a left bleed never covers a voxel right of the midline", () => {
  for (let seed = 0; seed < 4; seed++) {
    const { scene, drawn } = bleedInto(seededRng(seed), normal, only("IV", dark));
    const sign = drawn.plan.sides[0]!.side === "left" ? 1 : -1;
    const { shape, affine } = scene.image;
    const wrong = scene.lesion!.data.filter((cover, i) => cover > 0 && sign * (affine[3] + affine[0] * (i % shape[0])) > 0.8);
    expect(wrong.length).toBe(0);
  }
});

test("a rim is dark around a bright core, late subacute blood is as bright as fluid", () => {
  const rim = bleedInto(seededRng(5), normal, only("III", { stages: { dark: 0, rim: 1, bright: 0 }, texture: [0, 0] }));
  const { image, lesion } = rim.scene;
  const depth = signedDistance((i) => lesion!.data[i]! >= 0.5, image.shape, [1.5, 1.5, 1.5]);
  const mean = (at: (mm: number) => boolean) => {
    const values = image.data.filter((_, i) => lesion!.data[i]! > 0.95 && at(-depth[i]!));
    return values.reduce((x, y) => x + y, 0) / values.length;
  };
  expect(mean((mm) => mm < 1)).toBeLessThan(0.6); // thin or missing in places
  expect(mean((mm) => mm > 3)).toBeGreaterThan(0.7);
  const bright = bleedInto(seededRng(5), normal, only("III", { stages: { dark: 0, rim: 0, bright: 1 } }));
  expect(bright.drawn.facts.meanSignal).toBeGreaterThan(0.7);
});

test("one bleed has the same volume on a fine grid and, painted directly, on thick slices", () => {
  const { drawn } = bleedInto(seededRng(2), normal, only("II", dark));
  const volume = (spacing: readonly [number, number, number], shape: readonly [number, number, number]) => {
    const other = toyHead({ zoned: true, shape, affine: axisAlignedAffine(shape, spacing) });
    const scene = { image: other.image, tissue: other.tissue, lesion: null };
    const painted = paintBleed(scene, readAnatomy(other.tissue), drawn.bleed);
    return painted.lesion!.data.reduce((a, b) => a + b, 0) * spacing[0] * spacing[1] * spacing[2];
  };
  const fine = volume([1, 1, 1], [74, 90, 66]);
  const thick = volume([1, 1, 3.3], [74, 90, 20]);
  expect(Math.abs(thick / fine - 1)).toBeLessThan(0.15);
});

test("a voxel that a level crosses is covered by the share of it that lies below, however thick it is", () => {
  const shape = [74, 90, 20] as const;
  const stack = toyHead({ shape, affine: axisAlignedAffine(shape, [1, 1, 4]) });
  const z = 11; // from 4 to 8 mm: through the body of the ventricles
  for (const share of [0.25, 0.6]) {
    const levelMm = -(stack.tissue.affine[11] + 4 * (z - 0.5 + share));
    const roughness = { amplitudeMm: 0, noise: { wavelengthMm: 5, seed: 1 } };
    const part = { site: "lumen", kind: "layer", side: "left", gravity: [0, 0, -1], levelMm, roughness, signal: 0.2 } as const;
    const anatomy = readAnatomy(stack.tissue);
    const cover = partCoverage(part, anatomy, 0.6);
    const middle = cover.filter((_, i) => Math.floor(i / (74 * 90)) === z && anatomy.left.smoothWallMm[i]! < -1.2);
    expect(middle.length).toBeGreaterThan(20);
    for (const value of middle) expect(Math.abs(value - share)).toBeLessThan(0.06);
  }
});

test("a thick stack is painted as it is", () => {
  const shape = [74, 90, 19] as const;
  const stack = toyHead({ zoned: true, shape, affine: axisAlignedAffine(shape, [1, 1, 3.5]) });
  const thick = prepareCase(stack.image, stack.tissue, 27);
  expect(thick.thick).toBe(true);
  expect(bleedInto(seededRng(1), thick, only("II", dark)).scene.image.shape).toEqual(shape);
});

test("a brain that a bleed cannot fit into is given up after a bounded number of tries, with the reason", () => {
  const tiny = only("I", { ...dark, germinalAreaMm2: [398, 400] });
  expect(() => bleedInto(seededRng(1), normal, tiny)).toThrow(
    /no grade I bleed fitted in 12 tries: .*cross-section must be 398 to 400/,
  );
  const late: NormalCase = { ...normal, age: { weeks: 37, estimated: false }, signals: { ...normal.signals, weeks: 37 } };
  expect(bleedInto(seededRng(1), late, only("I", dark)).drawn.plan.grade).toBe(2);
});
