import type { Rng } from "./rng.ts";

const layers = 128;
/** Where the tail begins, and the area of each layer. */
const tailFrom = 3.442619855899;
const area = 9.91256303526217e-3;
const half = 2 ** 31;

/** For each layer: below which 31-bit number a draw is inside for certain, what such a number is worth, and the density at its edge. */
const table = makeTable();

function makeTable() {
  const sure = new Float64Array(layers);
  const worth = new Float64Array(layers);
  const density = new Float64Array(layers);
  const at = (x: number) => Math.exp(-0.5 * x * x);
  const base = area / at(tailFrom);
  let [edge, outer] = [tailFrom, tailFrom];
  [sure[0], worth[0], density[0]] = [(tailFrom / base) * half, base / half, 1];
  [worth[layers - 1], density[layers - 1]] = [tailFrom / half, at(tailFrom)];
  for (let i = layers - 2; i >= 1; i--) {
    edge = Math.sqrt(-2 * Math.log(area / edge + at(edge)));
    [sure[i + 1], worth[i], density[i]] = [(edge / outer) * half, edge / half, at(edge)];
    outer = edge;
  }
  return { sure, worth, density };
}

/**
 * Fills an array with normal numbers of mean 0, several times as fast as `rng.normal()` one by one. Decided by the next four numbers of `rng`.
 *
 * @param deviation - Standard deviation, at least 0.
 *
 * Sources: the ziggurat of Marsaglia & Tsang 2000, doi:10.18637/jss.v005.i08, fed by Doty-Humphrey's generator sfc32 (PractRand).
 */
export function fillNormals(rng: Rng, out: Float32Array, deviation: number): void {
  const bits = sfc32(rng);
  const uniform = () => (bits() + half + 0.5) / (2 * half);
  const { sure, worth, density } = table;
  for (let i = 0; i < out.length; i++) {
    let value = Number.NaN;
    while (Number.isNaN(value)) {
      const draw = bits();
      const layer = draw & (layers - 1);
      const x = draw * worth[layer]!;
      if (Math.abs(draw) < sure[layer]!) value = x;
      else if (layer === 0) value = draw > 0 ? tailFrom + tail(uniform) : -tailFrom - tail(uniform);
      else if (density[layer]! + uniform() * (density[layer - 1]! - density[layer]!) < Math.exp(-0.5 * x * x)) value = x;
    }
    out[i] = deviation * value;
  }
}

/** How far beyond its begin a number of the tail lies. */
function tail(uniform: () => number): number {
  for (;;) {
    const x = -Math.log(uniform()) / tailFrom;
    const y = -Math.log(uniform());
    if (y + y >= x * x) return x;
  }
}

/** 32 random bits a call, as a signed integer. */
function sfc32(rng: Rng): () => number {
  let [a, b, c, counter] = [0, 1, 2, 3].map(() => (rng.uniform() * 2 ** 32) | 0) as [number, number, number, number];
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}
