import { tissues } from "../../core/tissue.ts";
import { type Canvas, coverage, forEachIn, leastFluid, mirroredBounds, paint } from "./canvas.ts";
import { core } from "./deep.ts";
import type { PhantomAnatomy } from "./draw.ts";
import { smoothMax, smoothstep } from "./fields.ts";
import type { Frame } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import { hemisphere } from "./hemisphere.ts";
import type { Contrast } from "./intensity.ts";
import { foldedSurface } from "./sulci.ts";
import { sylvianFossa } from "./sylvian.ts";

const far = 1e3;

/** Paints cortex and white matter of both hemispheres. */
export function paintCerebrum(canvas: Canvas, anatomy: PhantomAnatomy, frame: Frame): void {
  const age = anatomy.gestationalAge;
  const { pial, bare } = cerebralDistances(canvas, anatomy, frame);
  const thickness = cortexThickness(pial, bare, anatomy.cortexVolume, canvas.spacing);
  const { contrast } = anatomy;
  const { spacing, image, tissue } = canvas;
  const white = whiteMatterProfile(contrast, age);
  for (let n = 0; n < pial.length; n++) {
    const d = pial[n]!;
    if (d >= spacing / 2) continue;
    const inner = Math.max(coverage(d + thickness, spacing), coverage(bare[n]!, 2));
    const value = contrast.cortex + inner * (white(-d - thickness) - contrast.cortex);
    image[n] = image[n]! + coverage(d, spacing) * (value - image[n]!);
    if (d < 0) tissue[n] = inner > 0.5 ? tissues.whiteMatter : tissues.cortex;
  }
  const middle = core(frame);
  paint(canvas, middle.bounds, middle.shape, { tissue: tissues.whiteMatter, intensity: contrast.whiteMatter - 0.03 });
}

/** For each voxel the signed distance to the pial surface, and to the region under the callosum that has no cortex; 1e3 far away. */
function cerebralDistances(canvas: Canvas, anatomy: PhantomAnatomy, frame: Frame): { pial: Float32Array; bare: Float32Array } {
  const { x, y, z, spacing } = canvas;
  const age = anatomy.gestationalAge;
  const shape = hemisphere(frame, age);
  const fossa = sylvianFossa(frame, age);
  const middle = core(frame);
  const right = foldedSurface(shape, frame, age, anatomy.folding.right, fossa);
  const left = foldedSurface(shape, frame, age, anatomy.folding.left, fossa);
  const pial = new Float32Array(x.length).fill(far);
  const bare = new Float32Array(x.length).fill(far);
  forEachIn(canvas, mirroredBounds(shape.bounds), (n) => {
    if (canvas.tissue[n] === tissues.background) return;
    const ax = Math.abs(x[n]!);
    const folded = (x[n]! < 0 ? left : right)(ax, y[n]!, z[n]!);
    const d = smoothMax(folded, canvas.wall[n]! + leastFluid, 1);
    if (d > spacing) return;
    pial[n] = d;
    if (d > -5) bare[n] = middle.shape(x[n]!, y[n]!, z[n]!);
  });
  return { pial, bare };
}

/**
 * Brightness of white matter by its depth under the cortex, mm: the bright subplate, then the intermediate zone, which matures from 21 to
 * 28 weeks; from 33 weeks on a gradual rise inwards.
 * Source: medians by depth measured on a published atlas, 21 to 36 weeks.
 */
function whiteMatterProfile({ whiteMatter, layering }: Contrast, age: number): (depth: number) => number {
  const end = interpolateHeld([20, 24, 30], [3.2, 4, 4], age);
  const late = interpolateHeld([31, 36], [0, 0.035], age);
  return (depth) => whiteMatter + layering * (1 - smoothstep(1.2, end + 2, depth)) + late * (smoothstep(1, 9, depth) - 0.5);
}

/** The thickness, mm, at which the ribbon under the pial surface has the wanted volume (ml). */
function cortexThickness(pial: Float32Array, bare: Float32Array, volume: number, spacing: number): number {
  const bins = new Float64Array(400); // hundredths of a millimetre under the surface
  for (let n = 0; n < pial.length; n++) {
    const d = pial[n]!;
    if (d < 0 && d > -4 && bare[n]! > 0) bins[Math.floor(-d * 100)]!++;
  }
  const wanted = (volume * 1000) / spacing ** 3;
  let sum = 0;
  const i = bins.findIndex((count) => {
    sum += count;
    return sum >= wanted;
  });
  return Math.max(0.8, i < 0 ? 4 : (i + 1) / 100);
}
