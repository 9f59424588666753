import type { Vec3 } from "../../core/affine.ts";
import { between, chance, poisson, type Rng } from "../../core/rng.ts";
import type { AcquisitionOptions } from "./options.ts";
import { type FlowVoid, forEllipse, indicesOf } from "./signal.ts";

/** A dark patch in moving amniotic fluid, in one slice. */
export interface AmnioticVoid extends Omit<FlowVoid, "site"> {
  /** Beside the skull, or anywhere in bright fluid outside the head. */
  readonly site: "skull" | "anywhere";
}

/** Draws the voids of one stack. */
export function drawAmnioticVoids(rng: Rng, options: AcquisitionOptions["amnioticVoid"], severity: number): AmnioticVoid[] {
  return Array.from({ length: poisson(rng, severity * options.perStack) }, (_, i) => {
    const each = rng.fork(i);
    return {
      site: chance(each, 0.6) ? "skull" : "anywhere", // our guess
      at: each.uniform(),
      radiiMm: [between(each, options.radiusMm), between(each, options.radiusMm)],
      degrees: 360 * each.uniform(),
      depth: options.depth * (0.5 + 0.5 * each.uniform()),
    } as const;
  });
}

/** How near to the brain's border a void beside the skull has its centre, mm: scalp, skull and the fluid against them. */
const besideSkullMm = 14;
/** Signals that are fluid outside the head, relative to the case's CSF: none of it below, all of it above, softly in between. Our choice. */
const fluidFrom = 0.35;
const fluidTo = 0.65;

/**
 * Darkens patches of what is as bright as fluid outside the head, in place. What is half fluid, half scalp loses half as much, so that
 * no bright line is left between a void and the skull.
 */
export function applyAmnioticVoids(
  image: Float32Array,
  brain: Uint8Array,
  shape: Vec3,
  voids: readonly AmnioticVoid[],
  pixelMm: number,
): void {
  if (voids.length === 0) return;
  const [width, height] = shape;
  const plane = width * height;
  const isFluid = (i: number) => brain[i] === 0 && image[i]! > fluidTo;
  const near = nearBrain(brain, shape, Math.round(besideSkullMm / pixelMm));
  const members = {
    skull: indicesOf(image.length, (i) => near[i] === 1 && isFluid(i)),
    anywhere: indicesOf(image.length, isFluid),
  };
  for (const { site, at, radiiMm, degrees, depth } of voids) {
    const centre = members[site][Math.floor(at * members[site].length)];
    if (centre === undefined) continue;
    const start = centre - (centre % plane);
    forEllipse([width, height], centre % plane, radiiMm, degrees, pixelMm, (p, share) => {
      if (brain[start + p] === 1) return;
      const fluid = Math.min(1, Math.max(0, (image[start + p]! - fluidFrom) / (fluidTo - fluidFrom)));
      image[start + p]! *= 1 - depth * share * fluid;
    });
  }
}

/** 1 within a square of `reach` pixels to each side of a brain pixel of the same slice. */
function nearBrain(brain: Uint8Array, [width, height, slices]: Vec3, reach: number): Uint8Array {
  const rows = new Uint8Array(brain.length);
  for (let r = 0; r < height * slices; r++) spread(brain, rows, r * width, 1, width, reach);
  const out = new Uint8Array(brain.length);
  for (let k = 0; k < slices; k++) {
    for (let x = 0; x < width; x++) spread(rows, out, k * width * height + x, width, height, reach);
  }
  return out;
}

/** Sets what lies within `reach` of a set pixel of the same line, from `start` on in `count` steps of `stride`. */
function spread(from: Uint8Array, to: Uint8Array, start: number, stride: number, count: number, reach: number): void {
  let inWindow = 0;
  for (let n = -reach; n < count; n++) {
    if (n + reach < count) inWindow += from[start + (n + reach) * stride]!;
    if (n - reach - 1 >= 0) inWindow -= from[start + (n - reach - 1) * stride]!;
    if (n >= 0 && inWindow > 0) to[start + n * stride] = 1;
  }
}
