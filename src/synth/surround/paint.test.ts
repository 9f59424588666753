import { expect, test } from "vitest";
import { applyAffine, axisAlignedAffine, invertAffine, type Vec3 } from "../../core/affine.ts";
import { seededRng } from "../../core/rng.ts";
import { headGeometry, type Scene } from "../scene.ts";
import { drawSurround, type Uterus } from "./draw.ts";
import { measuredLevels } from "./levels.ts";
import { surroundOptions } from "./options.ts";
import { paintSurround } from "./paint.ts";

const spacing = 2;
const radii = [22, 28, 24] as const;

/** Level of an ellipsoidal brain with a rim of fluid, a bleed in it; with `shellMm` also a dark skull and a scalp of its own. */
function headScene(shellMm = 0): Scene {
  const shape: Vec3 = [40, 42, 38];
  const affine = axisAlignedAffine(shape, [spacing, spacing, spacing], [5, -3, 8]);
  const size = shape[0] * shape[1] * shape[2];
  const image = new Float32Array(size);
  const tissue = new Uint8Array(size);
  const lesion = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const at = [i % 40, Math.floor(i / 40) % 42, Math.floor(i / 1680)].map((v, n) => (v - (shape[n]! - 1) / 2) * spacing);
    const r = Math.hypot(...at.map((v, n) => v / radii[n]!));
    const depth = (1 - r) * 24;
    tissue[i] = depth < 0 ? 0 : depth < 4 ? 1 : 3;
    lesion[i] = Math.hypot(...at) < 6 ? 1 : 0;
    image[i] = depth < -shellMm ? 0 : depth < -shellMm / 2 ? 0.45 : [0.1, 0.9, 0, 0.6][tissue[i]!]!;
    if (shellMm === 0 && depth < 0) image[i] = 0;
  }
  const volume = <D extends Float32Array | Uint8Array>(data: D) => ({ data, shape, affine });
  return { image: volume(image), tissue: volume(tissue), lesion: volume(lesion) };
}

function draw(scene: Scene, seed: number, more: Record<string, unknown> = {}) {
  const options = surroundOptions.parse({ maskedShare: 0, fieldMm: 130, ...more });
  return drawSurround(seededRng(seed), options, headGeometry(scene));
}

/** For every voxel of the old grid, its index in the new one. */
function indexIn(scene: Scene, larger: Scene): Int32Array {
  const toNew = invertAffine(larger.image.affine);
  const [nx, ny] = scene.image.shape;
  const [gx, gy] = larger.image.shape;
  let off = 0;
  const at = Int32Array.from({ length: scene.image.data.length }, (_, i) => {
    const world = applyAffine(scene.image.affine, [i % nx, Math.floor(i / nx) % ny, Math.floor(i / nx / ny)]);
    const voxel = applyAffine(toNew, world);
    const [x, y, z] = [Math.round(voxel[0]), Math.round(voxel[1]), Math.round(voxel[2])] as const;
    off = Math.max(off, Math.abs(voxel[0] - x), Math.abs(voxel[1] - y), Math.abs(voxel[2] - z));
    return x + gx * (y + gy * z);
  });
  expect(off).toBeLessThan(1e-6); // whole voxels: nothing is resampled
  return at;
}

test("brain voxels stay where they are in the world and keep their values to the bit; nothing outside gets a label", () => {
  const scene = headScene();
  for (let seed = 0; seed < 3; seed++) {
    const out = paintSurround(scene, draw(scene, seed));
    const at = indexIn(scene, out);
    let wrong = 0;
    let painted = 0;
    for (let i = 0; i < at.length; i++) {
      const p = at[i]!;
      if (out.tissue.data[p] !== scene.tissue.data[i] || out.lesion!.data[p] !== scene.lesion!.data[i]) wrong++;
      if (scene.tissue.data[i] !== 0 && out.image.data[p] !== scene.image.data[i]) wrong++;
    }
    expect(wrong).toBe(0);
    const sum = (data: ArrayLike<number>) =>
      Array.prototype.reduce.call(data, (s, v) => (s as number) + (v as number), 0) as number;
    expect(sum(out.tissue.data)).toBe(sum(scene.tissue.data));
    expect(sum(out.lesion!.data)).toBe(sum(scene.lesion!.data));
    for (let p = 0; p < out.image.data.length; p++) if (out.tissue.data[p] === 0 && out.image.data[p]! > 0) painted++;
    expect(painted).toBeGreaterThan(0.95 * (out.image.data.length - scene.image.data.length));
    expect(out.image.data.every((v) => Number.isFinite(v) && v >= 0 && v < 3)).toBe(true);
  }
});

test("the field is covered around the head, and the given scene is not modified", () => {
  const scene = headScene();
  const before = scene.image.data.slice();
  const { image } = paintSurround(scene, draw(scene, 4));
  const { centre } = headGeometry(scene);
  const [low, high] = [[-0.5, -0.5, -0.5] as const, image.shape.map((n) => n - 0.5) as unknown as Vec3].map((v) =>
    applyAffine(image.affine, v),
  );
  for (const axis of [0, 1, 2] as const) {
    expect(centre[axis] - low![axis]).toBeGreaterThanOrEqual(65);
    expect(high![axis] - centre[axis]).toBeGreaterThanOrEqual(65);
    expect(high![axis] - low![axis]).toBeLessThan(130 + 4 * spacing);
  }
  expect(scene.image.data).toEqual(before);
});

test("a drawn surround is plain JSON that gives the same bytes again; another seed gives others", () => {
  const scene = headScene();
  const drawn = draw(scene, 5);
  const first = paintSurround(scene, drawn).image.data;
  const again = paintSurround(scene, JSON.parse(JSON.stringify(drawn))).image.data;
  expect(Buffer.from(first.buffer).equals(Buffer.from(again.buffer))).toBe(true);
  expect(Buffer.from(paintSurround(scene, draw(scene, 6)).image.data.buffer).equals(Buffer.from(first.buffer))).toBe(false);
});

/** Mean signal over the vault, `from` to `to` mm outside the brain. */
function shellMean(out: Scene, from: number, to: number): number {
  const { centre } = headGeometry(out);
  const toLocal = out.image.affine;
  const [nx, ny] = out.image.shape;
  let sum = 0;
  let count = 0;
  for (let p = 0; p < out.image.data.length; p++) {
    const world = applyAffine(toLocal, [p % nx, Math.floor(p / nx) % ny, Math.floor(p / nx / ny)]);
    const at = world.map((v, i) => v - centre[i]!);
    const d = (Math.hypot(...at.map((v, i) => v / radii[i]!)) - 1) * 24;
    if (at[2]! < 5 || d < from || d > to) continue;
    sum += out.image.data[p]!;
    count++;
  }
  return sum / count;
}

test("a bare brain gets a dark skull and a brighter scalp; a head that has them gets no others", () => {
  const scene = headScene();
  const uterus = (seed: number, shell: Uterus["head"]): Uterus => ({
    ...(draw(scene, seed, { contrastSeverity: 0, blobs: 0 }) as Uterus),
    head: shell,
  });
  const thick = { gapMm: 0, skullMm: 4, scalpMm: 5, uneven: 0 };
  for (let seed = 0; seed < 2; seed++) {
    const out = paintSurround(scene, uterus(seed, thick));
    expect(shellMean(out, 1, 3)).toBeLessThan(0.22);
    expect(Math.abs(shellMean(out, 5.5, 8) - measuredLevels.scalp)).toBeLessThan(0.12);
  }
  const own = headScene(8);
  const painted = paintSurround(own, { ...uterus(0, thick), centre: headGeometry(own).centre });
  const at = indexIn(own, painted);
  let changed = 0;
  for (let i = 0; i < at.length; i++) if (own.image.data[i]! > 0 && painted.image.data[at[i]!]! < own.image.data[i]!) changed++;
  expect(changed).toBe(0);
  expect(shellMean(painted, 8.5, 11)).toBeGreaterThan(measuredLevels.skull + 0.15);
});

test("a partly filled rim of a given scalp takes the rest from what is painted behind it", () => {
  const scene = headScene(12);
  const { data, shape } = scene.image;
  const around = [1, -1, shape[0], -shape[0], shape[0] * shape[1], -shape[0] * shape[1]];
  const rim = Array.from(data.keys()).filter((i) => data[i]! > 0 && around.some((d) => data[i + d] === 0));
  const thin = data.slice();
  for (const i of rim) thin[i] = 0.09; // a fifth of the scalp's .45
  const given: Scene = { ...scene, image: { ...scene.image, data: thin } };
  const sac = { pocketMm: 9, pocketVariationMm: 0 };
  const drawn = draw(given, 2, { contrastSeverity: 0, blobs: 0 }) as Uterus;
  const fluid = paintSurround(given, { ...drawn, sac: { ...drawn.sac, ...sac, swirl: 0 }, solids: [] });
  const at = indexIn(given, fluid);
  const mean = rim.reduce((sum, i) => sum + fluid.image.data[at[i]!]!, 0) / rim.length;
  expect(Math.abs(mean - (0.09 + 0.8 * measuredLevels.fluid))).toBeLessThan(0.06);
});

test("a longer brainstem moves neither face nor neck", () => {
  const head = headGeometry(headScene());
  const long = {
    centre: [head.centre[0], head.centre[1], head.centre[2] - 6] as const,
    radii: [head.radii[0], head.radii[1], head.radii[2] + 6] as const,
  };
  const options = surroundOptions.parse({ maskedShare: 0 });
  const [a, b] = [head, long].map((h) => drawSurround(seededRng(3), options, h) as Uterus);
  expect(b!.centre[2]).toBeCloseTo(a!.centre[2], 9);
  expect(b!.solids).toEqual(a!.solids);
});

test("kind none gives the masked brain, and the masked share is kept", () => {
  const scene = headScene(8);
  const out = paintSurround(scene, draw(scene, 1, { kind: "none" }));
  expect(out.maskMarginMm).toBe(0);
  expect(out.image.data.every((v, i) => v === (scene.tissue.data[i] === 0 ? 0 : scene.image.data[i]))).toBe(true);
  const margins = Array.from({ length: 600 }, (_, seed) => {
    const drawn = draw(scene, seed, { maskedShare: 0.4 });
    return drawn.kind === "none" ? 0 : drawn.maskMarginMm;
  });
  const masked = margins.filter((m) => m !== null).length / margins.length;
  expect(masked).toBeGreaterThan(0.34);
  expect(masked).toBeLessThan(0.46);
  expect(margins.filter((m) => m === 0).length / margins.length).toBeGreaterThan(0.14); // half of them tight
});

test("contrast as measured at severity 0, far from it at 1", () => {
  const scene = headScene();
  expect((draw(scene, 1, { contrastSeverity: 0 }) as Uterus).levels).toEqual(measuredLevels);
  const placentas = Array.from(
    { length: 200 },
    (_, seed) => (draw(scene, seed, { contrastSeverity: 1 }) as Uterus).levels.placenta,
  );
  expect(Math.min(...placentas)).toBeLessThan(0.2);
  expect(Math.max(...placentas)).toBeGreaterThan(0.8);
});
