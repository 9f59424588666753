import { affineSpacing, applyAffine, determinant, invertAffine, type Vec3 } from "../core/affine.ts";
import { connectedComponents } from "../core/components.ts";
import { distanceTo } from "../core/distance.ts";
import type { Volume } from "../core/volume.ts";

/**
 * Half the widths of what may hang on the brain before it is cut off, mm: fluid, face, placenta or body beside the head. Tried from the
 * narrowest on, until what is left is shaped like a head. Our guess.
 */
const necksMm = [4, 6, 8, 10, 12] as const;
/** Dice of a part with the ellipsoid of its own moments from which on it is shaped like a head. A brain's is .93 and more. Our guess. */
const headlike = 0.88;
/** A brain, with the fluid around it, is no larger than a head at term, mm³. Our guess. */
const mostMm3 = 700_000;

/**
 * The brain in a map of how likely each voxel is brain: of the parts that are likelier brain than not, holes closed and what hangs on them
 * by a neck cut off, the one with the most inner brain in it. Wider necks are cut until it is shaped like a head; where it never is, the most
 * headlike is taken. All 0 where nothing is likely brain.
 *
 * @param likely - Probability that a voxel is inside the skull's inner table, 0 to 255.
 * @param inner - How likely a voxel is ventricle or deep grey, 0 to 255: a placenta is as large as a brain, but has little of it.
 * @param grid - Shape and affine of both.
 * @returns 1 inside the brain.
 */
export function findBrain(likely: Uint8Array, inner: Uint8Array, grid: Pick<Volume, "shape" | "affine">): Uint8Array {
  const out = new Uint8Array(likely.length);
  const box = boxOf(likely, grid.shape);
  if (box === null) return out;
  const spacing = affineSpacing(grid.affine);
  const { size, at } = box;
  const holed = new Uint8Array(size[0] * size[1] * size[2]);
  for (let i = 0; i < holed.length; i++) holed[i] = likely[at(i)]! > 127 ? 1 : 0;
  const inside = withoutHoles(holed, size);
  const depth = distanceTo((i) => inside[i] === 0, size, spacing);
  let best = { part: inside, shape: -1 };
  for (const neckMm of necksMm) {
    const part = partWithout(neckMm, { inside, depth, size, spacing }, (i) => inner[at(i)]!);
    if (part === null) break; // nothing is that thick
    const shape = ellipsoidOverlap(part, size, spacing);
    if (shape > best.shape) best = { part, shape };
    if (shape >= headlike) break;
  }
  for (let i = 0; i < inside.length; i++) if (best.part[i] === 1) out[at(i)] = 1;
  return out;
}

interface Candidates {
  readonly inside: Uint8Array;
  /** mm to the nearest voxel outside. */
  readonly depth: Float32Array;
  readonly size: Vec3;
  readonly spacing: Vec3;
}

/** The part with the most inner brain once necks of twice this width are cut; null where nothing is thicker. */
function partWithout(
  neckMm: number,
  { inside, depth, size, spacing }: Candidates,
  inner: (index: number) => number,
): Uint8Array | null {
  const { labels, sizes } = connectedComponents((i) => depth[i]! > neckMm, size, "faces");
  const best = bestPart(labels, sizes, inner, spacing[0] * spacing[1] * spacing[2]);
  if (best === 0) return null;
  const near = distanceTo((i) => labels[i] === best, size, spacing);
  // The rim that peeling took comes back, half a thick slice more included.
  const rim = neckMm + Math.max(...spacing) / 2;
  return inside.map((v, i) => (v === 1 && near[i]! <= rim ? 1 : 0));
}

/** The part with the most inner brain, its size counting a little too; 0 where there is none. */
function bestPart(labels: Uint32Array, sizes: readonly number[], inner: (index: number) => number, voxelMm3: number): number {
  const score = sizes.map((size) => (size * voxelMm3 > mostMm3 ? 0 : 0.02 * 255 * size));
  for (let i = 0; i < labels.length; i++) if (labels[i]! > 0) score[labels[i]!]! += inner(i);
  return score.reduce((best, value, label) => (label > 0 && value > (score[best] ?? 0) ? label : best), 0);
}

/**
 * Dice of a set with the solid ellipsoid that has its centre and covariance, in [0, 1]: 1 for an ellipsoid, whichever way it lies.
 * A solid ellipsoid of half axis a has variance a² / 5 along it.
 */
function ellipsoidOverlap(part: Uint8Array, [nx, ny]: Vec3, spacing: Vec3): number {
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
  const [xx, yy, zz, xy, xz, yz] = c as [number, number, number, number, number, number];
  const toUnit = [xx, xy, xz, 0, xy, yy, yz, 0, xz, yz, zz, 0] as const;
  const volume = (4 / 3) * Math.PI * Math.sqrt(5 ** 3 * Math.max(0, determinant(toUnit)));
  if (!(volume > 1e-6)) return 0;
  const m = invertAffine(toUnit);
  let both = 0;
  for (const i of points) {
    const v = place(i).map((at, a) => at - mean[a]!) as unknown as Vec3;
    const [p, q, r] = applyAffine(m, v);
    if (v[0] * p + v[1] * q + v[2] * r <= 5) both++;
  }
  const voxel = spacing[0] * spacing[1] * spacing[2];
  return (2 * both * voxel) / (points.length * voxel + volume);
}

interface Box {
  readonly size: Vec3;
  /** Index in the whole volume of a voxel of the box. */
  readonly at: (index: number) => number;
}

/** The smallest box that holds every voxel that is likelier brain than not, and one voxel around it where there is room. */
function boxOf(likely: Uint8Array, [nx, ny, nz]: Vec3): Box | null {
  const low = [Infinity, Infinity, Infinity];
  const high = [-1, -1, -1];
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        if (likely[i]! <= 127) continue;
        for (const [a, c] of [x, y, z].entries()) {
          if (c < low[a]!) low[a] = c;
          if (c > high[a]!) high[a] = c;
        }
      }
    }
  }
  if (high[0]! < 0) return null;
  const from = low.map((v) => Math.max(0, v - 1)) as unknown as Vec3;
  const size = high.map((v, a) => Math.min([nx, ny, nz][a]! - 1, v + 1) - from[a]! + 1) as unknown as Vec3;
  const at = (i: number) => {
    const x = i % size[0];
    const rest = Math.floor(i / size[0]);
    return from[0] + x + nx * (from[1] + (rest % size[1]) + ny * (from[2] + Math.floor(rest / size[1])));
  };
  return { size, at };
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
