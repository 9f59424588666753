import { affineSpacing, type Vec3 } from "../../core/affine.ts";
import { tissues } from "../../core/tissue.ts";
import { forEachVoxel } from "../../core/volume.ts";
import type { Scene } from "../scene.ts";
import { spreadCover } from "./spread.ts";

/** Grain beyond this many robust standard deviations is an edge, and cut. */
const mostDeviations = 2;

/**
 * The image's own grain (noise and fine texture) where something is painted: what is left of each voxel when the mean of its neighbours
 * of the same tissue is taken away. Two voxels around in the slices of a thick stack, one in a volume. 0 where nothing is painted.
 *
 * Values are cut at twice the robust standard deviation of the grain inside tissues: a voxel that is part fluid, part tissue is no noise.
 * Cuts and the borders between tissues make it finer than a scanned image can be: there it is blurred, and keeps its deviation.
 *
 * @param cover - Share of each voxel that is painted.
 */
export function ownGrain(scene: Pick<Scene, "image" | "tissue" | "spread">, cover: Float32Array): Float32Array {
  const { image, tissue } = scene;
  const { shape } = image;
  const steps = neighbourhood(affineSpacing(image.affine), shape);
  const residual = residualOf(image, tissue, steps);
  const most = mostDeviations * insideDeviation(tissue, residual, steps.length);
  const grain = new Float32Array(cover.length);
  forEachVoxel(shape, (i, x, y, z) => {
    if (cover[i] === 0) return;
    const { value, count } = residual(i, x, y, z);
    if (count >= 3) grain[i] = Math.min(most, Math.max(-most, value));
  });
  return asScanned(grain, scene);
}

/** Share of the image's spread that grain is blurred by: it is blurred once already. Our choice, by scripts/no_shortcut.py. */
const grainSpread = 2 / 3;

/** Grain blurred as a scanned image is, of the deviation that it had; itself in a volume. */
function asScanned(grain: Float32Array, { image, spread }: Pick<Scene, "image" | "spread">): Float32Array {
  if (!spread) return grain;
  const blurred = spreadCover(grain, { image, spread: grainSpread * spread });
  let [before, after] = [0, 0];
  for (let i = 0; i < grain.length; i++) {
    if (grain[i] === 0) blurred[i] = 0;
    before += grain[i]! ** 2;
    after += blurred[i]! ** 2;
  }
  const gain = after > 0 ? Math.sqrt(before / after) : 1;
  return blurred.map((value) => gain * value);
}

/** A voxel less the mean of its neighbourhood's voxels of the same tissue, and how many those are, itself among them. */
type Residual = (i: number, x: number, y: number, z: number) => { readonly value: number; readonly count: number };

function residualOf({ data, shape }: Scene["image"], tissue: Scene["tissue"], steps: readonly Vec3[]): Residual {
  const out = { value: 0, count: 0 };
  return (i, x, y, z) => {
    let [sum, count] = [0, 0];
    for (const [dx, dy, dz] of steps) {
      const [u, v, w] = [x + dx, y + dy, z + dz];
      if (u < 0 || v < 0 || w < 0 || u >= shape[0] || v >= shape[1] || w >= shape[2]) continue;
      const n = u + shape[0] * (v + shape[1] * w);
      if (tissue.data[n] !== tissue.data[i]) continue;
      sum += data[n]!;
      count++;
    }
    // The voxel is one of those averaged, which takes 1 / count of its variance away.
    out.value = (data[i]! - sum / count) * Math.sqrt(count / Math.max(1, count - 1));
    out.count = count;
    return out;
  };
}

/** Robust standard deviation of residuals at about 4000 voxels, of those in the brain whose whole neighbourhood is their own tissue. */
function insideDeviation(tissue: Scene["tissue"], residual: Residual, whole: number): number {
  const stride = Math.max(1, Math.floor(tissue.data.length / 40_000)) | 1;
  const [nx, ny] = tissue.shape;
  const sizes: number[] = [];
  for (let i = 0; i < tissue.data.length && sizes.length < 4000; i += stride) {
    if (tissue.data[i] === tissues.background) continue;
    const { value, count } = residual(i, i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny)));
    if (count === whole) sizes.push(Math.abs(value));
  }
  return 1.4826 * (Float64Array.from(sizes).sort()[sizes.length >> 1] ?? 0);
}

/** Offsets of a voxel's neighbourhood, itself among them: 5 x 5 in thick slices and in a lone one, else 3 x 3 x 3. */
function neighbourhood(spacing: readonly number[], shape: readonly number[]): Vec3[] {
  const thin = Math.min(...spacing);
  const reach = spacing.map((mm, a) => (mm > 1.5 * thin || shape[a] === 1 ? 0 : 1));
  const wide = reach.includes(0) ? 2 : 1;
  const span = (a: number) => Array.from({ length: 2 * wide * reach[a]! + 1 }, (_, i) => i - wide * reach[a]!);
  return span(2).flatMap((dz) => span(1).flatMap((dy) => span(0).map((dx) => [dx, dy, dz] as const)));
}
