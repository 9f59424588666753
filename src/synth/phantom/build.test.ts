import { beforeAll, describe, expect, test } from "vitest";
import { connectedComponents } from "../../core/components.ts";
import { distanceTo } from "../../core/distance.ts";
import { seededRng } from "../../core/rng.ts";
import { type Tissue, tissues } from "../../core/tissue.ts";
import { type BiometryOfLabels, measureBiometry } from "./biometry.ts";
import { buildPhantom, frameOf, type Phantom } from "./build.ts";
import { drawPhantom, type PhantomAnatomy } from "./draw.ts";
import { type Biometry, biometryNorm, germinalMatrixWidth, type TissueVolume, tissueVolume } from "./growth.ts";

// 1.25 mm: half the voxels of 1 mm, and the widths still come out within 0.6 mm of those at 1 mm (the narrowest SD is 0.6 mm).
const spacing = 1.25;
const weeks = Array.from({ length: 19 }, (_, i) => 20 + i);

interface Built extends Phantom {
  readonly week: number;
  readonly anatomy: PhantomAnatomy;
  readonly measured: BiometryOfLabels;
}

function build(week: number, seed: number): Built {
  const anatomy = drawPhantom(seededRng(seed), week);
  const phantom = buildPhantom(anatomy, spacing);
  return { ...phantom, week, anatomy, measured: measureBiometry(phantom.tissue) };
}

let everyWeek: readonly Built[];
beforeAll(() => {
  everyWeek = weeks.map((week) => build(week, week)); // another seed at every week
}, 600_000);

/** Distance from the week's mean in SD, by name. */
function scores({ measured, anatomy, week }: Built): Record<string, number> {
  const score = (measure: Biometry, value: number) => (value - biometryNorm(measure, week).mean) / biometryNorm(measure, week).sd;
  return {
    brainWidth: score("brainWidth", measured.brainWidth),
    skullBiparietal: score("skullBiparietal", measured.innerSkullWidth + anatomy.skullThickness),
    leftAtrium: score("atrialWidth", measured.atrialWidth.left),
    rightAtrium: score("atrialWidth", measured.atrialWidth.right),
    cavum: score("cavumWidth", measured.cavumWidth),
    transcerebellar: score("transcerebellar", measured.transcerebellar),
    ventricles: score("lateralVentricles", measured.volume.lateralVentricle),
  };
}

function checkBiometry(built: Built): void {
  for (const [name, z] of Object.entries(scores(built)))
    expect(Math.abs(z), `${name} at week ${built.week}: ${z} SD`).toBeLessThan(2);
  for (const name of ["whiteMatter", "cortex", "deepGrey"] as const satisfies readonly TissueVolume[]) {
    const ratio = built.measured.volume[name] / tissueVolume(name, built.week);
    expect(Math.abs(ratio - 1), `${name} at week ${built.week}: ${ratio} of the mean`).toBeLessThan(0.25);
  }
}

describe("at every week from 20 to 38", () => {
  test("biometry measured on the labels is within 2 SD, tissue volumes within a quarter", () => {
    for (const built of everyWeek) checkBiometry(built);
  });

  test("means over all weeks are near the curves, so no measure hides a bias within its 2 SD", () => {
    const all = everyWeek.map(scores);
    for (const name of Object.keys(all[0]!)) {
      const mean = all.reduce((sum, z) => sum + z[name]!, 0) / all.length;
      expect(Math.abs(mean), `${name}: mean ${mean} SD`).toBeLessThan(0.8);
    }
  });

  test("each lateral ventricle is one lumen", () => {
    for (const { tissue, week } of everyWeek) {
      for (const side of [-1, 1]) {
        const [nx] = tissue.shape;
        const on = (n: number) => side * (tissue.affine[0] * (n % nx) + tissue.affine[3]) > 0;
        const { sizes } = connectedComponents(
          (n) => tissue.data[n] === tissues.lateralVentricle && on(n),
          tissue.shape,
          "corners",
        );
        const largest = Math.max(...sizes);
        const total = sizes.reduce((a, b) => a + b, 0);
        expect(largest / total, `week ${week}, side ${side}, parts ${sizes.slice(1)}`).toBeGreaterThan(0.97);
      }
    }
  });

  test("the brain lies in fluid: no tissue of the brain touches the outside", () => {
    for (const { tissue, week } of everyWeek) {
      const [nx, ny] = tissue.shape;
      let leaks = 0;
      tissue.data.forEach((t, n) => {
        if (t !== tissues.cortex && t !== tissues.whiteMatter && t !== tissues.cerebellum) return;
        for (const step of [1, nx, nx * ny]) if (tissue.data[n - step] === 0 || tissue.data[n + step] === 0) leaks++;
      });
      expect(leaks, `week ${week}`).toBe(0);
    }
  });

  test("the germinal matrix lies against the lumen, thins with age and is gone at 36 weeks", () => {
    for (const { tissue, week, measured } of everyWeek) {
      if (week >= 36) expect(measured.volume.germinalMatrix).toBe(0);
      if (week >= 35) continue;
      const toLumen = distanceTo((n) => tissue.data[n] === tissues.lateralVentricle, tissue.shape, [spacing, spacing, spacing]);
      const depths = toLumen.filter((_, n) => tissue.data[n] === tissues.germinalMatrix).sort();
      const deepest = depths[Math.floor(0.98 * depths.length)]!;
      expect(deepest, `week ${week}`).toBeLessThan(germinalMatrixWidth(week) * 1.15 + 1.2);
      expect(deepest, `week ${week}`).toBeGreaterThan(germinalMatrixWidth(week) * 0.6);
    }
  });

  test("brightness per tissue is what atlases show, on the scale of fluid's 90th percentile", () => {
    const ranges: readonly (readonly [Tissue, number, number])[] = [
      ["csf", 0.78, 0.93],
      ["lateralVentricle", 0.72, 0.9],
      ["whiteMatter", 0.58, 0.71],
      ["deepGrey", 0.51, 0.62],
      ["cortex", 0.45, 0.59],
      ["germinalMatrix", 0.47, 0.66],
      ["brainstem", 0.46, 0.58],
      ["cerebellum", 0.54, 0.67],
      ["corpusCallosum", 0.47, 0.6],
    ];
    for (const { image, tissue, week } of everyWeek) {
      const quantile = (name: Tissue, q: number) => {
        const values = image.data.filter((_, n) => tissue.data[n] === tissues[name]).sort();
        return values[Math.floor(q * values.length)];
      };
      expect(quantile("csf", 0.9)).toBeCloseTo(1, 5);
      for (const [name, low, high] of ranges) {
        const median = quantile(name, 0.5);
        if (median === undefined || (name === "germinalMatrix" && week > 33)) continue; // thinner than a voxel then
        expect(median, `${name} at week ${week}`).toBeGreaterThan(low);
        expect(median, `${name} at week ${week}`).toBeLessThan(high);
      }
    }
  });

  test("fluid lies between thalami and splenium, and round the midbrain towards the temporal horns, that is no ventricle", () => {
    let wings = 0;
    for (const { tissue, anatomy } of everyWeek) {
      const { scale } = frameOf(anatomy);
      const fluid = (x: number, y: number, z: number) => {
        const place = [x * scale[0], y * scale[1], z * scale[2]];
        const [i, j, k] = place.map((mm, axis) => Math.round((mm - tissue.affine[axis * 4 + 3]!) / spacing)) as [
          number,
          number,
          number,
        ];
        const near = [-1, 0, 1].flatMap((b) =>
          [-1, 0, 1].map((c) => tissue.data[i + tissue.shape[0] * (j + b + tissue.shape[1] * (k + c))]),
        );
        return near.filter((id) => id === tissues.csf).length;
      };
      expect(fluid(3, -8, -2), "velum interpositum").toBeGreaterThan(2);
      for (const side of [-1, 1]) wings += fluid(side * 10, -10.4, -7.2) > 0 ? 1 : 0;
    }
    expect(wings / (2 * everyWeek.length), "share of sides with a wing there").toBeGreaterThan(0.6); // narrow ones are warped past the place
  });

  test("the cortex folds with age", () => {
    const folded = everyWeek.map(gyrification);
    const about = (week: number) => [-1, 0, 1].reduce((sum, by) => sum + folded[week - 20 + by]! / 3, 0); // one subject a week: they differ
    expect(about(22), "22 weeks").toBeLessThan(about(30));
    expect(about(30), "30 weeks").toBeLessThan(about(34) - 0.1);
    expect(about(34), "34 weeks").toBeLessThan(about(37));
  });
});

/** Faces between brain and fluid, over the same for a ball of the brain's volume. */
function gyrification({ tissue }: Built): number {
  const [nx, ny] = tissue.shape;
  const brain = (t: number) => t !== tissues.background && t !== tissues.csf && t !== tissues.otherBrain;
  let faces = 0;
  let count = 0;
  for (let n = 0; n < tissue.data.length; n++) {
    if (!brain(tissue.data[n]!)) continue;
    count++;
    for (const step of [1, nx, nx * ny]) {
      if (!brain(tissue.data[n + step] ?? 0)) faces++;
      if (!brain(tissue.data[n - step] ?? 0)) faces++;
    }
  }
  return faces / count ** (2 / 3);
}

test("other seeds of the early, middle and late weeks keep to the curves too", () => {
  for (const [week, seed] of [[20, 101], [25, 103], [31, 104], [38, 106]] as const) checkBiometry(build(week, seed)); // biome-ignore format: pairs
}, 60_000);

test("the same anatomy gives the same voxels; another folding seed gives others", () => {
  const anatomy = drawPhantom(seededRng(1), 33);
  const [a, b] = [buildPhantom(anatomy, 2), buildPhantom(JSON.parse(JSON.stringify(anatomy)) as PhantomAnatomy, 2)];
  expect(b).toEqual(a);
  const other = buildPhantom({ ...anatomy, folding: { ...anatomy.folding, left: { ...anatomy.folding.left, seed: 1 } } }, 2);
  expect(other.tissue.data).not.toEqual(a.tissue.data);
});

test("left and right mirror each other up to folding; an asymmetric drawing does not", () => {
  const average = drawPhantom(seededRng(3), 24, { variability: 0 });
  const size = { atrialWidth: 7.4, volume: 1.6 };
  const even = measureBiometry(buildPhantom({ ...average, ventricles: { left: size, right: size } }, spacing).tissue);
  expect(even.ventricle.left / even.ventricle.right).toBeCloseTo(1, 1);
  const larger = { atrialWidth: 9, volume: 2.1 };
  const uneven = measureBiometry(buildPhantom({ ...average, ventricles: { left: larger, right: size } }, spacing).tissue);
  expect(uneven.ventricle.left / uneven.ventricle.right).toBeGreaterThan(1.15);
  expect(uneven.atrialWidth.left).toBeGreaterThan(uneven.atrialWidth.right);
});
