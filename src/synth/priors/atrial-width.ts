import type { Vec3 } from "../../core/affine.ts";
import { connectedComponents } from "../../core/components.ts";

/** One lateral ventricle on a grid whose axes run along the head's: x across, y to the front, z up. */
export interface UprightLumen {
  /** 1 in the lumen; x runs fastest. */
  readonly inside: Uint8Array;
  readonly shape: Vec3;
  /** mm a voxel. */
  readonly spacing: Vec3;
}

/**
 * Width of the atrium in mm, as it is taken from axial slices; 0 without a lumen.
 *
 * The atrium is the part of the ventricle behind the thalamus. Of the 3 mm axial slabs that show much of it (its largest connected part
 * behind the middle of the ventricle has at least 60 % of the area it has anywhere; less counts in proportion), the widest counts;
 * in a slab, the width square to the part's long axis where it is largest.
 */
export function atrialWidthMm(lumen: UprightLumen): number {
  const { shape, spacing } = lumen;
  const middle = middleRow(lumen);
  const parts = Array.from({ length: shape[2] }, (_, k) => largestPart(lumen, k, middle));
  const deep = Math.min(shape[2], slabSlices(spacing[2]));
  const slabs = parts.slice(deep - 1).map((_, k) => parts.slice(k, k + deep).flat());
  const most = Math.max(...slabs.map(({ length }) => length));
  const shown = slabs.filter(({ length }) => length > 0.3 * most);
  // Slabs that show less of it count for less: a limit would make the width jump when a slab passes it.
  const weight = (part: Part) => Math.min(1, part.length / (0.6 * most));
  return Math.max(0, ...shown.map((part) => weight(part) * widestBand(part, (spacing[0] * spacing[1]) / deep)));
}

/** Slices that a clinical axial slice of 3 mm holds. */
export function slabSlices(zSpacing: number): number {
  return Math.max(1, Math.round(3 / zSpacing));
}

/** Row halfway between the front and the back end of the lumen. */
function middleRow({ inside, shape: [nx, ny] }: UprightLumen): number {
  let low = Infinity;
  let high = -Infinity;
  for (let n = 0; n < inside.length; n++) {
    if (inside[n] === 0) continue;
    const j = Math.floor(n / nx) % ny;
    low = Math.min(low, j);
    high = Math.max(high, j);
  }
  return (low + high) / 2;
}

/** Places, mm in the plane, of the voxels of one part of a slice. */
type Part = readonly (readonly [number, number])[];

function largestPart({ inside, shape: [nx, ny], spacing }: UprightLumen, k: number, middle: number): Part {
  const start = nx * ny * k;
  const flat: Vec3 = [nx, ny, 1];
  const parts = connectedComponents((n) => inside[start + n] === 1 && Math.floor(n / nx) < middle, flat, "faces");
  const largest = parts.sizes.indexOf(Math.max(...parts.sizes));
  if (largest === 0) return [];
  const out: [number, number][] = [];
  for (let n = 0; n < nx * ny; n++) {
    if (parts.labels[n] === largest) out.push([spacing[0] * (n % nx), spacing[1] * Math.floor(n / nx)]);
  }
  return out;
}

/** Largest width square to the long axis of the points, averaged along it over about 3 mm. */
function widestBand(part: Part, pixel: number): number {
  const mean = [0, 1].map((c) => part.reduce((sum, p) => sum + p[c]!, 0) / part.length) as [number, number];
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of part) {
    xx += (x - mean[0]) ** 2;
    xy += (x - mean[0]) * (y - mean[1]);
    yy += (y - mean[1]) ** 2;
  }
  const angle = 0.5 * Math.atan2(2 * xy, xx - yy);
  const along = Float64Array.from(part, ([x, y]) => (x - mean[0]) * Math.cos(angle) + (y - mean[1]) * Math.sin(angle)).sort();
  return (pixel * mostInTent(along)) / tentMm;
}

/** A tent weighs the grid's rows evenly wherever it stands; a box would hold now two rows and now three. */
const tentMm = 3;

/** The largest sum of `max(0, 1 - |u - centre| / tentMm)` over ascending values, centred on any of them; by running sums. */
function mostInTent(values: Float64Array): number {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i]! + values[i]!;
  let [low, high, most] = [0, 0, 0];
  for (let c = 0; c < values.length; c++) {
    const at = values[c]!;
    while (values[low]! <= at - tentMm) low++;
    while (high < values.length && values[high]! < at + tentMm) high++;
    const below = (c - low) * at - (sums[c]! - sums[low]!);
    const above = sums[high]! - sums[c]! - (high - c) * at;
    most = Math.max(most, high - low - (below + above) / tentMm);
  }
  return most;
}
