import { between, type Rng, seededRng } from "../../core/rng.ts";
import type { DenoiseOptions, RestoreOptions } from "./options.ts";

/** How a window is spoilt before the network sees it, fully decided: plain JSON. What it gives back is held to the window as it was. */
export type Corruption =
  | { readonly kind: "swaps"; readonly swaps: readonly Swap[] }
  | { readonly kind: "noise"; readonly deviation: number; readonly cell: number; readonly shift: readonly [number, number]; readonly seed: number }; // biome-ignore format: one line

/** Two square patches that change places, in pixels, each turned by quarter turns where it comes to lie. */
export interface Swap {
  readonly side: number;
  readonly places: readonly [Corner, Corner];
  readonly turns: readonly [number, number];
}

interface Corner {
  readonly x: number;
  readonly y: number;
}

/** How often a place is looked for that does not overlap the other. */
const mostTries = 50;

/**
 * Draws pairs of patches that do not overlap one another; one pair may take up what another left.
 * @param size - Of the window, pixels; at least three times the largest side, so that there is such a place wherever the first lies.
 *
 * Source: Chen et al. 2019, doi:10.1016/j.media.2019.101539; sizes and turns as in Spahr et al. 2023, doi:10.3389/fnimg.2023.1157565.
 */
export function drawSwaps(
  rng: Rng,
  { swaps, sidePixels: [least, most], quarterTurns }: RestoreOptions,
  size: number,
): Corruption {
  const turn = () => (quarterTurns ? rng.below(4) : 0);
  const draw = (): Swap => {
    const side = least + rng.below(most - least + 1);
    const corner = (): Corner => ({ x: rng.below(size - side + 1), y: rng.below(size - side + 1) });
    const apart = (a: Corner, b: Corner) => Math.abs(a.x - b.x) >= side || Math.abs(a.y - b.y) >= side;
    const first = corner();
    let second = corner();
    for (let tries = 1; !apart(first, second) && tries < mostTries; tries++) second = corner();
    const far = (at: number) => (2 * at + side <= size ? size - side : 0);
    if (!apart(first, second)) second = { x: far(first.x), y: far(first.y) };
    return { side, places: [first, second], turns: [turn(), turn()] };
  };
  return { kind: "swaps", swaps: Array.from({ length: swaps }, draw) };
}

/**
 * Draws coarse noise. The grid that it is linear on is shifted by less than a cell, lest the network learn where it lies.
 * Source: Kascenas et al. 2022, proceedings.mlr.press/v172/kascenas22a.html.
 */
export function drawNoise(rng: Rng, { noise, cellPixels }: DenoiseOptions): Corruption {
  const shift = [between(rng, [0, cellPixels]), between(rng, [0, cellPixels])] as const;
  return { kind: "noise", deviation: noise, cell: cellPixels, shift, seed: rng.below(2 ** 31) };
}

/** A window of `size` x `size` pixels, spoilt; the window itself is not modified. Noise leaves alone what is exactly black, beyond the slice or the mask. */
export function corrupt(image: Float32Array, size: number, corruption: Corruption): Float32Array {
  const out = Float32Array.from(image);
  switch (corruption.kind) {
    case "swaps":
      for (const swap of corruption.swaps) applySwap(out, size, swap);
      return out;
    case "noise":
      addCoarseNoise(out, size, corruption);
      return out;
    default:
      return corruption satisfies never;
  }
}

function applySwap(image: Float32Array, size: number, { side, places, turns }: Swap): void {
  const [first, second] = places.map((corner) => patchOf(image, size, corner, side)) as [Float32Array, Float32Array];
  putPatch(image, size, places[1], side, first, turns[0]);
  putPatch(image, size, places[0], side, second, turns[1]);
}

function patchOf(image: Float32Array, size: number, { x, y }: Corner, side: number): Float32Array {
  const patch = new Float32Array(side * side);
  for (let row = 0; row < side; row++) patch.set(image.subarray(x + size * (y + row), x + size * (y + row) + side), side * row);
  return patch;
}

function putPatch(image: Float32Array, size: number, at: Corner, side: number, patch: Float32Array, turns: number): void {
  const last = side - 1;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [u, v] = [
        [x, y],
        [y, last - x],
        [last - x, last - y],
        [last - y, x],
      ][turns] as [number, number];
      image[at.x + x + size * (at.y + y)] = patch[u + side * v]!;
    }
  }
}

function addCoarseNoise(
  image: Float32Array,
  size: number,
  { deviation, cell, shift, seed }: Extract<Corruption, { kind: "noise" }>,
): void {
  const rng = seededRng(seed);
  const points = Math.ceil(size / cell) + 2;
  const values = Float64Array.from({ length: points * points }, () => deviation * rng.normal());
  const along = (i: number, offset: number) => {
    const at = (i + offset) / cell;
    return { from: Math.floor(at), share: at - Math.floor(at) };
  };
  for (let y = 0, i = 0; y < size; y++) {
    const v = along(y, shift[1]);
    for (let x = 0; x < size; x++, i++) {
      if (image[i] === 0) continue;
      const u = along(x, shift[0]);
      const row = (r: number) => (1 - u.share) * values[u.from + points * r]! + u.share * values[u.from + 1 + points * r]!;
      image[i] = image[i]! + (1 - v.share) * row(v.from) + v.share * row(v.from + 1);
    }
  }
}
