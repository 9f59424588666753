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
  const far = 65_535;
  const distance = Uint16Array.from(mask, (inside) => (inside ? 0 : far));
  const relax = (i: number, from: number) => {
    if (distance[from]! < distance[i]!) distance[i] = Math.min(distance[i]!, distance[from]! + 1);
  };
  for (let i = 0; i < mask.length; i++) {
    if (i % size > 0) relax(i, i - 1);
    if (i >= size) relax(i, i - size);
  }
  for (let i = mask.length - 1; i >= 0; i--) {
    if (i % size < size - 1) relax(i, i + 1);
    if (i + size < mask.length) relax(i, i + size);
  }
  return Uint8Array.from(distance, (d) => (d <= radius ? 1 : 0));
}
