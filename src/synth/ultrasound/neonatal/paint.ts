import { applyAffine, invertAffine, type Vec3 } from "../../../core/affine.ts";
import { distanceTo } from "../../../core/distance.ts";
import { type Tissue as TissueName, tissues } from "../../../core/tissue.ts";
import type { LabelVolume } from "../../../core/volume.ts";
import { bandNoise } from "../../field/band-noise.ts";
import { sampleTrilinear } from "../../field/interpolate.ts";
import type { ChoroidPlexus } from "../../negatives/negative.ts";
import { amplitude, blend, type Canvas, type Tissue } from "../canvas.ts";
import type { NeonatalHead } from "./brain.ts";
import type { PlaneAxes } from "./plane.ts";
import { brainTissues, otherTissues } from "./tissue.ts";

/** What a skull is like above the brain. */
export interface Vault {
  readonly boneMm: number;
  /** Radius of the anterior fontanelle. */
  readonly fontanelleMm: number;
}

/** Pia lines the brain this far into the fluid, mm: in a narrow sulcus it fills the gap. Our guess. */
const piaMm = 0.9;

const byId = new Map<number, Tissue>(Object.entries(tissues).map(([name, id]) => [id, brainTissues[name as TissueName]]));

/**
 * Paints one plane of a head into a canvas whose u and v are millimetres across and down from the fontanelle. Labels become ids of core/tissue.ts.
 *
 * @returns The share of each pixel that is blood.
 */
export function paintFrame(canvas: Canvas, head: NeonatalHead, axes: PlaneAxes, vault: Vault): Float32Array {
  const { frame, u, v, label } = canvas;
  const shape = [frame.width, frame.height, 1] as const;
  const spacing = [frame.pixelMm, frame.pixelMm, 1] as const;
  const at = tissueAt(head.tissue);
  const { origin: o, across: e, down: d } = axes;
  const place = (i: number): Vec3 => worldOf(axes, u[i]!, v[i]!);
  for (let i = 0; i < label.length; i++) {
    const [p, q] = [u[i]!, v[i]!];
    label[i] = at(o[0] + p * e[0] + q * d[0], o[1] + p * e[1] + q * d[1], o[2] + p * e[2] + q * d[2]);
  }
  const outside = distanceTo((i) => label[i] !== tissues.background, shape, spacing);
  const fluid = distanceTo((i) => label[i] !== tissues.csf && label[i] !== tissues.background, shape, spacing);
  for (let i = 0; i < label.length; i++) {
    const id = label[i]!;
    if (id !== tissues.background) fill(canvas, i, id === tissues.csf && fluid[i]! < piaMm ? otherTissues.pia : byId.get(id)!);
    else {
      const open = Math.hypot(u[i]!, v[i]!) < vault.fontanelleMm;
      fill(
        canvas,
        i,
        outside[i]! < vault.boneMm && !open ? otherTissues.bone : open ? otherTissues.scalp : brainTissues.background,
      );
    }
  }
  for (const plexus of head.plexus) paintPlexus(canvas, plexus, place);
  return paintBlood(canvas, head.lesion, place);
}

function fill({ scatter, loss, impedance, density }: Canvas, i: number, tissue: Tissue): void {
  scatter[i] = amplitudes.get(tissue)!;
  loss[i] = tissue.loss;
  impedance[i] = tissue.impedance;
  density[i] = tissue.density ?? 1;
}

/** Mean amplitude of each tissue; asked for every pixel. */
const amplitudes = new Map(
  [...Object.values(brainTissues), ...Object.values(otherTissues)].map((t: Tissue) => [t, amplitude(t.echo)]),
);

function worldOf({ origin, across, down }: PlaneAxes, u: number, v: number): Vec3 {
  return [
    origin[0] + u * across[0] + v * down[0],
    origin[1] + u * across[1] + v * down[1],
    origin[2] + u * across[2] + v * down[2],
  ];
}

/**
 * The tissue at a world place: the one that most of the voxels around it are, weighted by a quadratic B-spline, so that borders run smoothly
 * between voxels. Where the 8 nearest agree, it is theirs.
 */
function tissueAt({ data, shape: [nx, ny, nz], affine }: LabelVolume): (x: number, y: number, z: number) => number {
  const [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3] = invertAffine(affine);
  const votes = new Float64Array(256);
  const weights = [new Float64Array(3), new Float64Array(3), new Float64Array(3)] as const;
  return (wx, wy, wz) => {
    const x = a0 * wx + a1 * wy + a2 * wz + a3;
    const y = b0 * wx + b1 * wy + b2 * wz + b3;
    const z = c0 * wx + c1 * wy + c2 * wz + c3;
    if (x < 1 || y < 1 || z < 1 || x >= nx - 2 || y >= ny - 2 || z >= nz - 2) return tissues.background;
    const floor = (x | 0) + nx * ((y | 0) + ny * (z | 0));
    const first = data[floor]!;
    let same = true;
    for (let n = 1; n < 8 && same; n++) same = data[floor + (n & 1) + (n & 2 ? nx : 0) + (n & 4 ? nx * ny : 0)] === first;
    if (same) return first;
    const middle = Math.round(x) + nx * (Math.round(y) + ny * Math.round(z));
    splineWeights(weights[0], x - Math.round(x));
    splineWeights(weights[1], y - Math.round(y));
    splineWeights(weights[2], z - Math.round(z));
    votes.fill(0, 0, 32);
    let best = data[middle]!;
    for (let k = 0; k < 3; k++)
      for (let j = 0; j < 3; j++)
        for (let i = 0; i < 3; i++) {
          const id = data[middle + i - 1 + nx * (j - 1 + ny * (k - 1))]!;
          votes[id]! += weights[0][i]! * weights[1][j]! * weights[2][k]!;
          if (votes[id]! > votes[best]!) best = id;
        }
    return best;
  };
}

/** Weights of the voxel before, at and after a place `t` in [-0.5, 0.5] from its centre. */
function splineWeights(out: Float64Array, t: number): void {
  out[0] = (0.5 - t) ** 2 / 2;
  out[1] = 0.75 - t * t;
  out[2] = (0.5 + t) ** 2 / 2;
}

/** Choroid plexus where the ventricle's lumen lies within its tufted line. */
function paintPlexus(canvas: Canvas, { line, tufts }: ChoroidPlexus, place: (i: number) => Vec3): void {
  const rough = bandNoise(tufts.noise);
  for (let i = 0; i < canvas.label.length; i++) {
    if (canvas.label[i] !== tissues.lateralVentricle) continue;
    const [x, y, z] = place(i);
    let distance = Infinity;
    for (let s = 1; s < line.length; s++) distance = Math.min(distance, capsule([x, y, z], line[s - 1]!, line[s]!));
    if (distance + tufts.amplitudeMm * rough(x, y, z) < 0) fill(canvas, i, otherTissues.plexus);
  }
}

type Bead = ChoroidPlexus["line"][number];

/** Distance to the line between two beads, less its radius there. */
function capsule(p: Vec3, from: Bead, to: Bead): number {
  const along = to.at.map((v, a) => v - from.at[a]!) as unknown as Vec3;
  const rel = p.map((v, a) => v - from.at[a]!) as unknown as Vec3;
  const length2 = along[0] ** 2 + along[1] ** 2 + along[2] ** 2;
  const t = Math.min(1, Math.max(0, (rel[0] * along[0] + rel[1] * along[1] + rel[2] * along[2]) / length2));
  const away = Math.sqrt((rel[0] - t * along[0]) ** 2 + (rel[1] - t * along[1]) ** 2 + (rel[2] - t * along[2]) ** 2);
  return away - from.radiusMm - t * (to.radiusMm - from.radiusMm);
}

function paintBlood(canvas: Canvas, lesion: NeonatalHead["lesion"], place: (i: number) => Vec3): Float32Array {
  const cover = new Float32Array(canvas.label.length);
  if (lesion === null) return cover;
  const toVoxel = invertAffine(lesion.affine);
  const share = sampleTrilinear(lesion.data, lesion.shape);
  const echo = amplitude(otherTissues.blood.echo);
  for (let i = 0; i < cover.length; i++) {
    if (canvas.label[i] === tissues.background) continue;
    cover[i] = share(...applyAffine(toVoxel, place(i)));
    if (cover[i]! > 0) blend(canvas, i, cover[i]!, echo, otherTissues.blood);
  }
  return cover;
}
