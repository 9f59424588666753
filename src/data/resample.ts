import type { Image } from "../core/volume.ts";

/** For each output sample: where its input samples start, and their weights, which sum to 1. */
interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Float64Array[];
}

/**
 * Resizes an image over the same field of view: linear interpolation when a side grows, and when it shrinks a triangle as wide
 * as the output pixel needs, so that detail finer than it is averaged and not aliased. Beyond the border nothing is assumed.
 *
 * @returns `width` x `height`; the input itself where the size is the same.
 * @throws {RangeError} If a size is not a positive integer.
 *
 * Source: the same kernel as Pillow's `BILINEAR` and PyTorch's `interpolate(mode="bilinear", antialias=True)`.
 */
export function resizeImage(image: Image, width: number, height: number): Image {
  if (width === image.width && height === image.height) return image;
  return resizeRows(resizeColumns(image, width), height);
}

/** The same field of view, each output pixel with the value of the input pixel that its middle lies in: for labels. */
export function nearestImage(image: Image, width: number, height: number): Image {
  if (width === image.width && height === image.height) return image;
  const data = new Float32Array(width * height);
  const columns = Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * image.width) / width));
  for (let y = 0; y < height; y++) {
    const row = image.width * Math.floor(((y + 0.5) * image.height) / height);
    for (let x = 0; x < width; x++) data[x + width * y] = image.data[row + columns[x]!]!;
  }
  return { data, width, height };
}

/** The linear kernel of {@link resizeImage} along one side. */
function taps(from: number, to: number): Taps {
  if (!Number.isInteger(to) || to < 1) throw new RangeError(`resizeImage: a side must be a positive integer; got ${to}`);
  const scale = from / to;
  const reach = Math.max(1, scale);
  const first = new Int32Array(to);
  const weights: Float64Array[] = [];
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(0, Math.ceil(centre - reach - 0.5));
    const high = Math.min(from - 1, Math.floor(centre + reach - 0.5));
    const row = Float64Array.from({ length: high - low + 1 }, (_, k) =>
      Math.max(0, 1 - Math.abs(low + k + 0.5 - centre) / reach),
    );
    const sum = row.reduce((a, b) => a + b, 0);
    first[i] = low;
    weights.push(row.map((w) => w / sum));
  }
  return { first, weights };
}

function resizeColumns(image: Image, width: number): Image {
  const { data, height, width: from } = image;
  const { first, weights } = taps(from, width);
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = weights[x]!;
      const base = y * from + first[x]!;
      let sum = 0;
      for (let k = 0; k < row.length; k++) sum += row[k]! * data[base + k]!;
      out[y * width + x] = sum;
    }
  }
  return { data: out, width, height };
}

function resizeRows(image: Image, height: number): Image {
  const { data, height: from, width } = image;
  const { first, weights } = taps(from, height);
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = weights[y]!;
    for (let k = 0; k < row.length; k++) {
      const weight = row[k]!;
      const base = (first[y]! + k) * width;
      for (let x = 0; x < width; x++) out[y * width + x]! += weight * data[base + x]!;
    }
  }
  return { data: out, width, height };
}
