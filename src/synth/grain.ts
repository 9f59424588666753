import { affineSpacing } from "../core/affine.ts";
import { forEachVoxel } from "./priors/anatomy.ts";
import type { Scene } from "./scene.ts";

/** Grain beyond this many robust standard deviations is an edge, and cut. */
const mostDeviations = 2;

/**
 * The image's own grain (noise and fine texture) where something is painted: what is left of each voxel when the mean of its neighbours
 * of the same tissue is taken away. Two voxels around in the slices of a thick stack, one in a volume. 0 where nothing is painted.
 *
 * Values are cut at twice the robust standard deviation: a voxel that is part fluid, part tissue is no noise.
 *
 * @param cover - Share of each voxel that is painted.
 */
export function ownGrain({ image, tissue }: Pick<Scene, "image" | "tissue">, cover: Float32Array): Float32Array {
  const { shape } = image;
  const steps = neighbourhood(affineSpacing(image.affine), shape);
  const grain = new Float32Array(cover.length);
  const sizes: number[] = [];
  forEachVoxel(shape, (i, x, y, z) => {
    if (cover[i] === 0) return;
    let [sum, count] = [0, 0];
    for (const [dx, dy, dz] of steps) {
      const [u, v, w] = [x + dx, y + dy, z + dz];
      if (u < 0 || v < 0 || w < 0 || u >= shape[0] || v >= shape[1] || w >= shape[2]) continue;
      const n = u + shape[0] * (v + shape[1] * w);
      if (tissue.data[n] !== tissue.data[i]) continue;
      sum += image.data[n]!;
      count++;
    }
    if (count < 3) return;
    // The voxel is one of those averaged, which takes 1 / count of its variance away.
    grain[i] = (image.data[i]! - sum / count) * Math.sqrt(count / (count - 1));
    if (sizes.length < 20_000) sizes.push(Math.abs(grain[i]!));
  });
  const median = Float32Array.from(sizes).sort()[sizes.length >> 1] ?? 0;
  const most = mostDeviations * 1.4826 * median;
  return grain.map((v) => Math.min(most, Math.max(-most, v)));
}

/** Offsets of a voxel's neighbourhood, itself among them: 5 x 5 in thick slices and in a lone one, else 3 x 3 x 3. */
function neighbourhood(spacing: readonly number[], shape: readonly number[]): (readonly [number, number, number])[] {
  const thin = Math.min(...spacing);
  const reach = spacing.map((mm, a) => (mm > 1.5 * thin || shape[a] === 1 ? 0 : 1));
  const wide = reach.includes(0) ? 2 : 1;
  const span = (a: number) => Array.from({ length: 2 * wide * reach[a]! + 1 }, (_, i) => i - wide * reach[a]!);
  return span(2).flatMap((dz) => span(1).flatMap((dy) => span(0).map((dx) => [dx, dy, dz] as const)));
}
