import { connectedComponents } from "../../core/components.ts";
import { distanceTo } from "../../core/distance.ts";
import type { Image, Volume } from "../../core/volume.ts";
import { scoreFloor } from "./score.ts";

/** Where a lesion can be, slice by slice: 1 inside. */
export type Gate = readonly Image<Uint8Array>[];

/** An input counts as brain-masked when at least this share of its voxels is exactly 0 … our guess. */
const leastZeroShare = 0.3;
/** … and the rest is no larger than a head at term (mm³; intracranial volume reaches 0.5 litres). Our guess. */
const mostBrainMm3 = 700_000;

/** Logits that a brain is looked for above, one after the other; each next one only where what the last found is larger than any head. */
const brainLogits = [0, 0.5, 1, 1.5, 2, 3, 4, 6] as const;

/**
 * The brain in the network's brain logits: above 0, the largest piece in 3-D (touching by faces), holes closed slice by slice.
 * What hangs on it by a neck no wider than two times `neckPixels` in its slice is cut off: fluid or body beside the head.
 * In a raw stack an unsure network can take half the uterus for brain; then the logit is raised until the piece is no larger
 * than a head. All slices must be of one size. Empty where no logit is above 0.
 *
 * @param voxelMm3 - Volume of a voxel of the slices.
 */
export function predictedGate(brain: readonly Image[], voxelMm3: number, neckPixels: number): Gate {
  let gate: Gate = [];
  for (const least of brainLogits) {
    const next = cutNecks(brain.map((slice) => above(slice, least)), neckPixels); // biome-ignore format: short
    const mm3 = gatePixels(next) * voxelMm3;
    if (least > 0 && mm3 === 0) return gate; // nothing is left: keep what there was
    gate = next;
    if (mm3 <= mostBrainMm3) return gate;
  }
  return gate;
}

/**
 * The brain of an input that comes brain-masked: everything that is not exactly 0, the largest piece, holes closed.
 * null for an input that does not: too little of it is 0, or the rest is too large for a fetal or neonatal head.
 *
 * @param voxelMm3 - Volume of a voxel of the input.
 * @param toSlices - Cuts a mask on the input's grid into slices at the network's pixels.
 */
export function backgroundGate(
  volume: Volume,
  voxelMm3: number,
  toSlices: (mask: Volume<Uint8Array>) => Image<Uint8Array>[],
): Gate | null {
  const data = Uint8Array.from(volume.data, (v) => (v === 0 ? 0 : 1));
  const filled = data.reduce((a, b) => a + b, 0);
  const masked = filled > 0 && filled <= (1 - leastZeroShare) * data.length && filled * voxelMm3 <= mostBrainMm3;
  return masked ? closed(largestPiece(toSlices({ ...volume, data }))) : null;
}

/** A gate that is open everywhere. */
export function openGate(slices: readonly Image[]): Gate {
  return slices.map(({ width, height }) => ({ width, height, data: new Uint8Array(width * height).fill(1) }));
}

/**
 * Lesion logits with small lesions put to {@link scoreFloor}: pieces in 3-D (logit above 0 inside the gate, touching by corners)
 * of less than `leastMm3`. The slices themselves where nothing is small.
 */
export function withoutSmallLesions(lesion: readonly Image[], gate: Gate, leastMm3: number, voxelMm3: number): readonly Image[] {
  if (leastMm3 <= 0 || gate.length === 0) return lesion;
  const { width, height } = gate[0]!;
  const pixels = width * height;
  const inside = (i: number) => {
    const [slice, at] = [Math.floor(i / pixels), i % pixels];
    return gate[slice]!.data[at] === 1 && lesion[slice]!.data[at]! > 0;
  };
  const { labels, sizes } = connectedComponents(inside, [width, height, gate.length], "corners");
  const small = sizes.map((size, label) => label > 0 && size * voxelMm3 < leastMm3);
  if (!small.some(Boolean)) return lesion;
  return lesion.map((slice, s) => ({
    ...slice,
    data: slice.data.map((v, i) => (small[labels[s * pixels + i]!] ? scoreFloor : v)),
  }));
}

/** Pixels inside, all slices together. */
export function gatePixels(gate: Gate): number {
  let count = 0;
  for (const slice of gate) for (const value of slice.data) count += value;
  return count;
}

function above({ data, width, height }: Image, least: number): Image<Uint8Array> {
  return { width, height, data: Uint8Array.from(data, (v) => (v > least ? 1 : 0)) };
}

/**
 * The largest piece that is left after peeling `neck` pixels off, grown back by as much within the mask; holes closed.
 * Holes as large as a bleed are closed before, lest peeling opens them; a larger one may be the head in a ring of fluid.
 */
function cutNecks(holed: Gate, neck: number): Gate {
  if (neck <= 0) return closed(largestPiece(holed));
  const mask = closed(holed, (5 * neck) ** 2);
  const core = largestPiece(mask.map((slice) => within(slice, distance(slice, 0), (d) => d > neck)));
  if (gatePixels(core) === 0) return closed(largestPiece(mask)); // nothing is that thick
  return closed(mask.map((slice, s) => within(slice, distance(core[s]!, 1), (d) => d <= neck + 0.5)));
}

/** Distance of each pixel to the nearest one of that value, pixels. */
function distance({ data, width, height }: Image<Uint8Array>, value: 0 | 1): Float32Array {
  return distanceTo((i) => data[i] === value, [width, height, 1], [1, 1, 1]);
}

function within(slice: Image<Uint8Array>, distances: Float32Array, keep: (distance: number) => boolean): Image<Uint8Array> {
  return { ...slice, data: slice.data.map((v, i) => (v === 1 && keep(distances[i]!) ? 1 : 0)) };
}

function largestPiece(mask: Gate): Gate {
  if (mask.length === 0) return [];
  const { width, height } = mask[0]!;
  const pixels = width * height;
  const inside = (i: number) => mask[Math.floor(i / pixels)]!.data[i % pixels] === 1;
  const { labels, sizes } = connectedComponents(inside, [width, height, mask.length], "faces");
  const largest = sizes.reduce((best, size, label) => (size > sizes[best]! ? label : best), 0); // sizes[0] is 0
  const only = (s: number) => mask[s]!.data.map((_, i) => (largest > 0 && labels[s * pixels + i] === largest ? 1 : 0));
  return mask.map((_, s) => ({ width, height, data: only(s) }));
}

/** Closes holes of up to `largest` pixels, slice by slice. */
function closed(gate: Gate, largest = Infinity): Gate {
  return gate.map((slice) => ({ ...slice, data: closeHoles(slice, largest) }));
}

/** Fills what the border of the slice cannot reach without crossing the mask. */
function closeHoles({ data, width, height }: Image<Uint8Array>, largest: number): Uint8Array {
  if (!data.includes(1)) return data;
  const { labels, sizes } = connectedComponents((i) => data[i] === 0, [width, height, 1], "faces");
  const open = new Set<number>();
  for (let x = 0; x < width; x++) open.add(labels[x]!).add(labels[x + width * (height - 1)]!);
  for (let y = 0; y < height; y++) open.add(labels[width * y]!).add(labels[width * y + width - 1]!);
  return data.map((v, i) => (v === 1 || (!open.has(labels[i]!) && sizes[labels[i]!]! <= largest) ? 1 : 0));
}
