/**
 * Gaussian blur of a square image, separable, cut off at 3 standard deviations; beyond the border the edge goes on.
 * @param deviation - Pixels, above 0.
 */
export function gaussianBlur(image: Float32Array, size: number, deviation: number): Float32Array {
  const radius = Math.max(1, Math.ceil(3 * deviation));
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / deviation) ** 2));
  const sum = kernel.reduce((a, b) => a + b, 0);
  const weights = kernel.map((w) => w / sum);
  return blurAndTranspose(blurAndTranspose(image, size, weights), size, weights);
}

function blurAndTranspose(image: Float32Array, size: number, weights: Float64Array): Float32Array {
  const radius = (weights.length - 1) / 2;
  const out = new Float32Array(image.length);
  const line = new Float64Array(size + 2 * radius);
  for (let y = 0; y < size; y++) {
    for (let i = 0; i < line.length; i++) line[i] = image[y * size + Math.min(size - 1, Math.max(0, i - radius))]!;
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * line[x + k]!;
      out[x * size + y] = sum;
    }
  }
  return out;
}

/** Grows a mask (0 or 1) of a square image by `radius` pixels in the city-block distance, 0 or more. */
export function dilate(mask: Uint8Array, size: number, radius: number): Uint8Array {
  if (radius === 0) return mask;
  const far = 1 << 20;
  const distance = new Int32Array(mask.length);
  // The distance along rows, then what of it columns can shorten: the city-block distance is a sum of the two.
  for (let row = 0; row < mask.length; row += size) {
    for (let i = row, d = far; i < row + size; i++) {
      d = mask[i] ? 0 : d + 1;
      distance[i] = d;
    }
    for (let i = row + size - 1, d = far; i >= row; i--) {
      d = mask[i] ? 0 : d + 1;
      if (d < distance[i]!) distance[i] = d;
    }
  }
  for (let i = size; i < mask.length; i++) if (distance[i - size]! + 1 < distance[i]!) distance[i] = distance[i - size]! + 1;
  for (let i = mask.length - size - 1; i >= 0; i--) {
    if (distance[i + size]! + 1 < distance[i]!) distance[i] = distance[i + size]! + 1;
  }
  const out = new Uint8Array(mask.length);
  for (let i = 0; i < out.length; i++) out[i] = distance[i]! <= radius ? 1 : 0;
  return out;
}
