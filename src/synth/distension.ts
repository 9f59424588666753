import { affineSpacing, type Vec3 } from "../core/affine.ts";
import { distanceTo } from "../core/distance.ts";
import { tissues } from "../core/tissue.ts";
import type { SidePlan } from "./bleed/bleed.ts";
import { type Anatomy, forEachVoxel } from "./priors/anatomy.ts";
import type { Scene } from "./scene.ts";
import { blurred, sampleCubic, sampleLinear, type VectorField } from "./warp.ts";

/** How ventricles are pushed apart. Plain JSON. */
export type Distension = Pick<SidePlan, "side" | "distensionMm">;

/** Width of the push, mm: the standard deviation of the blur that makes it smooth. Our guess. */
const pushMm = 5;
/** The push dies out over this distance from the skull's inner table, mm, so that the brain keeps its outline. */
const taperMm = 9;
const squarings = 5;

/**
 * Enlarges lateral ventricles by a smooth, invertible warp of image and labels: the wall moves outwards by about
 * `distensionMm`, tissue around it is thinned, the skull stays. Image by cubic interpolation, labels by the nearest voxel.
 *
 * The warp is the flow of a smooth velocity, so its Jacobian is positive everywhere. A distension of 0 is the identity.
 *
 * Source: scaling and squaring of a stationary velocity, Arsigny et al. 2006, doi:10.1007/11866565_113; the velocity (gradient of
 * the blurred lumen) is our own.
 */
export function distend(scene: Scene, anatomy: Anatomy, distensions: readonly Distension[]): Scene {
  const active = distensions.filter((d) => d.distensionMm > 0);
  if (active.length === 0) return scene;
  const pull = pullBack(anatomy, active);
  const { shape } = scene.image;
  const image = scene.image.data.slice();
  const tissue = scene.tissue.data.slice();
  const displacement = sampleLinear(pull);
  const cubic = sampleCubic(scene.image.data, shape);
  forEachVoxel(shape, (i, x, y, z) => {
    if (scene.tissue.data[i] === tissues.background) return;
    const [dx, dy, dz] = displacement(x, y, z);
    if (Math.abs(dx) + Math.abs(dy) + Math.abs(dz) < 0.02) return;
    image[i] = cubic(x + dx, y + dy, z + dz);
    const nearest = nearestIndex(shape, x + dx, y + dy, z + dz);
    if (scene.tissue.data[nearest] !== tissues.background) tissue[i] = scene.tissue.data[nearest]!;
  });
  return { ...scene, image: { ...scene.image, data: image }, tissue: { ...scene.tissue, data: tissue } };
}

/** For each place of the new scene, where in the old one to look: voxels to add, on a grid of about 2 mm. */
export function pullBack(anatomy: Anatomy, distensions: readonly Distension[]): VectorField {
  const spacing = affineSpacing(anatomy.tissue.affine);
  const fine = anatomy.tissue.shape;
  const factor = spacing.map((mm) => Math.max(1, Math.round(2 / mm))) as unknown as Vec3;
  const shape = fine.map((n, a) => Math.ceil(n / factor[a]!)) as unknown as Vec3;
  const coarse = spacing.map((mm, a) => mm * factor[a]!) as unknown as Vec3;
  const brain = blockMeans(fine, shape, factor, (i) => (anatomy.tissue.data[i] === tissues.background ? 0 : 1));
  const depth = distanceTo((i) => brain[i]! < 0.5, shape, coarse);
  const taper = depth.map((mm) => Math.min(1, Math.max(0, mm - coarse[0]) / taperMm) ** 2);
  const field: VectorField = {
    shape,
    factor,
    vectors: [new Float32Array(taper.length), new Float32Array(taper.length), new Float32Array(taper.length)],
  };
  for (const { side, distensionMm } of distensions) {
    const { lumen, wallMm } = anatomy[side];
    const inside = blockMeans(fine, shape, factor, (i) => lumen[i]!);
    const gradient = negativeGradient(blurred(inside, shape, coarse, pushMm), shape, coarse);
    const wall = blockMeans(fine, shape, factor, (i) => (Math.abs(wallMm[i]!) < 1 ? 1 : 0));
    const scale = distensionMm / weightedSpeed(gradient, wall);
    for (const a of [0, 1, 2] as const) {
      for (let i = 0; i < taper.length; i++) field.vectors[a][i]! -= scale * gradient[a][i]! * taper[i]!;
    }
  }
  return exponential(field, spacing);
}

type Triple = readonly [Float32Array, Float32Array, Float32Array];

/** Flow of a velocity in mm per unit of time, after one unit, as displacements in fine voxels. */
function exponential(velocity: VectorField, spacing: Vec3): VectorField {
  const { shape, factor } = velocity;
  let vectors = velocity.vectors.map((v, a) => v.map((mm) => mm / spacing[a]! / 2 ** squarings)) as unknown as Triple;
  for (let step = 0; step < squarings; step++) {
    const at = sampleLinear({ shape, factor, vectors });
    const next = vectors.map((v) => v.slice()) as unknown as Triple;
    forEachVoxel(shape, (i, x, y, z) => {
      const fine = (c: number, a: 0 | 1 | 2) => factor[a] * c + (factor[a] - 1) / 2 + vectors[a][i]!;
      const moved = at(fine(x, 0), fine(y, 1), fine(z, 2));
      for (const a of [0, 1, 2] as const) next[a][i]! += moved[a];
    });
    vectors = next;
  }
  return { shape, factor, vectors };
}

function weightedSpeed(v: Triple, weight: Float32Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < weight.length; i++) {
    sum += weight[i]! * Math.hypot(v[0][i]!, v[1][i]!, v[2][i]!);
    total += weight[i]!;
  }
  return Math.max(1e-9, sum / Math.max(1e-9, total));
}

/** Means of blocks of `factor` voxels; what lies beyond the fine grid counts as 0. */
function blockMeans(fine: Vec3, shape: Vec3, factor: Vec3, value: (index: number) => number): Float32Array {
  const out = new Float32Array(shape[0] * shape[1] * shape[2]);
  const share = 1 / (factor[0] * factor[1] * factor[2]);
  forEachVoxel(fine, (i, x, y, z) => {
    const v = value(i);
    if (v === 0) return;
    const [a, b, c] = [Math.floor(x / factor[0]), Math.floor(y / factor[1]), Math.floor(z / factor[2])];
    out[a + shape[0] * (b + shape[1] * c)]! += share * v;
  });
  return out;
}

function negativeGradient(values: Float32Array, shape: Vec3, spacing: Vec3): Triple {
  const stride = [1, shape[0], shape[0] * shape[1]];
  const out = [0, 1, 2].map(() => new Float32Array(values.length)) as unknown as Triple;
  forEachVoxel(shape, (i, x, y, z) => {
    for (const [a, c] of [x, y, z].entries()) {
      const ahead = c + 1 < shape[a]! ? values[i + stride[a]!]! : values[i]!;
      const behind = c > 0 ? values[i - stride[a]!]! : values[i]!;
      out[a]![i] = (behind - ahead) / (2 * spacing[a]!);
    }
  });
  return out;
}

function nearestIndex(shape: Vec3, x: number, y: number, z: number): number {
  const clamp = (v: number, n: number) => Math.min(n - 1, Math.max(0, Math.round(v)));
  return clamp(x, shape[0]) + shape[0] * (clamp(y, shape[1]) + shape[1] * clamp(z, shape[2]));
}
