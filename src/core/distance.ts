import type { Vec3 } from "./affine.ts";
import { boxOf, cutOut, forEachRow, grownBox } from "./box.ts";

/**
 * Distance in mm from the centre of each voxel to the centre of the nearest voxel of a set; 0 inside the set.
 * Infinity everywhere if the set is empty.
 *
 * @param inside - True for the voxels of the set, by index (x fastest).
 * @param spacing - mm along the array axes, which need not be equal.
 *
 * Source: Felzenszwalb & Huttenlocher 2012, doi:10.4086/toc.2012.v008a019; agrees with scipy.ndimage.distance_transform_edt.
 */
export function distanceTo(inside: (index: number) => boolean, shape: Vec3, spacing: Vec3): Float32Array {
  const squared = squaredDistanceTo(inside, shape, spacing);
  const out = new Float32Array(squared.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(squared[i]!);
  return out;
}

/** The square of {@link distanceTo}, mm², in all digits. */
export function squaredDistanceTo(inside: (index: number) => boolean, shape: Vec3, spacing: Vec3): Float64Array {
  const squared = new Float64Array(shape[0] * shape[1] * shape[2]);
  squareAlongRows(inside, squared, shape[0], spacing[0]);
  const stride = [1, shape[0], shape[0] * shape[1]] as const;
  for (const axis of [1, 2] as const) {
    const pass = lowerEnvelope(shape[axis], spacing[axis]);
    const [u, v] = axis === 1 ? ([0, 2] as const) : ([0, 1] as const);
    for (let b = 0; b < shape[v]; b++) {
      for (let a = 0; a < shape[u]; a++) pass(squared, a * stride[u] + b * stride[v], stride[axis]);
    }
  }
  return squared;
}

/** The first axis is simple: the nearer of the last voxel of the set before and the first after, on the same row. */
function squareAlongRows(inside: (index: number) => boolean, squared: Float64Array, n: number, spacing: number): void {
  for (let start = 0; start < squared.length; start += n) {
    let steps = Infinity;
    for (let i = start; i < start + n; i++) {
      steps = inside(i) ? 0 : steps + 1;
      squared[i] = steps;
    }
    steps = Infinity;
    for (let i = start + n - 1; i >= start; i--) {
      steps = squared[i] === 0 ? 0 : steps + 1;
      squared[i] = (Math.min(squared[i]!, steps) * spacing) ** 2;
    }
  }
}

/**
 * Signed distance in mm from each voxel's centre to the border of a set, negative inside.
 * The border runs half a voxel from the centres on either side of it, as exactly as the smallest spacing allows.
 * Infinity everywhere if the set is empty, minus infinity if it is everything.
 *
 * @param withinMm - How far out it is needed: voxels outside the set's bounding box grown by this are Infinity. Saves most of the time.
 */
export function signedDistance(
  inside: (index: number) => boolean,
  shape: Vec3,
  spacing: Vec3,
  withinMm = Infinity,
): Float32Array {
  const half = Math.min(...spacing) / 2;
  return inBox(inside, shape, spacing, withinMm, (local, size) => {
    const outward = distanceTo(local, size, spacing);
    const inward = distanceTo((i) => !local(i), size, spacing);
    return outward.map((d, i) => (d > 0 ? d - half : half - inward[i]!));
  });
}

/** {@link distanceTo} inside the set's bounding box grown by `withinMm`, Infinity outside it. */
export function distanceNear(inside: (index: number) => boolean, shape: Vec3, spacing: Vec3, withinMm: number): Float32Array {
  return inBox(inside, shape, spacing, withinMm, (local, size) => distanceTo(local, size, spacing));
}

type Inside = (index: number) => boolean;

/** Runs a function of a set on the set's bounding box, grown by a margin, and puts the result back among Infinity. */
function inBox(
  inside: Inside,
  shape: Vec3,
  spacing: Vec3,
  marginMm: number,
  run: (local: Inside, size: Vec3) => Float32Array,
): Float32Array {
  const out = new Float32Array(shape[0] * shape[1] * shape[2]).fill(Infinity);
  const members = new Uint8Array(out.length);
  for (let i = 0; i < members.length; i++) if (inside(i)) members[i] = 1;
  const tight = boxOf(members, shape);
  if (tight === null) return out;
  const { low: from, high } = grownBox(tight, shape, spacing, marginMm);
  const { data: cut, shape: size } = cutOut(members, shape, { low: from, high });
  const local = run((i) => cut[i] === 1, size);
  forEachRow(shape, { low: from, high }, (start, row) => out.set(local.subarray(row * size[0], (row + 1) * size[0]), start));
  return out;
}

/** One-dimensional squared distance transform, in place along a line of `n` values; work arrays are made once. */
function lowerEnvelope(n: number, spacing: number): (values: Float64Array, start: number, stride: number) => void {
  const line = new Float64Array(n);
  const apex = new Int32Array(n);
  const border = new Float64Array(n + 1);
  return (values, start, stride) => {
    let last = -1;
    for (let q = 0; q < n; q++) {
      const height = values[start + q * stride]!;
      line[q] = height;
      if (height === Infinity) continue;
      const at = q * spacing;
      let from = -Infinity;
      while (last >= 0) {
        const p = apex[last]! * spacing;
        from = (height + at * at - line[apex[last]!]! - p * p) / (2 * (at - p));
        if (from > border[last]!) break;
        last--;
      }
      if (last < 0) from = -Infinity;
      apex[++last] = q;
      border[last] = from;
    }
    if (last < 0) return;
    border[last + 1] = Infinity;
    for (let q = 0, k = 0; q < n; q++) {
      while (border[k + 1]! < q * spacing) k++;
      const d = (q - apex[k]!) * spacing;
      values[start + q * stride] = d * d + line[apex[k]!]!;
    }
  };
}
