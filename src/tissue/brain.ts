import { affineSpacing, applyAffine, determinant, invertAffine, type Vec3 } from "../core/affine.ts";
import { connectedComponents } from "../core/components.ts";
import { distanceTo } from "../core/distance.ts";
import { flatAxisOf, type Volume } from "../core/volume.ts";

/** What a brain is found by: probabilities, 0 to 255, on one grid. */
export interface BrainSigns {
  /** Inside the skull's inner table. */
  readonly likely: Uint8Array;
  /** Of cortex and of lateral ventricle: a placenta is as large as a brain, but has little of them. */
  readonly cortex: Uint8Array;
  readonly ventricle: Uint8Array;
}

/** How sure the network must be, 0 to 255, and half the widths of what hangs on the brain before it is cut off, mm: both are tried in turn. Our guess. */
const sureness = [128, 204, 230] as const;
const necksMm = [4, 7, 10] as const;
/** Dice of a part with the ellipsoid of its own moments from which on it is shaped like a head. A brain's is .93 and more. Our guess. */
const headlike = 0.88;
/** A brain with the fluid around it holds this much, ml: from 18 weeks to a head at term; and a lone slice that shows it, mm². Our guess. */
const brainMl = [12, 700] as const;
const sliceMm2 = [600, 14_000] as const;
/** A part that holds the seed scores at least this share of it: a brain with a placenta grown to it does not. */
const likeSeed = 0.5;
/** How far the brain may reach beyond the part that was found, where the network still says so, mm. */
const growMm = 3;
/** Parts are looked for on a grid of about this, mm. */
const coarseMm = 2;

/**
 * The brain in what a tissue network says. Parts that are likelier brain than not are cut at necks and at what is doubtful; the part that has most
 * cortex and lateral ventricle, and is shaped like a head, is the seed, and the largest headlike part that holds it the brain. All 0 where nothing is as large as a brain.
 *
 * In a lone slice all of it is done in the plane. The thresholds are our guess, looked at on six stacks of one fetus.
 *
 * @param grid - Shape and affine of the signs.
 * @returns 1 inside the brain.
 */
export function findBrain(signs: BrainSigns, grid: Pick<Volume, "shape" | "affine">): Uint8Array {
  const spacing = affineSpacing(grid.affine);
  const coarse = coarseGrid(grid.shape, spacing);
  const small = { likely: coarse.take(signs.likely), cortex: coarse.take(signs.cortex), ventricle: coarse.take(signs.ventricle) };
  const parts = sureness.flatMap((sure) => partsOf(small, sure, coarse.size, coarse.spacing));
  const seed = parts.reduce((best, part) => (part.score > (best?.score ?? 0) ? part : best), null as Part | null);
  if (seed === null) return new Uint8Array(signs.likely.length);
  const holding = parts.filter(
    (part) =>
      part.inside[seed.middle] === 1 && part.score > likeSeed * seed.score && part.headlike >= Math.min(headlike, seed.headlike),
  );
  const brain = holding.reduce((best, part) => (part.ml > best.ml ? part : best), seed);
  const near = distanceTo((i) => brain.inside[i] === 1, coarse.size, coarse.spacing);
  const out = signs.likely.map((v, i) => (v >= sureness[0] && near[coarse.at(i)]! <= growMm ? 1 : 0));
  return withoutHoles(out, grid.shape);
}

/** A part that may be the brain. */
interface Part {
  readonly inside: Uint8Array;
  /** A voxel deep inside. */
  readonly middle: number;
  readonly ml: number;
  /** Dice with its own ellipsoid. */
  readonly headlike: number;
  readonly score: number;
}

/** The three largest parts of what is surer than `sure` after each cut, those that are as large as a brain. */
function partsOf({ likely, cortex, ventricle }: BrainSigns, sure: number, size: Vec3, spacing: Vec3): Part[] {
  const inside = withoutHoles(likely.map((v) => (v >= sure ? 1 : 0)), size); // biome-ignore format: short
  const depth = distanceTo((i) => inside[i] === 0, size, spacing);
  const voxelMl = (spacing[0] * spacing[1] * spacing[2]) / 1000;
  const flatAxis = flatAxisOf(size);
  const [least, most] =
    flatAxis === null ? brainMl : (sliceMm2.map((mm2) => (mm2 * spacing[flatAxis]) / 1000) as [number, number]);
  const inPlane = spacing.filter((_, axis) => axis !== flatAxis);
  return necksMm.flatMap((neckMm) => {
    const { labels, sizes } = connectedComponents((i) => depth[i]! > neckMm, size, "faces");
    const largest = [...sizes.keys()].filter((k) => sizes[k]! > 0).sort((a, b) => sizes[b]! - sizes[a]!).slice(0, 3); // biome-ignore format: one line
    return largest.flatMap((label) => {
      const near = distanceTo((i) => labels[i] === label, size, spacing);
      // The rim that peeling took comes back, half a thick slice more included.
      const part = inside.map((v, i) => (v === 1 && near[i]! <= neckMm + Math.max(...inPlane) / 2 ? 1 : 0));
      let [count, grey, lumen, middle] = [0, 0, 0, -1];
      for (let i = 0; i < part.length; i++) {
        if (labels[i] === label && (middle < 0 || depth[i]! > depth[middle]!)) middle = i;
        if (part[i] === 0) continue;
        count++;
        grey += cortex[i]! / 255;
        lumen += ventricle[i]! / 255;
      }
      const ml = count * voxelMl;
      if (ml < least || ml > most) return [];
      const shape = ellipsoidOverlap(part, size, spacing);
      return [
        { inside: part, middle, ml, headlike: shape, score: (grey / count) * (lumen / count) * shape ** 4 * Math.sqrt(ml) },
      ];
    });
  });
}

/** A grid of about {@link coarseMm} over a finer one, each voxel standing for a block of its. */
function coarseGrid(shape: Vec3, spacing: Vec3) {
  const step = spacing.map((mm) => Math.max(1, Math.round(coarseMm / mm))) as unknown as Vec3;
  const size = shape.map((n, a) => Math.ceil(n / step[a]!)) as unknown as Vec3;
  /** Index of the coarse voxel of a fine one. */
  const at = (i: number) => {
    const rest = Math.floor(i / shape[0]);
    const [x, y, z] = [i % shape[0], rest % shape[1], Math.floor(rest / shape[1])];
    return Math.floor(x / step[0]) + size[0] * (Math.floor(y / step[1]) + size[1] * Math.floor(z / step[2]));
  };
  /** The voxel at the middle of each block. */
  const take = (data: Uint8Array) =>
    Uint8Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => {
      const rest = Math.floor(i / size[0]);
      const middle = [i % size[0], rest % size[1], Math.floor(rest / size[1])].map((c, a) =>
        Math.min(shape[a]! - 1, c * step[a]! + (step[a]! >> 1)),
      ) as unknown as Vec3;
      return data[middle[0] + shape[0] * (middle[1] + shape[1] * middle[2])]!;
    });
  return { size, spacing: spacing.map((mm, a) => mm * step[a]!) as unknown as Vec3, at, take };
}

/**
 * Dice of a set with the solid ellipsoid that has its centre and covariance, in [0, 1]: 1 for an ellipsoid, whichever way it lies; of a lone slice
 * with the ellipse. In n dimensions a solid ellipsoid of half axis a has variance a² / (n + 2) along it.
 */
function ellipsoidOverlap(part: Uint8Array, shape: Vec3, spacing: Vec3): number {
  const [nx, ny] = shape;
  const flatAxis = flatAxisOf(shape);
  const points: number[] = [];
  for (let i = 0; i < part.length; i++) if (part[i] === 1) points.push(i);
  const place = (i: number): Vec3 => [
    (i % nx) * spacing[0],
    (Math.floor(i / nx) % ny) * spacing[1],
    Math.floor(i / (nx * ny)) * spacing[2],
  ];
  const mean = [0, 0, 0];
  for (const i of points) for (const [a, v] of place(i).entries()) mean[a]! += v / points.length;
  const c = [0, 0, 0, 0, 0, 0]; // xx yy zz xy xz yz
  for (const i of points) {
    const [x, y, z] = place(i).map((v, a) => v - mean[a]!) as unknown as Vec3;
    for (const [k, v] of [x * x, y * y, z * z, x * y, x * z, y * z].entries()) c[k]! += v / points.length;
  }
  const n = flatAxis === null ? 3 : 2;
  if (flatAxis !== null) c[flatAxis] = 1; // no extent across a slice: any number that is not 0
  const [xx, yy, zz, xy, xz, yz] = c as [number, number, number, number, number, number];
  const toUnit = [xx, xy, xz, 0, xy, yy, yz, 0, xz, yz, zz, 0] as const;
  const ball = flatAxis === null ? (4 / 3) * Math.PI : Math.PI * spacing[flatAxis];
  const volume = ball * Math.sqrt((n + 2) ** n * Math.max(0, determinant(toUnit)));
  if (!(volume > 1e-6)) return 0;
  const m = invertAffine(toUnit);
  let both = 0;
  for (const i of points) {
    const v = place(i).map((at, a) => at - mean[a]!) as unknown as Vec3;
    const [p, q, r] = applyAffine(m, v);
    if (v[0] * p + v[1] * q + v[2] * r <= n + 2) both++;
  }
  const voxel = spacing[0] * spacing[1] * spacing[2];
  return (2 * both * voxel) / (points.length * voxel + volume);
}

/** Fills, slice by slice along the last axis, what the border of the slice cannot reach without crossing the set. */
function withoutHoles(inside: Uint8Array, [nx, ny, nz]: Vec3): Uint8Array {
  const out = inside.slice();
  const plane = nx * ny;
  for (let z = 0; z < nz; z++) {
    const at = (i: number) => inside[z * plane + i]!;
    const { labels } = connectedComponents((i) => at(i) === 0, [nx, ny, 1], "faces");
    const open = new Set<number>();
    for (let x = 0; x < nx; x++) open.add(labels[x]!).add(labels[x + nx * (ny - 1)]!);
    for (let y = 0; y < ny; y++) open.add(labels[nx * y]!).add(labels[nx * y + nx - 1]!);
    for (let i = 0; i < plane; i++) if (at(i) === 0 && !open.has(labels[i]!)) out[z * plane + i] = 1;
  }
  return out;
}
