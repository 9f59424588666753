import { describe, expect, test } from "vitest";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { seededRng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import { forEachVoxel } from "../../core/volume.ts";
import { lesionOptions } from "../bleed/options.ts";
import { drawScene, repaintScene } from "../draw.ts";
import { prepareCase } from "../normal/case.ts";
import { headPoint, placeOf } from "../priors/anatomy.ts";
import { measureAtrium } from "../priors/atrium.ts";
import { germinalMatrixMm } from "../priors/germinal-matrix.ts";
import { ventriclePart } from "../priors/lumen.ts";
import { drawStructures, drawVentriculomegaly } from "./draw.ts";
import type { Negative } from "./negative.ts";
import { negativeOptions } from "./options.ts";
import { paintNegatives } from "./paint.ts";

const head = toyHead({ zoned: true });
const normal = prepareCase(head.image, head.tissue, 27);
const { scene, anatomy } = normal;
const kinds = ["choroidPlexus", "eminence", "calcification", "septum"] as const;
type Kind = (typeof kinds)[number];
const all = ["choroidPlexus", "eminence", "calcification", "septum", "ventriculomegaly"] as const;

/** Options in which only the named kinds ever occur, and always. */
const only = (...on: readonly (typeof all)[number][]) =>
  negativeOptions.parse(Object.fromEntries(all.map((kind) => [kind, { rate: on.includes(kind) ? 1 : 0 }])));
const draw = (kind: Kind, seed: number, weeks = 27) => drawStructures(seededRng(seed), anatomy, weeks, only(kind));

/** Voxels that painting changed, with by how much and where. */
function changes(structures: readonly Negative[]) {
  const painted = paintNegatives(scene, anatomy, structures).image.data;
  const out: { i: number; x: number; y: number; z: number; by: number }[] = [];
  forEachVoxel(scene.image.shape, (i, x, y, z) => {
    const by = painted[i]! - scene.image.data[i]!;
    if (Math.abs(by) > 1e-6) out.push({ i, x, y, z, by });
  });
  return out;
}

test("a rate of 0 switches a kind off, 1 always draws it, between gives its share; other kinds do not notice", () => {
  const everything = drawStructures(seededRng(3), anatomy, 27, only(...kinds));
  for (const kind of kinds) {
    const own = draw(kind, 3);
    expect(new Set(own.map((s) => s.kind))).toEqual(new Set([kind]));
    expect(everything.filter((s) => s.kind === kind)).toEqual(own);
  }
  expect(drawStructures(seededRng(3), anatomy, 27, only())).toEqual([]);
  const third = negativeOptions.parse({ ...only(), eminence: { rate: 0.3 } });
  const drawn = Array.from({ length: 400 }, (_, i) => drawStructures(seededRng(i), anatomy, 27, third).length > 0);
  expect(Math.abs(drawn.filter(Boolean).length / 400 - 0.3)).toBeLessThan(0.07);
});

describe.each(kinds)("%s", (kind) => {
  test("changes the image, no label, and is painted again from its JSON to the same voxels", () => {
    const structures = draw(kind, 5);
    const before = scene.image.data.slice();
    const painted = paintNegatives(scene, anatomy, structures);
    expect(changes(structures).length).toBeGreaterThan(3);
    expect(painted.lesion).toBeNull();
    expect(painted.tissue).toBe(scene.tissue);
    expect(paintNegatives(scene, anatomy, JSON.parse(JSON.stringify(structures))).image.data).toEqual(painted.image.data);
    expect(scene.image.data).toEqual(before);
  });
});

test("the choroid plexus lies in the lumen, not in the frontal or occipital horns, and has the signal drawn", () => {
  for (let seed = 0; seed < 6; seed++) {
    const structures = draw("choroidPlexus", seed);
    expect(structures.length).toBe(2);
    let wrong = 0;
    let horns = 0;
    const found = changes(structures);
    for (const { i, x, y, z } of found) {
      const at = headPoint(anatomy.toHead, x, y, z);
      const own = anatomy[at[0] > 0 ? "right" : "left"];
      if (own.lumen[i] === 0) wrong++;
      const part = ventriclePart(placeOf(own, at), own.front - own.back);
      if (part === "frontalHorn" || part === "occipitalHorn") horns++;
    }
    expect(wrong).toBe(0);
    expect(horns / found.length).toBeLessThan(0.12); // tufts reach over the border
  }
  const [left] = draw("choroidPlexus", 1);
  const deepest = Math.min(...changes([{ ...left!, signal: 0.3 } as Negative]).map(({ by }) => by));
  expect(deepest).toBeLessThan(-0.4); // from .82 / .95 of the toy's fluid towards .3
});

test("the eminence's band darkens tissue by the wall, no thicker than drawn, and is gone from 36 weeks on", () => {
  for (let seed = 0; seed < 4; seed++) {
    const structures = draw("eminence", seed);
    for (const { i, by } of changes(structures)) {
      expect(by).toBeLessThan(0);
      const wall = Math.min(anatomy.left.wallMm[i]!, anatomy.right.wallMm[i]!);
      expect(wall).toBeLessThan(germinalMatrixMm(27) * 1.8 * 1.15 + 1.2);
      expect([tissues.germinalMatrix, tissues.deepGrey, tissues.whiteMatter]).toContain(scene.tissue.data[i]);
    }
  }
  expect(draw("eminence", 1, 36.5)).toEqual([]);
});

test("a calcification is smaller than the smallest bleed of grade I, and dark", () => {
  for (let seed = 0; seed < 20; seed++) {
    for (const focus of draw("calcification", seed)) {
      const found = changes([focus]);
      const sections = new Map<number, number>();
      // As much of a voxel as it is darkened counts: on this 1.5 mm grid most are only part of a focus.
      for (const { i, z, by } of found) {
        const share = by / (focus.kind === "calcification" ? focus.signal - scene.image.data[i]! : 1);
        sections.set(z, (sections.get(z) ?? 0) + 2.25 * share);
      }
      expect(Math.max(0, ...sections.values())).toBeLessThan(7);
    }
  }
});

test("a septum crosses its own space only", () => {
  for (let seed = 0; seed < 10; seed++) {
    for (const septum of draw("septum", seed)) {
      if (septum.kind !== "septum") continue;
      for (const { i } of changes([septum])) {
        const inside = septum.space === "cavum" ? scene.tissue.data[i] === tissues.cavum : anatomy[septum.space].lumen[i] === 1;
        expect(inside).toBe(true);
      }
    }
  }
});

test("isolated ventriculomegaly: wide atria in a healthy scene without a lesion", () => {
  const room = { left: 14, right: 14 };
  for (let seed = 0; seed < 50; seed++) {
    for (const { atrialMm } of drawVentriculomegaly(seededRng(seed), only("ventriculomegaly"), room)) {
      expect(atrialMm >= 10 && atrialMm <= 14).toBe(true);
    }
  }
  const options = { lesion: lesionOptions.parse({}), negatives: only("ventriculomegaly"), control: { kind: "full" } } as const;
  const wide = drawScene(seededRng(2), normal, true, options);
  expect(wide.draw.bleed).toBeNull();
  expect(wide.scene.lesion).toBeNull();
  const { side, atrialMm } = wide.draw.negatives.dilations[0]!;
  const again = prepareCase(wide.scene.image, wide.scene.tissue, 27);
  expect(Math.abs(measureAtrium(again.anatomy, side) - atrialMm)).toBeLessThan(1);
});

test("what looks like blood is never labelled: the lesion of a bleed is the same with and without", () => {
  const lesion = lesionOptions.parse({ grades: { kind: "free", III: 1 } });
  const bare = drawScene(seededRng(8), normal, false, { lesion, negatives: only(), control: { kind: "full" } });
  const busy = drawScene(seededRng(8), normal, false, { lesion, negatives: only(...all), control: { kind: "full" } });
  expect(busy.draw.negatives.structures.length).toBeGreaterThan(4);
  expect(busy.draw.negatives.dilations).toEqual([]); // blood in a wide ventricle is no isolated ventriculomegaly
  expect(busy.draw.bleed).not.toBeNull();
  expect(busy.draw.bleed!.bleed.parts).toEqual(bare.draw.bleed!.bleed.parts);
  expect(busy.scene.lesion!.data).toEqual(bare.scene.lesion!.data);
  expect(busy.scene.image.data).not.toEqual(bare.scene.image.data);
  expect(repaintScene(normal, JSON.parse(JSON.stringify(busy.draw))).image.data).toEqual(busy.scene.image.data);
});
