import { tissues } from "../../core/tissue.ts";
import { extractSlice, inPlaneAxes, insertSlice, type LabelVolume, sliceAxis, type Volume } from "../../core/volume.ts";
import { blurInPlace, type Kernel } from "../acquisition/psf.ts";
import type { Scene } from "../scene.ts";

/** No point spread is wider, pixels: what looks so is not sharp for other reasons. */
const widestEdge = 1.5;

/** Variance of the width that a central difference over two pixels adds to an edge, pixels². */
const ofDifference = 1 / 3;

/**
 * How blurred an image is by its scanner: the standard deviation, in pixels, of the Gaussian within its slices that the edges between
 * lateral ventricle and tissue have; at most {@link widestEdge}, 0 where there is no such edge. The mean slope across the wall falls by `sqrt(1 + 1 / s²)` when an edge of
 * spread s is blurred by one pixel more. Slopes are taken along the gradient of the blurred image, so that noise cancels in the mean.
 *
 * Source: Zhuo & Sim 2011, doi:10.1016/j.patcog.2011.03.009; pooling over the wall is our own.
 */
export function edgeSpread({ image, tissue }: { readonly image: Volume; readonly tissue: LabelVolume }): number {
  const axis = sliceAxis(image);
  const onePixel = gaussian(1);
  let [own, blurred] = [0, 0];
  for (let k = 0; k < image.shape[axis]; k++) {
    const ids = extractSlice(tissue, axis, k).data;
    if (!ids.includes(tissues.lateralVentricle)) continue;
    const { data, width, height } = extractSlice(image, axis, k);
    const smooth = data.slice();
    blurInPlace(smooth, [width, height], [onePixel, onePixel], "repeat", new Float32Array(data.length));
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const i = x + width * y;
        if (!isWall(ids, i, width)) continue;
        const [u, v] = [smooth[i + 1]! - smooth[i - 1]!, smooth[i + width]! - smooth[i - width]!];
        const slope = Math.hypot(u, v);
        if (slope === 0) continue;
        own += (u * (data[i + 1]! - data[i - 1]!) + v * (data[i + width]! - data[i - width]!)) / slope;
        blurred += slope;
      }
    }
  }
  if (!(own > blurred)) return blurred > 0 ? widestEdge : 0;
  return Math.min(widestEdge, Math.sqrt(Math.max(0, 1 / ((own / blurred) ** 2 - 1) - ofDifference)));
}

const solid: ReadonlySet<number> = new Set([tissues.whiteMatter, tissues.cortex, tissues.deepGrey, tissues.germinalMatrix]);

/** Whether one of ventricle and tissue is at a pixel and the other beside it. */
function isWall(ids: Uint8Array, i: number, width: number): boolean {
  const beside = [ids[i - 1]!, ids[i + 1]!, ids[i - width]!, ids[i + width]!];
  if (ids[i] === tissues.lateralVentricle) return beside.some((id) => solid.has(id));
  return solid.has(ids[i]!) && beside.includes(tissues.lateralVentricle);
}

/** Something painted into a scene as its scanner would show it: blurred within the slices of its grid by its `spread`, unchanged where it has none. */
export function spreadCover(painted: Float32Array, { image, spread = 0 }: Pick<Scene, "image" | "spread">): Float32Array {
  if (spread === 0) return painted;
  const axis = sliceAxis(image);
  const [u, v] = inPlaneAxes(axis);
  const size = [image.shape[u], image.shape[v]] as const;
  const kernel = gaussian(spread);
  const scratch = new Float32Array(size[0] * size[1]);
  const out = new Float32Array(painted.length);
  for (let k = 0; k < image.shape[axis]; k++) {
    const slice = extractSlice({ ...image, data: painted }, axis, k);
    if (!slice.data.some((value) => value !== 0)) continue;
    blurInPlace(slice.data, size, [kernel, kernel], "repeat", scratch);
    insertSlice(out, image.shape, axis, k, slice);
  }
  return out;
}

/** A Gaussian sampled at the pixels, cut off at 3 standard deviations. */
function gaussian(pixels: number): Kernel {
  const values = Array.from({ length: Math.ceil(3 * pixels) + 1 }, (_, n) => Math.exp(-0.5 * (n / pixels) ** 2));
  const total = values.reduce((sum, v, n) => sum + (n === 0 ? v : 2 * v), 0);
  return values.map((v) => v / total);
}
