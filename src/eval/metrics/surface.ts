import type { Vec3 } from "../../core/affine.ts";
import { squaredDistanceTo } from "../../core/distance.ts";
import { quantileSorted } from "./bootstrap.ts";
import { type Corners, elementAreas, elementLengths, surfaceElements } from "./surface-elements.ts";

/** Two masks on one grid, 1 inside and 0 outside. It may be cut to the box of both: beyond it nothing counts. */
export interface MaskPair {
  readonly truth: Uint8Array;
  readonly predicted: Uint8Array;
  readonly shape: Vec3;
  /** mm along the array axes. */
  readonly spacing: Vec3;
  /** The axis across a lone slice, which is measured in 2-D; null for a volume, even where it is cut to one slice. */
  readonly flat: 0 | 1 | 2 | null;
}

/** Between the borders of two masks, mm; lower is better. */
export interface SurfaceDistances {
  /** Largest distance (Hausdorff). */
  readonly hd: number;
  /** 95th percentile. */
  readonly hd95: number;
  /** Mean (average symmetric surface distance). */
  readonly assd: number;
}

/**
 * Distances from each border voxel of one mask to the nearest of the other, both ways together. A border voxel is one of the mask with a face to
 * the outside or to the end of the grid. MedPy's `hd`, `hd95` (NumPy's percentile of both ways together) and `assd`; MONAI takes the
 * larger percentile of the two ways, surface-distance weighs by area.
 *
 * NaN where a mask is empty.
 *
 * Source: MedPy 0.5.2, medpy.metric.binary; Taha & Hanbury 2015, doi:10.1186/s12880-015-0068-x.
 */
export function surfaceDistances(pair: MaskPair): SurfaceDistances {
  const [a, b] = [borderOf(pair.truth, pair), borderOf(pair.predicted, pair)];
  if (a.length === 0 || b.length === 0) return { hd: Number.NaN, hd95: Number.NaN, assd: Number.NaN };
  const distances = new Float64Array(a.length + b.length);
  distances.set(distancesFrom(a, b, pair.shape, pair.spacing));
  distances.set(distancesFrom(b, a, pair.shape, pair.spacing), a.length);
  distances.sort();
  const assd = distances.reduce((sum, d) => sum + d, 0) / distances.length;
  return { hd: distances.at(-1)!, hd95: quantileSorted(distances, 0.95), assd };
}

function borderOf(mask: Uint8Array, { shape, flat }: MaskPair): Int32Array {
  const stride = [1, shape[0], shape[0] * shape[1]] as const;
  const axes = ([0, 1, 2] as const).filter((axis) => axis !== flat);
  const found: number[] = [];
  for (let z = 0, i = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[0]; x++, i++) {
        if (mask[i] === 0) continue;
        for (const axis of axes) {
          const at = axis === 0 ? x : axis === 1 ? y : z;
          const inner = at > 0 && at < shape[axis] - 1 && mask[i - stride[axis]] !== 0 && mask[i + stride[axis]] !== 0;
          if (inner) continue;
          found.push(i);
          break;
        }
      }
    }
  }
  return Int32Array.from(found);
}

/** From each of some places on a grid to the nearest of others, mm. */
function distancesFrom(places: Int32Array, others: Int32Array, shape: Vec3, spacing: Vec3): Float64Array {
  const set = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (const i of others) set[i] = 1;
  const squared = squaredDistanceTo((i) => set[i] === 1, shape, spacing);
  const out = new Float64Array(places.length);
  for (let k = 0; k < out.length; k++) out[k] = Math.sqrt(squared[places[k]!]!);
  return out;
}

/** A distance that is the tolerance but for rounding is within it, mm; NIfTI keeps spacings in 32 bits. */
const slack = 1e-6;

/**
 * Surface Dice (normalised surface distance) at each of some tolerances, in [0, 1]; higher is better: the share of both surfaces that is at most so
 * far from the other. Surfaces run between voxels and count by area, in 2-D by length, as in DeepMind's surface-distance, with which it agrees, but
 * that a distance equal to the tolerance counts whatever rounding makes of it (3 x 0.8 mm are within 2.4 mm). MONAI counts border voxels unless
 * told `use_subvoxels`; MedPy has none.
 *
 * NaN where both masks are empty, 0 where one is.
 *
 * @param tolerances - mm.
 *
 * Source: Nikolov et al. 2021, doi:10.2196/26151.
 */
export function surfaceDice(pair: MaskPair, tolerances: readonly number[]): number[] {
  const { shape, flat, spacing } = pair;
  const sides = [pair.truth, pair.predicted].map((mask) => surfaceElements(mask, shape, flat)) as [Corners, Corners];
  const areas = flat === null ? elementAreas(spacing) : elementLengths(inPlane(spacing, flat));
  const places = sides.map(({ codes, full }) => placesOf(codes, full)) as [Int32Array, Int32Array];
  if (places[0].length === 0 && places[1].length === 0) return tolerances.map(() => Number.NaN);
  if (places[0].length === 0 || places[1].length === 0) return tolerances.map(() => 0);
  const within = tolerances.map(() => 0);
  let whole = 0;
  for (const side of [0, 1] as const) {
    const distances = distancesFrom(places[side], places[1 - side]!, sides[side].shape, spacing);
    for (let i = 0; i < distances.length; i++) {
      const area = areas[sides[side].codes[places[side][i]!]!]!;
      whole += area;
      for (let t = 0; t < within.length; t++) if (distances[i]! <= tolerances[t]! + slack) within[t]! += area;
    }
  }
  return within.map((area) => area / whole);
}

function inPlane(spacing: Vec3, flat: 0 | 1 | 2): readonly [number, number] {
  return spacing.filter((_, axis) => axis !== flat) as unknown as readonly [number, number];
}

function placesOf(codes: Uint8Array, full: number): Int32Array {
  const found: number[] = [];
  for (let i = 0; i < codes.length; i++) if (codes[i] !== 0 && codes[i] !== full) found.push(i);
  return Int32Array.from(found);
}
