import type { Vec3 } from "../../core/affine.ts";
import { tissues } from "../../core/tissue.ts";
import type { Volume } from "../../core/volume.ts";
import type { Scene } from "../scene.ts";

/** Change of contrast between tissues. */
export interface Contrast {
  /** Factor of each tissue id, background first. */
  readonly gains: readonly number[];
  /** Exponent of the signal, on the scale where 1.0 is bright cerebrospinal fluid. */
  readonly gamma: number;
}

/** Signal lost in one slice. */
export interface Drop {
  readonly slice: number;
  /** Factor of the slice as a whole. */
  readonly gain: number;
  /** A soft band across the slice that loses `depth` of its signal, or null. */
  readonly band: Band | null;
}

export interface Band {
  /** Direction across the band, degrees from the column axis. */
  readonly degrees: number;
  /** Distance of the band's middle from the middle of the field along that direction, mm. */
  readonly offsetMm: number;
  /** Half width at 61 % of the depth (one standard deviation), mm. */
  readonly widthMm: number;
  /** In [0, 1]. */
  readonly depth: number;
}

/** A dark patch in moving fluid, in one slice. */
export interface FlowVoid {
  readonly site: "ventricle" | "cistern";
  /** Which voxel of the site is the centre: this share of the way through all of them, in [0, 1). */
  readonly at: number;
  /** Half axes of an ellipse, mm; its first axis lies at `degrees` from the column axis. */
  readonly radiiMm: readonly [number, number];
  readonly degrees: number;
  /** Share of signal lost at the centre, in [0, 1]. */
  readonly depth: number;
}

const ventricles: readonly number[] = [tissues.lateralVentricle, tissues.otherVentricle, tissues.cavum];

/** Echo time that the anatomy is taken to have been imaged at, ms. */
export const referenceEchoMs = 100;

/** The scene's image with each tissue's gain; blood keeps its own signal. The same array when nothing changes. */
export function applyGains({ image, tissue, lesion }: Scene, gains: readonly number[]): Float32Array {
  if (gains.every((gain) => gain === 1)) return image.data;
  const out = image.data.slice();
  const change = Float64Array.from(gains, (gain) => gain - 1);
  const blood = lesion?.data;
  for (let i = 0; i < out.length; i++) {
    const id = tissue.data[i]!;
    if (id !== 0) out[i]! *= 1 + change[id]! * (blood === undefined ? 1 : 1 - blood[i]!);
  }
  return out;
}

/** Values up to here go through a table of this many steps a unit: powers are slow. */
const gammaTop = 2;
const gammaSteps = 4096;

/** Raises every positive value to a power, in place; to within 1e-5 below 2, where signals lie, exactly above. */
export function applyGamma(image: Float32Array, gamma: number): void {
  if (gamma === 1) return;
  const table = Float64Array.from({ length: gammaTop * gammaSteps + 2 }, (_, i) => (i / gammaSteps) ** gamma);
  for (let i = 0; i < image.length; i++) {
    const value = image[i]!;
    if (value <= 0) continue;
    const at = value * gammaSteps;
    const n = Math.floor(at);
    image[i] = value < gammaTop && n > 16 ? table[n]! + (at - n) * (table[n + 1]! - table[n]!) : value ** gamma;
  }
}

/** Darkens slice by slice, in place. `pixelMm` is the side of a pixel. */
export function applyDrop(image: Float32Array, shape: Vec3, drop: Drop, pixelMm: number): void {
  const [width, height] = shape;
  const { gain, band } = drop;
  if (band === null) {
    if (gain !== 1) for (let i = 0; i < image.length; i++) image[i]! *= gain;
    return;
  }
  const angle = (band.degrees * Math.PI) / 180;
  const [ux, uy] = [Math.cos(angle) * pixelMm, Math.sin(angle) * pixelMm];
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      const d = (ux * (i - (width - 1) / 2) + uy * (j - (height - 1) / 2) - band.offsetMm) / band.widthMm;
      image[i + width * j]! *= gain * (1 - band.depth * Math.exp(-0.5 * d * d));
    }
  }
}

/** Darkens patches of fluid in a stack, in place: only voxels labelled as the void's site lose signal. */
export function applyFlowVoids(
  image: Float32Array,
  tissue: Uint8Array,
  shape: Vec3,
  voids: readonly FlowVoid[],
  pixelMm: number,
): void {
  if (voids.length === 0) return;
  const [width, height] = shape;
  const plane = width * height;
  const members = {
    ventricle: voxelsOf(tissue, (id) => ventricles.includes(id)),
    cistern: voxelsOf(tissue, (id) => id === tissues.csf),
  };
  for (const { site, at, radiiMm, degrees, depth } of voids) {
    const centre = members[site][Math.floor(at * members[site].length)];
    if (centre === undefined) continue;
    const start = centre - (centre % plane);
    forEllipse([width, height], centre % plane, radiiMm, degrees, pixelMm, (p, share) => {
      const id = tissue[start + p]!;
      if (site === "ventricle" ? ventricles.includes(id) : id === tissues.csf) image[start + p]! *= 1 - depth * share;
    });
  }
}

/** Calls `visit` with the pixels about a centre and the share of a Gaussian ellipse's height there, in (0, 1]. */
export function forEllipse(
  [width, height]: readonly [number, number],
  centre: number,
  radiiMm: readonly [number, number],
  degrees: number,
  pixelMm: number,
  visit: (pixel: number, share: number) => void,
): void {
  const [ci, cj] = [centre % width, Math.floor(centre / width)];
  const reach = Math.ceil((2.5 * Math.max(...radiiMm)) / pixelMm);
  const [c, s] = [Math.cos((degrees * Math.PI) / 180) * pixelMm, Math.sin((degrees * Math.PI) / 180) * pixelMm];
  for (let j = Math.max(0, cj - reach); j <= Math.min(height - 1, cj + reach); j++) {
    for (let i = Math.max(0, ci - reach); i <= Math.min(width - 1, ci + reach); i++) {
      const u = (c * (i - ci) + s * (j - cj)) / radiiMm[0];
      const v = (c * (j - cj) - s * (i - ci)) / radiiMm[1];
      visit(j * width + i, Math.exp(-(u * u + v * v)));
    }
  }
}

function voxelsOf(tissue: Uint8Array, member: (id: number) => boolean): Uint32Array {
  const isMember = Array.from({ length: 256 }, (_, id) => member(id));
  return indicesOf(tissue.length, (i) => isMember[tissue[i]!]!);
}

/** The indices for which `holds`, in order. */
export function indicesOf(length: number, holds: (index: number) => boolean): Uint32Array {
  let count = 0;
  for (let i = 0; i < length; i++) if (holds(i)) count++;
  const out = new Uint32Array(count);
  count = 0;
  for (let i = 0; i < length; i++) if (holds(i)) out[count++] = i;
  return out;
}

/** Sets every pixel of a slice that is further than `marginMm` from its brain pixels to 0, in place. */
export function maskSlice(image: Float32Array, brain: Uint8Array, shape: Vec3, marginMm: number, pixelMm: number): void {
  const [width, height] = shape;
  const reach = Math.floor(marginMm / pixelMm);
  const spans = Array.from({ length: 2 * reach + 1 }, (_, d) =>
    Math.floor(Math.sqrt((marginMm / pixelMm) ** 2 - (d - reach) ** 2) + 1e-9),
  );
  const keep = new Uint8Array(brain.length);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      const p = i + width * j;
      if (brain[p] === 0) continue;
      keep[p] = 1;
      const isEdge = i === 0 || j === 0 || i === width - 1 || j === height - 1;
      if (reach === 0 || !(isEdge || !brain[p - 1] || !brain[p + 1] || !brain[p - width] || !brain[p + width])) continue;
      for (let d = -reach; d <= reach; d++) {
        if (j + d < 0 || j + d >= height) continue;
        const span = spans[d + reach]!;
        keep.fill(1, width * (j + d) + Math.max(0, i - span), width * (j + d) + Math.min(width - 1, i + span) + 1);
      }
    }
  }
  for (let p = 0; p < image.length; p++) if (keep[p] === 0) image[p] = 0;
}

/** A volume on the grid of another. */
export function onGrid<Data extends Float32Array | Uint8Array>(
  data: Data,
  { shape, affine }: Pick<Volume, "shape" | "affine">,
): Volume<Data> {
  return { data, shape, affine };
}
