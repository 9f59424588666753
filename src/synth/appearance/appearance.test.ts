import { expect, test } from "vitest";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { seededRng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import type { Scene } from "../scene.ts";
import { type Appearance, drawAppearance } from "./draw.ts";
import { appearanceOptions } from "./options.ts";
import { paintAppearance } from "./paint.ts";

const head = toyHead();
const scene: Scene = { image: { ...head.image, data: head.image.data.map((v) => v / 1000) }, tissue: head.tissue, lesion: null };
const draw = (more: object, seed = 1) =>
  drawAppearance(seededRng(seed), appearanceOptions.parse({ kind: "random", ...more })) as Appearance;

/** Mean and relative standard deviation of the signal of a tissue. */
function signalOf({ image, tissue }: Scene, id: number): { mean: number; spread: number } {
  const values = [...image.data].filter((_, i) => tissue.data[i] === id);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, spread: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) / mean };
}

test("severity 0 gives the same voxels to the bit", () => {
  const same = paintAppearance(scene, draw({ severity: [0, 0] }));
  expect(Buffer.from(same.image.data.buffer).equals(Buffer.from(scene.image.data.buffer))).toBe(true);
});

test("each tissue takes the drawn signal, and ids stay", () => {
  const look = draw({ severity: [1, 1], subclassShare: 0, texture: 0, blurMm: 0 });
  const painted = paintAppearance(scene, look);
  expect(painted.tissue).toBe(scene.tissue);
  for (const name of ["csf", "cortex", "whiteMatter", "lateralVentricle", "deepGrey"] as const) {
    const { level, gain } = look.tissues[tissues[name]]!;
    const before = signalOf(scene, tissues[name]).mean; // toy tissues are flat
    expect(signalOf(painted, tissues[name]).mean).toBeCloseTo(level ?? before * gain, 4);
  }
});

test("black stays black without a blur, nothing is negative, and other seeds give other signals", () => {
  const painted = paintAppearance(scene, draw({ severity: [1, 1], texture: 1, blurMm: 0 }));
  expect(painted.image.data.every((v, i) => v >= 0 && (scene.image.data[i] !== 0 || v === 0))).toBe(true);
  expect(draw({ severity: [1, 1] }, 2).tissues).not.toEqual(draw({ severity: [1, 1] }, 1).tissues);
});

test("blotches split a tissue, grain and blur do what they say", () => {
  const id = tissues.whiteMatter;
  const flat = { severity: [1, 1], subclassShare: 0, texture: 0, blurMm: 0 };
  expect(signalOf(paintAppearance(scene, draw(flat)), id).spread).toBeLessThan(1e-4);
  const split = paintAppearance(scene, draw({ ...flat, subclassShare: 1 }));
  expect(signalOf(split, id).spread).toBeGreaterThan(0.02);
  expect(signalOf(paintAppearance(scene, draw({ ...flat, texture: 0.3 })), id).spread).toBeGreaterThan(0.01);
  const plain = paintAppearance(scene, draw(flat));
  const look = draw(flat);
  const blurred = paintAppearance(scene, { ...look, blurMm: 1.5 });
  const total = (s: Scene) => s.image.data.reduce((a, b) => a + b, 0);
  expect(total(blurred) / total(plain)).toBeCloseTo(1, 2);
  expect(signalOf(blurred, tissues.cortex).spread).toBeGreaterThan(signalOf(plain, tissues.cortex).spread + 0.02);
});

test("a case that keeps its own signals draws nothing", () => {
  expect(drawAppearance(seededRng(1), appearanceOptions.parse({}))).toBeNull();
});
