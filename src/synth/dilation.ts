import type { Vec3 } from "../core/affine.ts";
import { distanceTo } from "../core/distance.ts";
import { tissues } from "../core/tissue.ts";
import { forEachVoxel } from "../core/volume.ts";
import { sampleCubic, sampleLinear, type VectorField } from "./field/interpolate.ts";
import type { Anatomy } from "./priors/anatomy.ts";
import { measureAtrium } from "./priors/atrium.ts";
import type { Side } from "./priors/midplane.ts";
import type { Scene } from "./scene.ts";
import { UnfitError } from "./unfit.ts";

/** A lateral ventricle pushed apart until its atrium has a given width. Plain JSON. */
export interface Dilation {
  readonly side: Side;
  /** mm across the atrium, measured as in priors/atrium.ts. */
  readonly atrialMm: number;
}

/** Width of the push, mm: the standard deviation of the blur that makes it smooth. Wider for a larger push. Our guess. */
const pushMm = (distanceMm: number) => 4.5 + 0.25 * distanceMm;
/** The push dies out over this distance from the skull's inner table, mm, so that the brain keeps its outline. */
const taperMm = 9;
const squarings = 4;

/**
 * Enlarges lateral ventricles by a smooth, invertible warp of image and labels until each atrium has its target width;
 * tissue around is thinned, the skull stays. Image by cubic interpolation, labels by the nearest voxel.
 *
 * The warp is the flow of a smooth velocity, so its Jacobian is positive everywhere. A ventricle that is as wide already stays as it is.
 *
 * @throws {UnfitError} If a width cannot be reached in this brain.
 *
 * Source: scaling and squaring of a stationary velocity, Arsigny et al. 2006, doi:10.1007/11866565_113; the velocity (gradient of
 * the blurred lumen) is our own.
 */
export function dilate(scene: Scene, anatomy: Anatomy, dilations: readonly Dilation[]): Scene {
  const pull = fitDilation(anatomy, dilations);
  if (!pull) return scene;
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

/** Widths are met to this, mm … */
const toleranceMm = 0.25;
/** … and after so many rounds the nearest counts if it is within a millimetre, or nine tenths of a coarse voxel: labels are steps, so widths jump. */
const rounds = 8;
const looseMm = ([x, y]: Vec3) => Math.max(1, 0.9 * Math.min(x, y));

/**
 * The warp that gives each atrium its width, found by false position on how far each wall is pushed: for each place of the new scene,
 * where in the old one to look, in voxels. Null if every ventricle is as wide already.
 *
 * @throws {UnfitError} If a width cannot be reached.
 */
export function fitDilation(anatomy: Anatomy, dilations: readonly Dilation[]): VectorField | null {
  const searches = dilations
    .map(({ side, atrialMm }) => {
      const now = measureAtrium(anatomy, side);
      const push = (atrialMm - now) / 2;
      // Bracket of the push: too little, and too much or not yet known.
      return { side, atrialMm, push, low: { push: 0, width: now }, high: null as Reached | null };
    })
    .filter((s) => s.push > toleranceMm);
  if (searches.length === 0) return null;
  const lattice = pushLattice(anatomy);
  const pushes = searches.map((s) => outwardPush(anatomy, lattice, s.side, pushMm(s.push)));
  let best = { off: looseMm(anatomy.spacing), pull: null as VectorField | null };
  for (let round = 0; round < rounds; round++) {
    const velocity = combined(
      lattice,
      pushes,
      searches.map((s) => s.push),
    );
    const pull = exponential(velocity, anatomy.spacing);
    let off = 0;
    for (const s of searches) {
      const width = measureAtrium(anatomy, s.side, pull);
      off = Math.max(off, Math.abs(width - s.atrialMm));
      if (width < s.atrialMm) s.low = { push: s.push, width };
      else s.high = { push: s.push, width };
      s.push = nextPush(s);
    }
    if (off <= toleranceMm) return pull;
    if (off < best.off) best = { off, pull };
  }
  if (best.pull) return best.pull;
  const wanted = searches.map((s) => `${s.side} ${s.atrialMm.toFixed(1)} mm`).join(", ");
  throw new UnfitError(`the ventricles cannot be dilated to the atrial width that was drawn (${wanted}) in this brain`);
}

/** Between the bracket's ends by the straight line through them, a tenth clear of either; beyond the first end while there is no second. */
function nextPush({ atrialMm, low, high }: { atrialMm: number; low: Reached; high: Reached | null }): number {
  if (!high) return Math.max(low.push * 1.4, low.push + 0.6 * (atrialMm - low.width));
  const share = (atrialMm - low.width) / Math.max(1e-6, high.width - low.width);
  return low.push + Math.min(0.9, Math.max(0.1, share)) * (high.push - low.push);
}

interface Reached {
  readonly push: number;
  readonly width: number;
}

/** The coarse grid, about 2 mm, that velocities live on, and where on it the brain may move. */
interface PushLattice {
  readonly shape: Vec3;
  readonly factor: Vec3;
  readonly coarse: Vec3;
  /** 1 deep in the brain, 0 at the skull. */
  readonly taper: Float32Array;
}

function pushLattice({ tissue, spacing }: Anatomy): PushLattice {
  const factor = spacing.map((mm, a) => Math.min(tissue.shape[a]!, Math.max(1, Math.round(2 / mm)))) as unknown as Vec3;
  const shape = tissue.shape.map((n, a) => Math.ceil(n / factor[a]!)) as unknown as Vec3;
  const coarse = spacing.map((mm, a) => mm * factor[a]!) as unknown as Vec3;
  const brain = blockMeans(tissue.shape, shape, factor, (i) => (tissue.data[i] === tissues.background ? 0 : 1));
  const depth = distanceTo((i) => brain[i]! < 0.5, shape, coarse);
  const taper = depth.map((mm) => Math.min(1, Math.max(0, mm - coarse[0]) / taperMm) ** 2);
  return { shape, factor, coarse, taper };
}

/** Velocity out of one ventricle that moves its wall by 1 mm a unit of time on average, mm. */
function outwardPush(anatomy: Anatomy, { shape, factor, coarse, taper }: PushLattice, side: Side, widthMm: number): Triple {
  const { lumen, wallMm } = anatomy[side];
  const fine = anatomy.tissue.shape;
  const inside = blockMeans(fine, shape, factor, (i) => lumen[i]!);
  const gradient = negativeGradient(blurred(inside, shape, coarse, widthMm), shape, coarse);
  const near = Math.max(1, 0.75 * Math.min(...anatomy.spacing)); // voxels of 2 mm have their centres 1 mm from the wall
  const wall = blockMeans(fine, shape, factor, (i) => (Math.abs(wallMm[i]!) < near ? 1 : 0));
  const speed = weightedSpeed(gradient, wall);
  return gradient.map((values) => values.map((v, i) => (v * taper[i]!) / speed)) as unknown as Triple;
}

/** The velocity back inwards, which the flow of is where to look. */
function combined({ shape, factor }: PushLattice, pushes: readonly Triple[], byMm: readonly number[]): VectorField {
  const vectors = [0, 1, 2].map((a) => {
    const sum = new Float32Array(shape[0] * shape[1] * shape[2]);
    for (const [p, push] of pushes.entries()) for (let i = 0; i < sum.length; i++) sum[i]! -= byMm[p]! * push[a]![i]!;
    return sum;
  });
  return { shape, factor, vectors: vectors as unknown as Triple };
}

type Triple = readonly [Float32Array, Float32Array, Float32Array];

/** Flow of a velocity in mm per unit of time, after one unit, as displacements in fine voxels. */
function exponential(velocity: VectorField, spacing: Vec3): VectorField {
  const { shape, factor } = velocity;
  let vectors = velocity.vectors.map((v, a) => v.map((mm) => mm / spacing[a]! / 2 ** squarings)) as unknown as Triple;
  for (let step = 0; step < squarings; step++) {
    const at = sampleLinear({ shape, factor, vectors });
    const next = vectors.map((v) => v.slice()) as unknown as Triple;
    const [[fx, fy, fz], [u, v, w]] = [factor, vectors];
    forEachVoxel(shape, (i, x, y, z) => {
      const moved = at(fx * x + (fx - 1) / 2 + u[i]!, fy * y + (fy - 1) / 2 + v[i]!, fz * z + (fz - 1) / 2 + w[i]!);
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
  return nearestNode(x, shape[0]) + shape[0] * (nearestNode(y, shape[1]) + shape[1] * nearestNode(z, shape[2]));
}

function nearestNode(at: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.round(at)));
}

/** Gaussian blur by a standard deviation in mm, cut at 3 deviations; beyond the grid counts as 0. */
function blurred(values: Float32Array, shape: Vec3, spacing: Vec3, sigmaMm: number): Float32Array {
  const stride = [1, shape[0], shape[0] * shape[1]] as const;
  let from = values;
  for (const axis of [0, 1, 2] as const) {
    const sigma = sigmaMm / spacing[axis];
    const radius = Math.ceil(3 * sigma);
    const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
    const norm = kernel.reduce((a, b) => a + b, 0);
    const weights = Float64Array.from(kernel, (w) => w / norm);
    const to = new Float32Array(from.length);
    const step = stride[axis];
    for (let i = 0; i < from.length; i++) {
      const c = Math.floor(i / step) % shape[axis];
      const first = Math.max(-radius, -c);
      const last = Math.min(radius, shape[axis] - 1 - c);
      let sum = 0;
      for (let t = first; t <= last; t++) sum += weights[t + radius]! * from[i + t * step]!;
      to[i] = sum;
    }
    from = to;
  }
  return from;
}
