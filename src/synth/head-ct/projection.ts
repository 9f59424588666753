/** A square image whose middle pixel point `(size - 1) / 2` lies on the axis of rotation, row-major. */
export interface Square {
  readonly data: Float32Array;
  readonly size: number;
  readonly pixelMm: number;
}

/** Line integrals along parallel rays: view `v` looks at angle `π v / views`, bin `s` is `pixelMm` from the next. */
export interface Sinogram {
  readonly data: Float32Array;
  readonly views: number;
  readonly bins: number;
  readonly pixelMm: number;
}

/** Bins of a detector that sees the corners of a square too. */
export const binsOf = (size: number): number => Math.ceil(size * Math.SQRT2) + 2;

/**
 * Line integrals through an image, value times mm. The middle of the rotation is the middle of the image.
 *
 * Source: Joseph 1982, doi:10.1109/TMI.1982.4307572: a ray is followed row by row, or column by column where it runs flat, and takes from each the
 * linear interpolation of the two pixels that it passes between.
 */
export function project({ data, size, pixelMm }: Square, views: number): Sinogram {
  const bins = binsOf(size);
  const out = new Float32Array(views * bins);
  const middle = (size - 1) / 2;
  for (let v = 0; v < views; v++) {
    const [c, s] = directionOf(v, views);
    const steep = Math.abs(c) > Math.abs(s);
    const [along, across] = steep ? [c, s] : [s, c];
    const [step, stride] = steep ? [1, size] : [size, 1];
    for (let b = 0; b < bins; b++) {
      let at = (b - (bins - 1) / 2 + middle * across) / along + middle;
      let sum = 0;
      for (let row = 0; row < size; row++, at -= across / along) {
        if (!(at > 0 && at < size - 1)) continue;
        const n = at | 0;
        const i = n * step + row * stride;
        sum += data[i]! + (at - n) * (data[i + step]! - data[i]!);
      }
      out[v * bins + b] = (sum * pixelMm) / Math.abs(along);
    }
  }
  return { data: out, views, bins, pixelMm };
}

function directionOf(view: number, views: number): readonly [number, number] {
  const angle = (Math.PI * view) / views;
  return [Math.cos(angle), Math.sin(angle)];
}

/** How a reconstruction kernel damps the high frequencies of the ramp, from 0 to 1 of the Nyquist frequency. */
export type Apodisation = (share: number) => number;

/**
 * The image whose line integrals a sinogram has: filtered backprojection.
 *
 * @param size - Width of the square image, pixels as wide as the bins.
 * @returns Row-major, in the sinogram's unit per mm.
 *
 * Source: Kak & Slaney 1988, Principles of Computerized Tomographic Imaging, chapter 3, the ramp sampled in space.
 */
export function reconstruct({ data, views, bins, pixelMm }: Sinogram, size: number, apodise: Apodisation): Float32Array {
  const kernel = filterKernel(bins, apodise);
  const out = new Float32Array(size * size);
  const middle = (size - 1) / 2;
  const line = new Float32Array(bins + 1);
  for (let v = 0; v < views; v++) {
    filterLine(data, v * bins, bins, kernel, line);
    const [c, s] = directionOf(v, views);
    for (let y = 0; y < size; y++) {
      let at = (bins - 1) / 2 + (y - middle) * s - middle * c;
      for (let i = size * y; i < size * (y + 1); i++, at += c) {
        const bin = at | 0;
        const share = at - bin;
        out[i] = out[i]! + line[bin]! + share * (line[bin + 1]! - line[bin]!);
      }
    }
  }
  const scale = Math.PI / views / pixelMm;
  for (let i = 0; i < out.length; i++) out[i] = out[i]! * scale;
  return out;
}

/**
 * The ramp filter with an apodisation, sampled at distances 0, 1, 2 … bins: the integral of `f · apodise(2 f) · cos(2 π f n)` over frequencies
 * from 0 to a half, twice. Without apodisation these are the textbook values 1/4 at 0, -1/(π n)² at odd n, 0 at even n.
 */
export function filterKernel(length: number, apodise: Apodisation): Float64Array {
  const steps = 4096;
  const weights = Float64Array.from({ length: steps }, (_, i) => {
    const f = (i + 0.5) / (2 * steps);
    return (2 * f * apodise(2 * f)) / (2 * steps);
  });
  const out = new Float64Array(length);
  for (let n = 0; n < length; n++) {
    // cos(2 π f n) at evenly spaced f, by the recurrence of Chebyshev.
    const step = (Math.PI * n) / steps;
    const twice = 2 * Math.cos(step);
    let [before, here, sum] = [Math.cos(step / 2), Math.cos(step / 2), 0];
    for (let i = 0; i < steps; i++) {
      sum += weights[i]! * here;
      [before, here] = [here, twice * here - before];
    }
    out[n] = sum;
  }
  return out;
}

function filterLine(data: Float32Array, start: number, bins: number, kernel: Float64Array, out: Float32Array): void {
  for (let i = 0; i < bins; i++) {
    let sum = 0;
    for (let j = 0; j < i; j++) sum += kernel[i - j]! * data[start + j]!;
    for (let j = i; j < bins; j++) sum += kernel[j - i]! * data[start + j]!;
    out[i] = sum;
  }
}
