import { tissues } from "../../core/tissue.ts";
import { type Canvas, coverage, forEachIn, type Paint, paint } from "./canvas.ts";
import { clamp, type Field, joined, roundTube, smoothMax, smoothstep } from "./fields.ts";
import type { Frame } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import type { Cavity } from "./skull.ts";

/** Brightness of dura and of flowing venous blood on T2, where 1 is fluid; our guess. */
const duraT2 = 0.4;
const sinusT2 = 0.25;

/**
 * Falx and tentorium, thin and grey in the fluid, and the venous sinuses, dark by flow: superior sagittal, straight, transverse, torcular.
 * The sinuses are labelled `otherBrain`; the thin sheets keep the fluid's label. Painted before the brain, which covers what it touches.
 */
export function paintDura(canvas: Canvas, frame: Frame, inside: Cavity, age: number): void {
  const [, fy, fz] = frame.scale;
  const box = { low: frame.point(-30, -50, -34), high: frame.point(30, 48, 36) };
  sheet(canvas, box, falx(frame), 0.35);
  sheet(canvas, box, tentorium(frame), 0.45);
  const sinus: Paint = { tissue: tissues.otherBrain, intensity: sinusT2, edge: 1.2 };
  const radius = interpolateHeld([20, 38], [0.9, 2.1], age);
  const sagittal: Field = (x, y, z) => {
    const behind = radius * (0.55 + 0.45 * smoothstep(25, -25, y / fy));
    const depth = -inside.distance(Math.abs(x), y, z);
    return smoothMax(Math.max(Math.abs(x) + 0.75 * (depth - behind), -depth), -z - 14 * fz, 1);
  };
  paint(canvas, box, sagittal, sinus);
  const torcular = frame.point(0, -41.5, -19);
  const straight = roundTube(
    [
      { at: frame.point(0, -17.5, -5.5), radius: 0.75 * frame.size },
      { at: torcular, radius: 1.1 * frame.size },
    ],
    1,
  );
  const transverse = roundTube([{ at: torcular, radius: 1.5 * radius }, { at: frame.point(13, -38, -21.5), radius }, { at: frame.point(25, -26, -24), radius: 0.9 * radius }], 2); // biome-ignore format: a line of stations
  paint(
    canvas,
    box,
    joined(2, straight, (x, y, z) => transverse(Math.abs(x), y, z)),
    sinus,
  );
}

/** Its free edge arches above the callosum from the crista galli to the straight sinus. */
function falx({ scale: [, fy, fz] }: Frame): Field {
  return (x, y, z) => {
    const edge = -6 + 20 * Math.sqrt(Math.max(0, 1 - ((y / fy - 6) / 34) ** 2));
    return Math.max(Math.abs(x) - 0.3, edge - z / fz);
  };
}

/** A tent over the hindbrain, open in front for the midbrain. */
function tentorium({ scale: [fx, fy, fz] }: Frame): Field {
  return (x, y, z) => {
    const ty = clamp(y / fy, -42, -6);
    const across = Math.abs(x) / fx;
    const ridge = interpolateHeld([-42, -32, -24, -18, -6], [-21, -19, -13.5, -9, -9], ty);
    const height = ridge - (ridge + 24.5) * (1 - Math.exp(-((across / 16.5) ** 2)));
    const notch = 9 * smoothstep(-22, -8, ty) - across;
    return Math.max(Math.abs(z / fz - height) * 0.8 * fz - 0.3, notch * fx, (y / fy + 6) * fy);
  };
}

/** Blends a thin sheet of dura into the fluid. */
function sheet(canvas: Canvas, box: Parameters<typeof forEachIn>[1], shape: Field, opacity: number): void {
  const { x, y, z, image, tissue, spacing } = canvas;
  forEachIn(canvas, box, (n) => {
    if (tissue[n] !== tissues.csf) return;
    const cover = opacity * coverage(shape(x[n]!, y[n]!, z[n]!), Math.max(spacing, 1));
    image[n] = image[n]! + cover * (duraT2 - image[n]!);
  });
}
