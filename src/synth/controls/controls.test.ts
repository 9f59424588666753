import { describe, expect, test } from "vitest";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { seededRng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import { drawScene, repaintScene } from "../draw.ts";
import { prepareCase } from "../normal/case.ts";
import { synthOptions } from "../options.ts";
import type { ControlKind } from "./options.ts";

const head = toyHead({ zoned: true });
const normal = prepareCase(head.image, head.tissue, 27);
const off = Object.fromEntries(
  ["choroidPlexus", "eminence", "ventriculomegaly", "calcification", "septum"].map((kind) => [kind, { rate: 0 }]),
);
const options = (kind: ControlKind, lesion: object = {}) =>
  synthOptions.parse({
    control: { kind },
    negatives: off,
    lesion: { grades: { kind: "free", II: 1 }, bilateralShare: 0, ...lesion },
  });
const draw = (kind: ControlKind, seed: number, lesion: object = {}) =>
  drawScene(seededRng(seed), normal, false, options(kind, lesion));
const controls = ["random-blobs", "intensity-only", "site-only", "foreign-patch", "ellipses"] as const;
const seeds = Array.from({ length: 12 }, (_, i) => i);

/** World centre of a lesion, mm. */
function centroid({ scene }: ReturnType<typeof draw>): [number, number, number] {
  const { data, shape, affine } = scene.lesion!;
  const sum = [0, 0, 0, 0];
  for (let i = 0; i < data.length; i++) {
    const at = [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / shape[0] / shape[1])];
    for (let a = 0; a < 3; a++) sum[a]! += data[i]! * (affine[5 * a]! * at[a]! + affine[4 * a + 3]!);
    sum[3]! += data[i]!;
  }
  return [sum[0]! / sum[3]!, sum[1]! / sum[3]!, sum[2]! / sum[3]!];
}

describe.each(controls)("%s", (kind) => {
  test("paints a mask inside the brain, changes nothing else, and gives the same voxels again from its JSON", () => {
    for (const seed of seeds.slice(0, 4)) {
      const { scene, draw: drawn } = draw(kind, seed);
      expect(drawn.control).toBe(kind);
      let [blood, strayed, changed] = [0, 0, 0];
      for (let i = 0; i < scene.image.data.length; i++) {
        const cover = scene.lesion!.data[i]!;
        blood += cover >= 0.5 ? 1 : 0;
        if (cover > 0 && scene.tissue.data[i] === tissues.background) strayed++;
        if (cover === 0 && scene.image.data[i] !== normal.scene.image.data[i]) changed++;
      }
      expect(blood).toBeGreaterThan(20);
      expect([strayed, changed]).toEqual([0, 0]);
      expect(scene.tissue).toBe(normal.scene.tissue); // no prior moves the ventricles
      const again = repaintScene(normal, JSON.parse(JSON.stringify(drawn)));
      expect(again.image.data).toEqual(scene.image.data);
      expect(again.lesion!.data).toEqual(scene.lesion!.data);
    }
  });
});

test("full is what the priors give: the switch alone changes nothing", () => {
  const { scene } = draw("full", 3);
  const bare = drawScene(seededRng(3), normal, false, synthOptions.parse({ lesion: options("full").lesion, negatives: off }));
  expect(scene.image.data).toEqual(bare.scene.image.data);
});

test("site-only stays at the prior's sites, random-blobs and intensity-only do not", () => {
  // Grade I only: the germinal matrix of the toy lies below and in front, 5 to 20 mm beside the midline.
  const near = (kind: ControlKind) =>
    seeds.filter((seed) => {
      const [x, y, z] = centroid(draw(kind, seed, { grades: { kind: "free", I: 1 } }));
      return Math.abs(x) > 4 && Math.abs(x) < 20 && y > -10 && y < 14 && z > -6 && z < 9;
    }).length;
  expect(near("site-only")).toBe(seeds.length);
  expect(near("random-blobs")).toBeLessThan(seeds.length / 2);
  expect(near("intensity-only")).toBeLessThan(seeds.length / 2);
});

test("intensity-only is dark as blood is, random-blobs take any signal", () => {
  const dark = { stages: { dark: 1, rim: 0, bright: 0 } };
  const signals = (kind: ControlKind) => seeds.map((seed) => draw(kind, seed, dark).draw.bleed!.facts.meanSignal);
  expect(Math.max(...signals("intensity-only"))).toBeLessThan(normal.signals.darkTissue);
  const any = signals("random-blobs");
  expect(Math.max(...any)).toBeGreaterThan(0.7);
  expect(Math.min(...any)).toBeLessThan(0.5);
});

test("any signal is at most 1.1, where the image is brighter than that, too", () => {
  const data = normal.scene.image.data.map((value) => (value > 0 ? 1.5 : 0));
  const bright = { ...normal, scene: { ...normal.scene, image: { ...normal.scene.image, data } } };
  const drawn = seeds.map((seed) => drawScene(seededRng(seed), bright, false, options("random-blobs")).draw.bleed!);
  expect(Math.max(...drawn.map(({ bleed }) => bleed.parts[0]!.signal))).toBeLessThanOrEqual(1.1);
});

test("a pasted patch shows the image from its offset away, to the voxel where the offset is whole voxels", () => {
  const one = draw("foreign-patch", 1);
  const part = one.draw.bleed!.bleed.parts[0]!;
  const whole = {
    offset: part.patch!.offset.map((mm) => 1.5 * Math.round(mm / 1.5)) as unknown as readonly [number, number, number],
    share: 1,
  };
  const drawn = {
    ...one.draw,
    bleed: { ...one.draw.bleed!, bleed: { ...one.draw.bleed!.bleed, parts: [{ ...part, patch: whole }] } },
  };
  const { image, lesion } = repaintScene(normal, drawn);
  const [nx, ny] = image.shape;
  const step = whole.offset[0] / 1.5 + nx * (whole.offset[1] / 1.5 + (ny * whole.offset[2]) / 1.5);
  let inside = 0;
  for (let i = 0; i < image.data.length; i++) {
    if (lesion!.data[i]! < 1) continue;
    inside++;
    expect(image.data[i]).toBeCloseTo(Math.max(0.02, normal.scene.image.data[i + step]!), 4);
  }
  expect(inside).toBeGreaterThan(10);
});

test("blobs have the volume of the grade that was drawn", () => {
  for (const [name, low, high] of [
    ["I", 0.01, 0.35],
    ["III", 1.1, 10],
  ] as const) {
    for (const kind of ["random-blobs", "intensity-only"] as const) {
      const volumes = seeds
        .slice(0, 6)
        .map((seed) => draw(kind, seed, { grades: { kind: "free", [name]: 1 } }).draw.bleed!.facts.volumeMl);
      expect(Math.min(...volumes)).toBeGreaterThan(low);
      expect(Math.max(...volumes)).toBeLessThan(high);
    }
  }
});
