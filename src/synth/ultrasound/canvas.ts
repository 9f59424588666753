import { bandNoise } from "../field/band-noise.ts";
import { coarseField, coarseRow } from "../surround/coarse.ts";
import type { Frame } from "./fan.ts";

/** How a tissue answers to sound. */
export interface Tissue {
  /** Mean echo of its scatterers, dB; 0 is the soft tissue around the head. */
  readonly echo: number;
  /** Loss on the way through it at the probe's frequency, dB/cm, one way. */
  readonly loss: number;
  /** Acoustic impedance, soft tissue = 1. Its steps are what reflects. */
  readonly impedance: number;
  /** Scatterers a sample of the beam, in (0, 1]; 1 is fully developed speckle, less is grainy. Default 1. */
  readonly density?: number;
}

/**
 * The plane that is scanned, pixel by pixel of the picture: what the sound meets there, and which structure it is. `u` and `v` are each pixel's
 * place in the patient's own millimetres, individual deformation applied; shapes are written in them.
 */
export interface Canvas {
  readonly frame: Frame;
  readonly pose: Pose;
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** Mean amplitude of the scatterers, soft tissue = 1. */
  readonly scatter: Float32Array;
  readonly loss: Float32Array;
  readonly impedance: Float32Array;
  readonly density: Float32Array;
  /** Structure that a pixel's centre lies in; the names are the painter's. */
  readonly label: Uint8Array;
}

/** How the patient lies in the scan plane: where its origin is, which way its u axis points, and whether v is mirrored. */
export interface Pose {
  /** Fan millimetres, see {@link Frame}. */
  readonly centre: readonly [number, number];
  /** Angle of the u axis, degrees from the picture's x axis towards down. */
  readonly turnDeg: number;
  readonly mirrored: boolean;
}

/** A smooth individual deformation: its largest typical move, its scale and its seed. */
export interface Warp {
  readonly sizeMm: number;
  readonly wavelengthMm: number;
  readonly seed: number;
}

/** Pixels between the points at which smooth fields are computed. */
const coarse = 6;

/** A canvas full of one tissue. */
export function makeCanvas(frame: Frame, pose: Pose, warp: Warp, tissue: Tissue): Canvas {
  const count = frame.width * frame.height;
  const filled = (value: number) => new Float32Array(count).fill(value);
  const canvas: Canvas = {
    frame,
    pose,
    u: new Float32Array(count),
    v: new Float32Array(count),
    scatter: filled(amplitude(tissue.echo)),
    loss: filled(tissue.loss),
    impedance: filled(tissue.impedance),
    density: filled(tissue.density ?? 1),
    label: new Uint8Array(count),
  };
  place(canvas);
  const { sizeMm, wavelengthMm, seed } = warp;
  const noise = bandNoise({ wavelengthMm, seed });
  const [du, dv] = [0, 500].map((offset) => smooth(frame, (x, y) => sizeMm * noise(x, y, offset)));
  for (let i = 0; i < count; i++) {
    canvas.u[i]! += du![i]!;
    canvas.v[i]! += dv![i]!;
  }
  return canvas;
}

function place({ frame: { width, height, pixelMm, left, top }, pose: { centre, turnDeg, mirrored }, u, v }: Canvas): void {
  const [c, s] = [Math.cos((turnDeg * Math.PI) / 180), Math.sin((turnDeg * Math.PI) / 180)];
  for (let j = 0, i = 0; j < height; j++) {
    const y = top + (j + 0.5) * pixelMm - centre[1];
    for (let k = 0; k < width; k++, i++) {
      const x = left + (k + 0.5) * pixelMm - centre[0];
      u[i] = c * x + s * y;
      v[i] = (mirrored ? -1 : 1) * (c * y - s * x);
    }
  }
}

/** Where a place in the patient's own millimetres lies in the picture, pixels from the middle of the first: what {@link makeCanvas} does, the other way and without the warp. */
export function pixelAt(
  { pixelMm, left, top }: Frame,
  { centre, turnDeg, mirrored }: Pose,
  [u, v]: readonly [number, number],
): [number, number] {
  const [c, s] = [Math.cos((turnDeg * Math.PI) / 180), Math.sin((turnDeg * Math.PI) / 180)];
  const across = mirrored ? -v : v;
  const [x, y] = [centre[0] + c * u - s * across, centre[1] + s * u + c * across];
  return [(x - left) / pixelMm - 0.5, (y - top) / pixelMm - 0.5];
}

/** A smooth function of fan millimetres at every pixel: computed at every sixth, linear in between. */
export function smooth(frame: Frame, value: (x: number, y: number) => number): Float32Array {
  const { width, height, pixelMm, left, top } = frame;
  const field = coarseField([width, height, 2], coarse);
  const [nx, ny] = field.shape;
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      const at = value(left + (i * coarse + 0.5) * pixelMm, top + (j * coarse + 0.5) * pixelMm);
      field.data[i + nx * j] = at;
      field.data[i + nx * (j + ny)] = at;
    }
  }
  const out = new Float32Array(width * height);
  const line = new Float32Array(nx);
  for (let j = 0; j < height; j++) coarseRow(field, j, 0, out.subarray(width * j, width * (j + 1)), line);
  return out;
}

/** dB to amplitude. */
export const amplitude = (db: number): number => 10 ** (db / 20);

/** What {@link paint} does beside painting a tissue. */
export interface Paint {
  readonly tissue: Tissue;
  /** Structure that the pixels become; absent: they stay what they were. */
  readonly label?: number;
  /** Width of the edge over which the tissue changes, mm; at least a pixel. */
  readonly edge?: number;
  /** Paint only where the label is one of these. */
  readonly within?: readonly number[];
}

/** Paints a shape over what is there; a pixel on its edge is blended by the share that is covered. */
export function paint(canvas: Canvas, shape: Shape, { tissue, label, edge = 0, within }: Paint): void {
  const { u, v, label: labels } = canvas;
  const rowWidth = canvas.frame.width;
  const width = Math.max(edge, canvas.frame.pixelMm);
  const half = width / 2;
  const [u0, v0, u1, v1] = shape.box ?? everywhere;
  const echo = amplitude(tissue.echo);
  const open = within === undefined ? null : tableOf(within);
  const [x0, y0, x1, y1] = pixelsNear(canvas, shape, width);
  for (let y = y0; y < y1; y++) {
    for (let i = x0 + rowWidth * y; i < x1 + rowWidth * y; i++) {
      if (open !== null && open[labels[i]!] === 0) continue;
      const p = u[i]!;
      const q = v[i]!;
      if (p < u0 - half || p > u1 + half || q < v0 - half || q > v1 + half) continue;
      const d = shape.distance(p, q, i);
      if (d >= half) continue;
      blend(canvas, i, Math.min(1, 0.5 - d / width), echo, tissue);
      if (label !== undefined && d < 0) labels[i] = label;
    }
  }
}

const everywhere = [-Infinity, -Infinity, Infinity, Infinity] as const;

/** 1 for the labels that are named. */
function tableOf(labels: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const one of labels) table[one] = 1;
  return table;
}

/** Largest move of a warp, mm; the pixels that {@link paint} asks are widened by it. */
const warpLimit = 4;

/** The pixels that a shape may reach, columns and rows from the first to before the last: [x0, y0, x1, y1]. */
function pixelsNear(
  { frame, pose }: Canvas,
  { centre: [u, v], reach }: Shape,
  edge: number,
): readonly [number, number, number, number] {
  const { width, height, pixelMm, left, top } = frame;
  const [c, s] = [Math.cos((pose.turnDeg * Math.PI) / 180), Math.sin((pose.turnDeg * Math.PI) / 180)];
  const across = pose.mirrored ? -v : v;
  const x = (pose.centre[0] + c * u - s * across - left) / pixelMm;
  const y = (pose.centre[1] + s * u + c * across - top) / pixelMm;
  const far = (reach + edge + warpLimit) / pixelMm;
  return [
    Math.max(0, Math.floor(x - far)),
    Math.max(0, Math.floor(y - far)),
    Math.min(width, Math.ceil(x + far)),
    Math.min(height, Math.ceil(y + far)),
  ];
}

/** Mixes a share of a tissue into a pixel; `echo` is its amplitude. */
export function blend(
  { scatter, loss, impedance, density }: Canvas,
  i: number,
  cover: number,
  echo: number,
  tissue: Tissue,
): void {
  scatter[i]! += cover * (echo - scatter[i]!);
  loss[i]! += cover * (tissue.loss - loss[i]!);
  impedance[i]! += cover * (tissue.impedance - impedance[i]!);
  density[i]! += cover * ((tissue.density ?? 1) - density[i]!);
}

/** A signed distance in the plane, mm, negative inside, and a circle beyond which the shape does not reach. */
export interface Shape {
  /** @param pixel - Index of the pixel of the canvas that is painted and lies there, for {@link rememberedOn}; shapes made of others may leave it out. */
  readonly distance: (u: number, v: number, pixel?: number) => number;
  readonly centre: readonly [number, number];
  readonly reach: number;
  /** [u0, v0, u1, v1]: outside of it the distance is at least that from it. Absent: nothing is said. It spares asking for the distance. */
  readonly box?: readonly [number, number, number, number];
}

/** A shape whose distance from a canvas' pixels is computed once: for an outline that is painted several times, grown or as a rim. */
export function rememberedOn({ label }: Canvas, shape: Shape): Shape {
  const known = new Float64Array(label.length).fill(NaN);
  const distance = (u: number, v: number, pixel?: number) => {
    if (pixel === undefined) return shape.distance(u, v);
    if (Number.isNaN(known[pixel]!)) known[pixel] = shape.distance(u, v);
    return known[pixel]!;
  };
  return { ...shape, distance };
}

/** Impedance from which on a tissue is a wall. */
const firm = 1.02;

/** Unevenness of all echoes, fully decided: standard deviation in dB, and its scale. */
export interface Mottle {
  readonly db: number;
  readonly wavelengthMm: number;
  readonly seed: number;
}

/** Makes all scatterers stronger and weaker by a smooth noise, and with them what is denser than soft tissue: walls break up into pieces. */
export function mottle(canvas: Canvas, { db, wavelengthMm, seed }: Mottle): void {
  const noise = bandNoise({ wavelengthMm, seed });
  const field = smooth(canvas.frame, (x, y) => db * noise(x, y, 0));
  const { scatter, impedance } = canvas;
  for (let i = 0; i < field.length; i++) {
    const factor = Math.exp(field[i]! * (Math.LN10 / 20));
    scatter[i]! *= factor;
    if (impedance[i]! > firm) impedance[i] = 1 + (impedance[i]! - 1) * factor;
  }
}
