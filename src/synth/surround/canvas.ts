import { type Affine, affineSpacing, applyAffine, invertAffine, type Vec3 } from "../../core/affine.ts";
import type { SeenRows } from "./seen.ts";
import { boundsOf, distanceOf, type Solid } from "./solid.ts";
import type { Texture } from "./texture.ts";

/** The image being painted, with the way from its voxels to mm from the head's centre. */
export interface Canvas {
  readonly data: Float32Array;
  readonly shape: Vec3;
  readonly spacing: Vec3;
  /** Voxel → mm from the head's centre, along the world's axes. */
  readonly toLocal: Affine;
  readonly fromLocal: Affine;
  /** What has to be painted; the rest is left as it is. */
  readonly seen: SeenRows;
}

export function makeCanvas(
  data: Float32Array,
  { shape, affine }: { readonly shape: Vec3; readonly affine: Affine },
  centre: Vec3,
  seen: SeenRows,
): Canvas {
  const toLocal = affine.map((v, i) => (i % 4 === 3 ? v - centre[(i - 3) / 4]! : v)) as unknown as Affine;
  return { data, shape, spacing: affineSpacing(affine), toLocal, fromLocal: invertAffine(toLocal), seen };
}

/** Size of one cell of the textures inside solids and of their surfaces' irregularity, mm. */
const grainMm = 3.2;
const surfaceMm = 7;

/**
 * Paints a solid with a soft edge one voxel wide.
 * @param allowed - Share in [0, 1] that may be painted at a voxel, or null for all.
 */
export function paintSolid(
  canvas: Canvas,
  solid: Solid,
  texture: Texture,
  allowed: ((x: number, y: number, z: number) => number) | null,
): void {
  const { data, shape, spacing, toLocal: a, seen } = canvas;
  const edge = Math.max(...spacing);
  const box = voxelBox(canvas, solid);
  if (box === null) return;
  const [low, high] = box;
  const distance = distanceOf(solid.shape);
  const limit = 2.5 * solid.roughMm + edge;
  const look = lookOf(solid, texture, edge, limit, low);
  const leap = 0.5 / edge; // voxels a mm, halved because an ellipsoid's distance is an estimate
  for (let k = low[2]; k <= high[2]; k++) {
    for (let j = low[1]; j <= high[1]; j++) {
      const first = seen.first[j + shape[1] * k]!;
      const last = Math.min(high[0], seen.last[j + shape[1] * k]!);
      // Leaps start from the same voxel whatever is seen: the same voxels are painted.
      for (let i = low[0]; i <= last; i++) {
        const x = a[0] * i + a[1] * j + a[2] * k + a[3];
        const y = a[4] * i + a[5] * j + a[6] * k + a[7];
        const z = a[8] * i + a[9] * j + a[10] * k + a[11];
        const smooth = distance(x, y, z);
        if (smooth > limit) {
          i += Math.floor((smooth - limit) * leap); // nothing of it can be nearer
          continue;
        }
        if (i < first) continue;
        const d = look.distance(smooth, x, y, z);
        let cover = Math.min(1, 0.5 - d / edge);
        if (cover > 0 && allowed !== null) cover *= allowed(i, j, k);
        if (cover <= 0) continue;
        const p = i + shape[0] * (j + shape[1] * k);
        data[p]! += cover * (look.signal(d, x, y, z) - data[p]!);
      }
    }
  }
}

/** The irregular surface of a solid, and its signal within. @param limit - Beyond this from the smooth surface there is nothing of it, mm. */
function lookOf(solid: Solid, texture: Texture, edge: number, limit: number, low: Vec3) {
  const { layers, roughMm } = solid;
  // Offsets keep neighbours of one kind from sharing their grain.
  const [ox, oy, oz] = [low[0] * 0.37, low[1] * 0.53, low[2] * 0.71];
  const core = -(layers.at(-1)![0] + limit); // deeper than any layer's border
  return {
    /** From the irregular surface, where that is `d` from the smooth one, mm; negative inside. */
    distance(d: number, x: number, y: number, z: number): number {
      if (roughMm <= 0 || d <= core) return d;
      return d + roughMm * texture.at(x / surfaceMm + ox, y / surfaceMm + oy, z / surfaceMm + oz);
    },
    signal(d: number, x: number, y: number, z: number): number {
      const level = levelAt(layers, -d, edge);
      if (solid.texture === 0) return Math.max(0, level);
      return Math.max(0, level * (1 + solid.texture * texture.at(x / grainMm + oy, y / grainMm + oz, z / grainMm + ox)));
    },
  };
}

/** Signal at a depth, mixed over `edge` mm where two layers meet. */
function levelAt(layers: Solid["layers"], depth: number, edge: number): number {
  let value = layers[0]![1];
  for (let n = 1; n < layers.length; n++) {
    const share = 0.5 + (depth - layers[n]![0]) / edge;
    if (share <= 0) return value;
    value += Math.min(1, share) * (layers[n]![1] - value);
  }
  return value;
}

function voxelBox(canvas: Canvas, solid: Solid): readonly [Vec3, Vec3] | null {
  return voxelsWithin(canvas, boundsOf(solid.shape), 2.5 * solid.roughMm + Math.max(...canvas.spacing));
}

/** First and last voxel along each axis that a box (mm from the head's centre), grown by `margin` mm, can reach; null if it misses the canvas. */
export function voxelsWithin(
  { shape, fromLocal }: Canvas,
  [from, to]: readonly [Vec3, Vec3],
  margin: number,
): readonly [Vec3, Vec3] | null {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let c = 0; c < 8; c++) {
    const corner = [0, 1, 2].map((i) => ((c >> i) & 1 ? to[i]! + margin : from[i]! - margin)) as unknown as Vec3;
    for (const [i, v] of applyAffine(fromLocal, corner).entries()) {
      low[i] = Math.min(low[i]!, v);
      high[i] = Math.max(high[i]!, v);
    }
  }
  const first = low.map((v) => Math.max(0, Math.ceil(v))) as unknown as Vec3;
  const last = high.map((v, i) => Math.min(shape[i]! - 1, Math.floor(v))) as unknown as Vec3;
  return first.some((v, i) => v > last[i]!) ? null : [first, last];
}
