import type { Image } from "../core/volume.ts";
import { resizeImage } from "../data/resample.ts";

/**
 * Enlarges an image over the same field of view with the Catmull-Rom cubic, which keeps edges crisp; a side that shrinks is
 * averaged as {@link resizeImage} does. For pictures only: it overshoots at edges.
 *
 * Source: Keys 1981, doi:10.1109/TASSP.1981.1163711, a = -0.5.
 */
export function resizeCubic(image: Image, width: number, height: number): Image {
  const start = resizeImage(image, Math.min(width, image.width), Math.min(height, image.height));
  const wide = along(start, width, start.height, start.width, true);
  return along(wide, width, height, wide.height, false);
}

function along(image: Image, width: number, height: number, from: number, columns: boolean): Image {
  const to = columns ? width : height;
  if (to === from) return image;
  const data = new Float32Array(width * height);
  for (let i = 0; i < to; i++) {
    const at = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(at) - 1;
    const weights = [0, 1, 2, 3].map((k) => cubic(at - first - k));
    const lines = columns ? height : width;
    for (let j = 0; j < lines; j++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        const source = Math.min(from - 1, Math.max(0, first + k));
        sum += weights[k]! * (columns ? image.data[source + image.width * j]! : image.data[j + image.width * source]!);
      }
      data[columns ? i + width * j : j + width * i] = sum;
    }
  }
  return { data, width, height };
}

function cubic(offset: number): number {
  const t = Math.abs(offset);
  if (t >= 2) return 0;
  return t < 1 ? 1 + t * t * (1.5 * t - 2.5) : 2 + t * (t * (2.5 - 0.5 * t) - 4);
}
