import { connectedComponents } from "../../core/components.ts";
import type { Image, Volume } from "../../core/volume.ts";

/** Where a lesion can be, slice by slice: 1 inside. */
export type Gate = readonly Image<Uint8Array>[];

/** An input counts as brain-masked when at least this share of its voxels is exactly 0 … our guess. */
const leastZeroShare = 0.3;
/** … and the rest is no larger than a head at term (mm³; intracranial volume reaches 0.5 litres). Our guess. */
const mostBrainMm3 = 700_000;

/**
 * The brain in the network's brain logits: above 0, the largest piece in 3-D (touching by faces), holes closed slice by slice.
 * All slices must be of one size. Empty where no logit is above 0.
 */
export function predictedGate(brain: readonly Image[]): Gate {
  return largestPiece(brain, (slice, i) => slice.data[i]! > 0);
}

/**
 * The brain of an input that comes brain-masked: everything that is not exactly 0, the largest piece, holes closed.
 * null for an input that does not: too little of it is 0, or the rest is too large for a fetal or neonatal head.
 *
 * @param slices - The input's slices at the network's pixels; black is 0.
 * @param voxelMm3 - Volume of one of their pixels.
 */
export function backgroundGate(volume: Volume, slices: readonly Image[], voxelMm3: number): Gate | null {
  let zeros = 0;
  for (const value of volume.data) if (value === 0) zeros++;
  if (zeros < leastZeroShare * volume.data.length || zeros === volume.data.length) return null;
  let filled = 0;
  for (const slice of slices) for (const value of slice.data) if (value > 0) filled++;
  return filled * voxelMm3 > mostBrainMm3 ? null : largestPiece(slices, (slice, i) => slice.data[i]! > 0);
}

/** A gate that is open everywhere. */
export function openGate(slices: readonly Image[]): Gate {
  return slices.map(({ width, height }) => ({ width, height, data: new Uint8Array(width * height).fill(1) }));
}

/**
 * Closes the gate over small lesions: pieces in 3-D (logit above 0 inside the gate, touching by corners) of less than `leastMm3`.
 * @returns The gate itself where nothing is small.
 */
export function withoutSmallLesions(gate: Gate, lesion: readonly Image[], leastMm3: number, voxelMm3: number): Gate {
  if (leastMm3 <= 0 || gate.length === 0) return gate;
  const { width, height } = gate[0]!;
  const pixels = width * height;
  const inside = (i: number) => {
    const [slice, at] = [Math.floor(i / pixels), i % pixels];
    return gate[slice]!.data[at] === 1 && lesion[slice]!.data[at]! > 0;
  };
  const { labels, sizes } = connectedComponents(inside, [width, height, gate.length], "corners");
  const small = sizes.map((size, label) => label > 0 && size * voxelMm3 < leastMm3);
  if (!small.some(Boolean)) return gate;
  return gate.map((slice, s) => ({ ...slice, data: slice.data.map((v, i) => (small[labels[s * pixels + i]!] ? 0 : v)) }));
}

/** Pixels inside, all slices together. */
export function gatePixels(gate: Gate): number {
  let count = 0;
  for (const slice of gate) for (const value of slice.data) count += value;
  return count;
}

function largestPiece(slices: readonly Image[], test: (slice: Image, i: number) => boolean): Gate {
  if (slices.length === 0) return [];
  const { width, height } = slices[0]!;
  const pixels = width * height;
  const shape = [width, height, slices.length] as const;
  const { labels, sizes } = connectedComponents((i) => test(slices[Math.floor(i / pixels)]!, i % pixels), shape, "faces");
  const largest = sizes.reduce((best, size, label) => (size > sizes[best]! ? label : best), 0); // sizes[0] is 0
  return slices.map((_, s) => {
    const data = new Uint8Array(pixels);
    for (let i = 0; i < pixels; i++) data[i] = largest > 0 && labels[s * pixels + i] === largest ? 1 : 0;
    return { width, height, data: closeHoles(data, width, height) };
  });
}

/** Fills what the border of the slice cannot reach without crossing the mask. */
function closeHoles(mask: Uint8Array, width: number, height: number): Uint8Array {
  if (!mask.includes(1)) return mask;
  const { labels } = connectedComponents((i) => mask[i] === 0, [width, height, 1], "faces");
  const open = new Set<number>();
  for (let x = 0; x < width; x++) open.add(labels[x]!).add(labels[x + width * (height - 1)]!);
  for (let y = 0; y < height; y++) open.add(labels[width * y]!).add(labels[width * y + width - 1]!);
  return mask.map((v, i) => (v === 1 || !open.has(labels[i]!) ? 1 : 0));
}
