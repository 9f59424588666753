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
  const reach = Math.ceil(4 * resolution); // four lobes; what is left is below 2 % each
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

/**
 * Convolves an image along x with `alongX` and along y with `alongY`, in place; the border pixel goes on outside.
 * @param scratch - As long as `image`; its content is lost.
 */
export function blurInPlace(
  image: Float32Array,
  width: number,
  height: number,
  alongX: Kernel,
  alongY: Kernel,
  scratch: Float32Array,
): void {
  if (alongX.length > 1) {
    scratch.set(image);
    for (let y = 0; y < height; y++) {
      const row = y * width;
      for (let x = 0; x < width; x++) {
        let sum = alongX[0]! * scratch[row + x]!;
        for (let n = 1; n < alongX.length; n++) {
          const left = x - n < 0 ? 0 : x - n;
          const right = x + n >= width ? width - 1 : x + n;
          sum += alongX[n]! * (scratch[row + left]! + scratch[row + right]!);
        }
        image[row + x] = sum;
      }
    }
  }
  if (alongY.length === 1) return;
  scratch.set(image);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) image[row + x] = alongY[0]! * scratch[row + x]!;
    for (let n = 1; n < alongY.length; n++) {
      const above = (y - n < 0 ? 0 : y - n) * width;
      const below = (y + n >= height ? height - 1 : y + n) * width;
      const w = alongY[n]!;
      for (let x = 0; x < width; x++) image[row + x]! += w * (scratch[above + x]! + scratch[below + x]!);
    }
  }
}
