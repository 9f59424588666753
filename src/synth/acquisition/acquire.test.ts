import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Affine, applyAffine, axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { seededRng } from "../../core/rng.ts";
import { type Plane, slicePlane } from "../../core/volume.ts";
import { headGeometry, type Scene } from "../scene.ts";
import { acquireStack, type Stack } from "./acquire.ts";
import { type Acquisition, drawAcquisition, type Effect } from "./draw.ts";
import { acquisitionOptions } from "./options.ts";

const effects = [
  "fieldStrength",
  "contrast",
  "blur",
  "motion",
  "signalDrop",
  "flowVoid",
  "amnioticVoid",
  "bias",
  "noise",
] as const satisfies readonly Effect[];
const planes = ["axial", "coronal", "sagittal"] as const satisfies readonly Plane[];

/** Options with every effect at severity 0 but those named. */
function onlyWith(severity: Partial<Record<Effect, number>>, more: Record<string, unknown> = {}) {
  const off = effects.map((effect) => [effect, { severity: [severity[effect] ?? 0, severity[effect] ?? 0] }]);
  return acquisitionOptions.parse({ ...Object.fromEntries(off), fieldMm: [60, 60], pixelMm: [1, 1], ...more });
}

/** A ball of brain with fluid ventricles in it, a bleed beside them, and faint tissue and fluid around. */
function ballScene(spacing = 1.25): Scene {
  const n = Math.round(70 / spacing);
  const shape: Vec3 = [n, n, n];
  const affine = axisAlignedAffine(shape, [spacing, spacing, spacing], [3, -4, 5]);
  const image = new Float32Array(n ** 3);
  const tissue = new Uint8Array(n ** 3);
  const lesion = new Float32Array(n ** 3);
  for (let i = 0; i < image.length; i++) {
    const at = [i % n, Math.floor(i / n) % n, Math.floor(i / n / n)].map((v) => (v - (n - 1) / 2) * spacing) as unknown as Vec3;
    const r = Math.hypot(...at);
    tissue[i] = r > 24 ? 0 : r < 9 ? 4 : at[0] > 12 ? 1 : 3;
    lesion[i] = Math.hypot(at[0] - 10, at[1], at[2]) < 6 && r < 24 ? 1 : 0;
    const outside = r > 27 ? 0.95 : 0.3; // scalp, then fluid
    image[i] = lesion[i] === 1 ? 0.25 : [outside, 0.95, 0, 0.6, 0.9][tissue[i]!]!;
  }
  const volume = <D extends Float32Array | Uint8Array>(data: D) => ({ data, shape, affine });
  return { image: volume(image), tissue: volume(tissue), lesion: volume(lesion) };
}

function take(
  scene: Scene,
  options: ReturnType<typeof onlyWith>,
  plane: Plane = "axial",
  seed = 1,
): Stack & { drawn: Acquisition } {
  const drawn = drawAcquisition(seededRng(seed), options, plane, headGeometry(scene));
  return { ...acquireStack(scene, drawn), drawn };
}

/** Same bytes; `toEqual` is slow on a million of them. */
function isSame(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): boolean {
  return Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}

interface Fixture {
  scene: { shape: Vec3; affine: Affine; image: number[]; tissue: number[]; blood: number[] };
  stack: { shape: Vec3; affine: Affine; pixelMm: number; thicknessMm: number; gapMm: number };
  profile: Acquisition["profile"];
  pivot: Vec3;
  poses: Acquisition["poses"];
  expected: { image: number[]; tissue: number[]; coverage: number[] };
}

test("with every effect off, a stack is what scipy samples through the profile, slice by slice in its pose", () => {
  const file = join(import.meta.dirname, "../../../test/fixtures/acquisition.json");
  const { scene: given, stack, expected, ...rest } = JSON.parse(readFileSync(file, "utf8")) as Fixture;
  const grid = { shape: given.shape, affine: given.affine };
  const scene: Scene = {
    image: { data: Float32Array.from(given.image), ...grid },
    tissue: { data: Uint8Array.from(given.tissue), ...grid },
    lesion: { data: Float32Array.from(given.blood), ...grid },
  };
  const off = drawAcquisition(seededRng(1), onlyWith({}), "axial", headGeometry(scene));
  const got = acquireStack(scene, { ...off, grid: stack, ...rest });
  for (const [i, value] of expected.image.entries()) expect(got.image.data[i]).toBeCloseTo(value, 4);
  expect([...got.tissue.data]).toEqual(expected.tissue);
  const blood = expected.coverage.map((c, i) => (c >= 0.5 && expected.tissue[i]! > 0 ? 1 : 0));
  expect([...got.lesion.data]).toEqual(blood);
  expect(blood).toContain(1);
  expect(expected.image).toContain(0); // the stack reaches beyond the scene
});

test("each effect changes the image at severity 1, is the identity at 0, and leaves the draws of the others alone", () => {
  const scene = ballScene();
  const off = take(scene, onlyWith({}));
  for (const effect of effects) {
    const on = take(scene, onlyWith({ [effect]: 1 }));
    expect(isSame(on.image.data, off.image.data), effect).toBe(false);
    const { grid, order } = on.drawn;
    expect({ grid, order }, effect).toEqual({ grid: off.drawn.grid, order: off.drawn.order });
    if (effect !== "motion") expect(isSame(on.lesion.data, off.lesion.data), effect).toBe(true); // drops and voids are never labelled
  }
  // Severity 0 is the identity and not just a small number: nothing of the effect is left in what was drawn.
  const { contrast, blur, drops, flowVoids, amnioticVoids, bias, noise, poses } = off.drawn;
  expect(contrast.gains.every((g) => g === 1) && contrast.gamma === 1).toBe(true);
  expect({ blur: blur.resolutionPixels, drops, flowVoids, amnioticVoids, bias, sigma: noise.sigma }).toEqual({
    blur: [1, 1],
    drops: [],
    flowVoids: [],
    amnioticVoids: [],
    bias: [],
    sigma: 0,
  });
  expect(poses.every((p) => [...p.rotationDegrees, ...p.translationMm].every((v) => v === 0))).toBe(true);
});

test.each(planes)("a bright point lands in the voxel that the affine says, %s", (plane) => {
  const spacing = 0.8;
  const shape: Vec3 = [90, 90, 90];
  const affine = axisAlignedAffine(shape, [spacing, spacing, spacing], [2, 3, -4]);
  const tissue = new Uint8Array(90 ** 3).fill(3);
  for (let seed = 0; seed < 4; seed++) {
    const image = new Float32Array(90 ** 3);
    const at: Vec3 = [30 + 7 * seed, 52 - 5 * seed, 41 + 3 * seed];
    image[at[0] + 90 * (at[1] + 90 * at[2])] = 1;
    const scene: Scene = { image: { data: image, shape, affine }, tissue: { data: tissue, shape, affine }, lesion: null };
    const options = onlyWith({}, { fieldMm: [90, 90], inPlaneDegrees: 40, obliqueDegrees: 15, profile: "gaussian" });
    const stack = take(scene, options, plane, seed);
    const brightest = stack.image.data.indexOf(stack.image.data.reduce((a, b) => Math.max(a, b)));
    const [w, h] = stack.image.shape;
    const voxel: Vec3 = [brightest % w, Math.floor(brightest / w) % h, Math.floor(brightest / w / h)];
    const found = applyAffine(stack.image.affine, voxel);
    const truth = applyAffine(affine, at);
    const { thicknessMm, gapMm } = stack.drawn.grid;
    // Half a pixel in the plane, half a slice through it.
    expect(Math.hypot(...found.map((v, i) => v - truth[i]!))).toBeLessThan(
      Math.hypot(0.75, 0.75, (thicknessMm + gapMm) / 2 + 0.3),
    );
    expect(slicePlane(stack.image)).toBe(plane);
  }
});

test("with no shift and equal margins the field is centred on the head and covers it", () => {
  const scene = ballScene(2);
  const head = headGeometry(scene);
  for (const plane of planes) {
    const { affine, shape } = drawAcquisition(seededRng(3), onlyWith({}, { offsetMm: 0, marginMm: [8, 8] }), plane, head).grid;
    const middle = applyAffine(affine, shape.map((n) => (n - 1) / 2) as unknown as Vec3);
    expect(Math.hypot(...middle.map((v, i) => v - head.centre[i]!))).toBeLessThan(1e-9);
    const ends = [0, shape[2] - 1].map((k) => applyAffine(affine, [(shape[0] - 1) / 2, (shape[1] - 1) / 2, k]));
    for (const end of ends) expect(Math.hypot(...end.map((v, i) => v - head.centre[i]!))).toBeGreaterThan(24);
  }
});

/** A scene of 1 mm voxels that is 0 but for a sheet of blood across z, `from` to `to` mm from its middle. */
function sheetScene(from: number, to: number): Scene {
  const shape: Vec3 = [8, 8, 24];
  const affine = axisAlignedAffine(shape, [4, 4, 1]);
  const sheet = new Float32Array(8 * 8 * 24);
  for (let i = 0; i < sheet.length; i++) {
    const z = Math.floor(i / 64) - 23 / 2;
    sheet[i] = z > from && z < to ? 1 : 0;
  }
  const tissue = { data: new Uint8Array(sheet.length).fill(3), shape, affine };
  return { image: { data: sheet, shape, affine }, tissue, lesion: { data: sheet, shape, affine } };
}

/** Error function by Abramowitz & Stegun 7.1.26. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return Math.sign(x) * (1 - tail);
}

test("a thin sheet is partial-volumed as the slice profile's integral says, and is labelled when it fills half of the slice", () => {
  const analytic = {
    box: (thickness: number, a: number, b: number) => (Math.min(b, thickness / 2) - Math.max(a, -thickness / 2)) / thickness,
    gaussian: (thickness: number, a: number, b: number) => {
      const scale = thickness / (2 * Math.sqrt(Math.LN2)); // sqrt(2) standard deviations
      return (erf(b / scale) - erf(a / scale)) / 2;
    },
  };
  const still = {
    obliqueDegrees: 0,
    inPlaneDegrees: 0,
    offsetMm: 0,
    fieldMm: [20, 20],
    thicknessMm: [4, 4],
    gapMm: [0, 0],
    marginMm: [0, 0],
  };
  const centre = 10 + 20 * 10;
  for (const profile of ["box", "gaussian"] as const) {
    for (const [from, to] of [
      [-1, 1],
      [-1, 0],
      [-2, 1],
      [0, 1],
    ] as const) {
      const scene = sheetScene(from, to);
      const drawn = drawAcquisition(seededRng(1), onlyWith({}, { ...still, profile }), "axial", headGeometry(scene));
      const shape: Vec3 = [20, 20, 1];
      const { image, lesion } = acquireStack(scene, {
        ...drawn,
        grid: { ...drawn.grid, shape, affine: axisAlignedAffine(shape, [1, 1, 4]) },
      });
      const truth = analytic[profile](4, from, to);
      expect(Math.abs(image.data[centre]! - truth), `${profile} ${from} ${to}`).toBeLessThan(0.035);
      if (Math.abs(truth - 0.5) > 0.04) expect(lesion.data[centre]).toBe(truth > 0.5 ? 1 : 0);
    }
  }
});

test("noise is Rician with the asked signal-to-noise ratio, whatever the point spread", () => {
  const flat = (value: number): Scene => {
    const shape: Vec3 = [40, 40, 40];
    const grid = { shape, affine: axisAlignedAffine(shape, [2, 2, 2]) };
    return {
      image: { data: new Float32Array(64000).fill(value), ...grid },
      tissue: { data: new Uint8Array(64000).fill(3), ...grid },
      lesion: null,
    };
  };
  const moments = (signal: number, blur: number) => {
    const noise = { severity: [0.5, 0.5], snr: 6, logRange: 0 };
    const { image } = take(flat(signal), onlyWith({ noise: 0.5, blur }, { noise, offsetMm: 0, fieldMm: [50, 50] }));
    const plane = image.shape[0] * image.shape[1];
    const middle = Math.floor(image.shape[2] / 2);
    const inside = image.data.subarray((middle - 4) * plane, (middle + 5) * plane); // the outer slices leave the scene
    const mean = inside.reduce((s, v) => s + v, 0) / inside.length;
    return { mean, square: inside.reduce((s, v) => s + v * v, 0) / inside.length };
  };
  const sigma = 0.6 / 12; // white matter over sigma is 6 at severity 1, so 12 at a half
  for (const blur of [0, 1]) {
    const air = moments(0, blur);
    expect(air.mean / (sigma * Math.sqrt(Math.PI / 2))).toBeCloseTo(1, 1); // Rayleigh
    expect(air.square / (2 * sigma ** 2)).toBeCloseTo(1, 1);
    const tissue = moments(0.6, blur);
    expect(Math.abs(tissue.square - 0.36 - 2 * sigma ** 2)).toBeLessThan(0.0025); // half of what the noise adds; four standard errors
    const deviation = Math.sqrt(tissue.square - tissue.mean ** 2);
    expect(0.6 / deviation).toBeGreaterThan(11.3);
    expect(0.6 / deviation).toBeLessThan(12.7);
  }
});

test("a drawn scan is plain JSON that gives the same bytes again; another seed gives others", () => {
  const scene = ballScene(2);
  const options = onlyWith({ contrast: 1, blur: 1, motion: 1, signalDrop: 1, flowVoid: 1, bias: 1, noise: 1 });
  for (const plane of planes) {
    const first = take(scene, options, plane, 7);
    const again = acquireStack(scene, JSON.parse(JSON.stringify(first.drawn)));
    for (const part of ["image", "tissue", "lesion", "brain"] as const)
      expect(isSame(again[part].data, first[part].data), part).toBe(true);
    expect(isSame(take(scene, options, plane, 8).image.data, first.image.data)).toBe(false);
  }
});

test("no label lies outside the brain, and slices go on beyond it at both ends", () => {
  const scene = ballScene();
  for (let seed = 0; seed < 3; seed++) {
    const { brain, tissue, lesion } = take(scene, onlyWith({ motion: 0.5 }), "coronal", seed);
    let blood = 0;
    let outside = 0;
    for (let i = 0; i < brain.data.length; i++) {
      if ((brain.data[i] === 1) !== tissue.data[i]! > 0) outside++;
      if (lesion.data[i] === 1 && brain.data[i] === 0) outside++;
      blood += lesion.data[i]!;
    }
    expect(outside).toBe(0);
    expect(blood).toBeGreaterThan(0);
    const plane = brain.shape[0] * brain.shape[1];
    expect(brain.data.subarray(0, plane).includes(1)).toBe(false);
    expect(brain.data.subarray(-plane).includes(1)).toBe(false);
  }
});

test("a scene with a mask margin comes out exactly 0 beyond it and untouched within", () => {
  const scene = ballScene();
  const options = onlyWith({ noise: 1, blur: 1, bias: 1 });
  const raw = take(scene, options);
  for (const maskMarginMm of [0, 3]) {
    const masked = take({ ...scene, maskMarginMm }, options);
    const [w, h, n] = masked.image.shape;
    const reach = Math.ceil(maskMarginMm);
    for (let i = 0; i < masked.image.data.length; i++) {
      let nearest = Infinity;
      const [x, y, z] = [i % w, Math.floor(i / w) % h, Math.floor(i / w / h)];
      if (z !== Math.floor(n / 2)) continue;
      for (let dy = -reach; dy <= reach; dy++) {
        for (let dx = -reach; dx <= reach; dx++) {
          const inside = x + dx >= 0 && x + dx < w && y + dy >= 0 && y + dy < h;
          if (inside && masked.brain.data[i + dx + w * dy] === 1) nearest = Math.min(nearest, Math.hypot(dx, dy));
        }
      }
      expect(masked.image.data[i]).toBe(nearest <= maskMarginMm + 1e-9 ? raw.image.data[i] : 0);
    }
  }
});

test("flow voids darken fluid alone", () => {
  const scene = ballScene();
  const options = onlyWith({ flowVoid: 1 }, { flowVoid: { severity: [1, 1], perStack: 40 } });
  const [off, on] = [take(scene, onlyWith({})), take(scene, options)];
  let darker = 0;
  let changed = 0; // outside fluid
  for (let i = 0; i < on.image.data.length; i++) {
    const isFluid = on.tissue.data[i] === 1 || on.tissue.data[i] === 4;
    if (!isFluid && on.image.data[i] !== off.image.data[i]) changed++;
    if (isFluid && on.image.data[i]! < 0.7 * off.image.data[i]!) darker++;
  }
  expect(changed).toBe(0);
  expect(darker).toBeGreaterThan(20);
});

test("voids of amniotic fluid darken what is bright outside the head alone, most of them beside it", () => {
  const scene = ballScene();
  const options = onlyWith({ amnioticVoid: 1 }, { amnioticVoid: { severity: [1, 1], perStack: 40, radiusMm: [2, 3] } });
  const [off, on] = [take(scene, onlyWith({})), take(scene, options)];
  let changed = 0; // in the brain, or where no fluid is
  let darker = 0;
  for (let i = 0; i < on.image.data.length; i++) {
    const isFluid = on.brain.data[i] === 0 && off.image.data[i]! > 0.35;
    if (!isFluid && on.image.data[i] !== off.image.data[i]) changed++;
    if (isFluid && on.image.data[i]! < 0.5 * off.image.data[i]!) darker++;
  }
  expect(changed).toBe(0);
  expect(darker).toBeGreaterThan(20);
  expect(isSame(on.lesion.data, off.lesion.data)).toBe(true);
  const { amnioticVoids } = on.drawn;
  const beside = amnioticVoids.filter(({ site }) => site === "skull").length / amnioticVoids.length;
  expect(amnioticVoids.length).toBeGreaterThan(20);
  expect(Math.abs(beside - 0.6)).toBeLessThan(0.25);
});
