/** A symmetric kernel: `kernel[0]` at the centre, `kernel[n]` at ±n pixels; the whole sums to 1. */
export type Kernel = readonly number[];

/**
 * Point spread of an apodised k-space window, sampled at the pixels.
 *
 * @param resolutionPixels - Acquired resolution in pixels, at least 1; 1 with no apodisation gives the identity `[1]`.
 * @param apodisation - a in the window `1 - a + a cos(pi k / K)`: 0 is a plain window (Gibbs ringing), 0.5 the Hann window.
 *
 * Source: the window's Fourier transform, a sinc plus two shifted halves; see Bernstein et al., Handbook of MRI Pulse Sequences, 2004, 13.1.
 */
export function pointSpread(resolutionPixels: number, apodisation: number): Kernel {
  const resolution = Math.max(1, resolutionPixels);
  if (resolution === 1 && apodisation === 0) return [1];
  const reach = Math.ceil(3 * resolution); // three lobes; what is left is below 4 % each
  const values = Array.from({ length: reach + 1 }, (_, n) => {
    const t = n / resolution;
    return (1 - apodisation) * sinc(t) + (apodisation / 2) * (sinc(t + 1) + sinc(t - 1));
  });
  const total = values.reduce((sum, v, n) => sum + (n === 0 ? v : 2 * v), 0);
  return values.map((v) => v / total);
}

function sinc(t: number): number {
  return Math.abs(t) < 1e-9 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
}

/** Factor that a kernel scales the standard deviation of white noise by. */
export function noiseGain(kernel: Kernel): number {
  return Math.sqrt(kernel.reduce((sum, v, n) => sum + (n === 0 ? v * v : 2 * v * v), 0));
}

/** What lies beyond the border: the border pixel again (images), or the other side (noise, whose level must not change at the border). */
export type Border = "repeat" | "wrap";

/**
 * Convolves an image along x with `alongX` and along y with `alongY`, in place.
 * @param scratch - As long as `image`; its content is lost.
 */
export function blurInPlace(
  image: Float32Array,
  size: readonly [number, number],
  [alongX, alongY]: readonly [Kernel, Kernel],
  border: Border,
  scratch: Float32Array,
): void {
  if (alongX.length > 1) blurAlongX(image, size, alongX, border, scratch);
  if (alongY.length > 1) blurAlongY(image, size, alongY, border, scratch);
}

function blurAlongX(
  image: Float32Array,
  [width, height]: readonly [number, number],
  alongX: Kernel,
  border: Border,
  scratch: Float32Array,
): void {
  scratch.set(image);
  const reach = alongX.length - 1;
  const from = padded(width, reach, border);
  const line = new Float64Array(from.length);
  const kernel = Float64Array.from(alongX);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let i = 0; i < line.length; i++) line[i] = scratch[row + from[i]!]!;
    for (let x = 0; x < width; x++) {
      const at = x + reach;
      let sum = kernel[0]! * line[at]!;
      for (let n = 1; n <= reach; n++) sum += kernel[n]! * (line[at - n]! + line[at + n]!);
      image[row + x] = sum;
    }
  }
}

/** Row by row, each the weighted sum of whole rows. */
function blurAlongY(
  image: Float32Array,
  [width, height]: readonly [number, number],
  alongY: Kernel,
  border: Border,
  scratch: Float32Array,
): void {
  scratch.set(image);
  const reach = alongY.length - 1;
  const line = padded(height, reach, border);
  const sum = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) sum[x] = alongY[0]! * scratch[row + x]!;
    for (let n = 1; n <= reach; n++) {
      const above = line[y + reach - n]! * width;
      const below = line[y + reach + n]! * width;
      const w = alongY[n]!;
      for (let x = 0; x < width; x++) sum[x]! += w * (scratch[above + x]! + scratch[below + x]!);
    }
    image.set(sum, row);
  }
}

/** For each place from `-reach` to `size - 1 + reach`, the pixel that stands there. */
function padded(size: number, reach: number, border: Border): Int32Array {
  return Int32Array.from({ length: size + 2 * reach }, (_, i) => {
    const at = i - reach;
    return border === "wrap" ? ((at % size) + size) % size : Math.min(size - 1, Math.max(0, at));
  });
}
