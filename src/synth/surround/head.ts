import type { Vec3 } from "../../core/affine.ts";
import { type GridBox, grownBox } from "../../core/box.ts";
import { distanceTo } from "../../core/distance.ts";
import type { Canvas } from "./canvas.ts";
import { type CoarseField, coarseAt } from "./coarse.ts";
import type { Uterus } from "./draw.ts";
import type { Texture } from "./texture.ts";

/** Beyond this from the brain nothing of the head's shell is painted, mm. */
const reachMm = 12;

/**
 * Paints fluid gap, skull and scalp around the head, from outside in, never on a voxel that is the head's own.
 *
 * @param isHead - By index in the canvas: voxels that the given scene fills.
 * @param box - Holds every voxel that is the head's own.
 * @param body - Distance to the rest of the fetus: no scalp where the neck or the face goes on.
 */
export function paintShell(
  canvas: Canvas,
  isHead: (index: number) => boolean,
  box: GridBox,
  uterus: Uterus,
  body: CoarseField,
  texture: Texture,
): void {
  const { shape, data, toLocal: a } = canvas;
  const shell = grownBox(box, shape, canvas.spacing, reachMm);
  const distance = smoothDistance(isHead, shell, canvas);
  const edge = Math.max(...canvas.spacing);
  let p = 0;
  for (let k = shell.low[2]; k <= shell.high[2]; k++) {
    for (let j = shell.low[1]; j <= shell.high[1]; j++) {
      for (let i = shell.low[0]; i <= shell.high[0]; i++, p++) {
        const d = distance[p]!;
        if (d > reachMm - 1) continue;
        const at = i + shape[0] * (j + shape[1] * k);
        if (isHead(at)) continue;
        const x = a[0] * i + a[1] * j + a[2] * k + a[3];
        const y = a[4] * i + a[5] * j + a[6] * k + a[7];
        const z = a[8] * i + a[9] * j + a[10] * k + a[11];
        const wave = texture.at(x / 11, y / 11, z / 11);
        const grain = texture.at(x / 2 + 5, y / 2, z / 2 + 9);
        const base = Math.min(1, Math.max(0, (-z / uterus.radii[2] - 0.3) / 0.35));
        const scalpShare = base > 0 ? Math.min(1, Math.max(0, coarseAt(body, i, j, k) / 2 + 0.5)) : 1;
        data[at] = shellOver(data[at]!, uterus, { d, edge, wave, grain, base, scalpShare });
      }
    }
  }
}

interface ShellPlace {
  /** Distance from the head, mm, and over how much of it two layers mix. */
  readonly d: number;
  readonly edge: number;
  /** Noise, of the thickness and of the signal. */
  readonly wave: number;
  readonly grain: number;
  /** 0 over the vault, 1 at the skull base. */
  readonly base: number;
  readonly scalpShare: number;
}

/** Scalp, skull and fluid gap at a place, laid over what was there. */
function shellOver(below: number, { levels, head }: Uterus, { d, edge, wave, grain, base, scalpShare }: ShellPlace): number {
  const gap = head.gapMm * (1 - base);
  const skull = head.skullMm * Math.max(0.35, 1 + head.uneven * wave) * (1 + 0.8 * base);
  const scalp = head.scalpMm * (1 + 0.15 * wave);
  let value = mix(below, levels.scalp * (1 + 0.08 * grain), scalpShare * share(gap + skull + scalp - d, edge));
  value = mix(value, levels.skull * (1 + 0.3 * grain) + 0.1 * base, share(gap + skull - d, edge) * (1 - 0.35 * base));
  const filling = levels.cranialGap * (1 - 0.55 * base) * (1 + 0.1 * grain);
  return Math.max(0, mix(value, filling, share(gap - d, edge)));
}

function share(depth: number, edge: number): number {
  return Math.min(1, Math.max(0, 0.5 + depth / edge));
}

function mix(below: number, above: number, amount: number): number {
  return below + amount * (above - below);
}

/** Distance from the head, smoothed so that grooves of the brain's border do not show in the skull; x fastest within the box. */
function smoothDistance(isHead: (index: number) => boolean, { low, high }: GridBox, { shape, spacing }: Canvas): Float32Array {
  const size = low.map((v, i) => high[i]! - v + 1) as unknown as Vec3;
  const members = new Uint8Array(size[0] * size[1] * size[2]);
  for (let k = low[2], p = 0; k <= high[2]; k++) {
    for (let j = low[1]; j <= high[1]; j++) {
      const row = shape[0] * (j + shape[1] * k);
      for (let i = low[0]; i <= high[0]; i++, p++) if (isHead(row + i)) members[p] = 1;
    }
  }
  const distance = distanceTo((p) => members[p] === 1, size, spacing);
  // From centres to the border: half a voxel. Clipped, so that smoothing does not reach in from afar.
  const half = Math.min(...spacing) / 2;
  for (let p = 0; p < distance.length; p++) distance[p] = Math.min(reachMm, distance[p]! - half);
  const radius = spacing.map((mm) => Math.max(1, Math.round(1.6 / mm)));
  for (const axis of [0, 1, 2] as const) boxBlur(distance, size, axis, radius[axis]!);
  return distance;
}

/** Running mean over 2 * radius + 1 elements along one axis, in place; the ends count themselves more often. */
function boxBlur(values: Float32Array, size: Vec3, axis: 0 | 1 | 2, radius: number): void {
  const stride = [1, size[0], size[0] * size[1]][axis]!;
  const n = size[axis]!;
  const line = new Float64Array(n + 2 * radius);
  for (let block = 0; block < values.length; block += stride * n) {
    for (let p = block; p < block + stride; p++) {
      for (let i = 0; i < line.length; i++) line[i] = values[p + stride * Math.min(n - 1, Math.max(0, i - radius))]!;
      let sum = 0;
      for (let i = 0; i < 2 * radius; i++) sum += line[i]!;
      for (let i = 0; i < n; i++) {
        sum += line[i + 2 * radius]!;
        values[p + i * stride] = sum / (2 * radius + 1);
        sum -= line[i]!;
      }
    }
  }
}
