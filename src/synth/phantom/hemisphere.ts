import { clamp, type Field, smoothMax, smoothMin, smoothstep } from "./fields.ts";
import { type Frame, templateHalf } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import { type Bounds, latticeField, redistance, sampleField, smoothed, unitGradient } from "./lattice.ts";
import { profile } from "./profile.ts";

/** The smooth surface of one hemisphere (x > 0), before the Sylvian fossa and the sulci are cut: mm of the brain at hand. */
export interface Hemisphere {
  /** Signed distance, negative inside. */
  readonly distance: Field;
  /** Unit outward normal of the nearest surface. */
  readonly normal: readonly [Field, Field, Field];
  /** Share of the full sulcal depth at a place of the surface: 0 in the notch about the midbrain, where nothing folds. */
  readonly foldable: Field;
  readonly bounds: Bounds;
}

// Outline of the frontal, parietal and occipital lobes along y: half width, top, bottom, height of the widest point, and how boxy
// the upper half of the coronal section is. Read by eye from fetal atlases in print and on screen; ours.
const bodyY = [-45.2, -44, -42, -39, -35, -30, -24, -16, -8, 0, 8, 16, 24, 30, 35, 39, 42, 44, 45.2];
const halfWidth = profile(
  bodyY,
  [0.5, 8, 13, 18, 22.8, 27.3, 31.2, 34.8, 36.5, 36.8, 35.8, 33.6, 29.8, 25.8, 21.3, 16.5, 12, 7.5, 0.5],
);
const top = profile(bodyY, [-9, -5, -1, 3, 7.5, 12.5, 19, 25.2, 28.8, 30, 29.4, 27.4, 23.6, 19, 14, 8.5, 3.5, -1, -5]);
const bottom = profile(
  bodyY,
  [-11, -15, -17.5, -19.5, -21, -22, -22.5, -22.5, -20, -17, -16, -18, -20, -20, -19.5, -18, -15.5, -12, -7],
);
const widest = profile(bodyY, [-10, -10, -9, -8.5, -8, -7, -6, -5, -3, -1, 0, 0, -1.5, -3, -4, -5, -6, -6, -6]);
const boxiness = profile(bodyY, [2.4, 2.5, 2.6, 2.8, 2.9, 2.9, 2.8, 2.6, 2.5, 2.5, 2.5, 2.4, 2.4, 2.4, 2.4, 2.4, 2.4, 2.4, 2.4]);

/** Implicit function of the body of the hemispheres, about mm near the surface. */
function body(x: number, y: number, z: number, lift: number): number {
  const yc = clamp(y, -45.2, 45.2);
  const w = halfWidth(yc);
  const zc = widest(yc);
  const upper = z > zc;
  const h = Math.max(upper ? top(yc) + lift * smoothstep(-44, -34, yc) * smoothstep(-10, -26, yc) - zc : zc - bottom(yc), 0.5);
  const n = upper ? boxiness(yc) : 3.4;
  const r = (Math.abs(x / w) ** n + Math.abs((z - zc) / h) ** n) ** (1 / n);
  return (r - 1) * Math.min(w, h) + Math.abs(y - yc);
}

const lobeY = [-26, -16, -8, 0, 6, 10, 14, 16.5, 17.5];
const lobeX = profile(lobeY, [22, 23, 23.3, 22.8, 21.6, 20.7, 20, 19.8, 19.7]);
const lobeZ = profile(lobeY, [-14, -14.5, -15, -15.5, -16, -16.8, -18, -19, -19.5]);
const lobeHalfX = profile(lobeY, [9, 12.4, 13.2, 13.2, 12.4, 11.2, 8.6, 5, 0.4]);
const lobeHalfZ = profile(lobeY, [7, 10.5, 12.2, 12.4, 11.6, 10.4, 7.8, 4.4, 0.4]);

/** Implicit function of the temporal lobe. */
function temporalLobe(x: number, y: number, z: number): number {
  const yc = clamp(y, -26, 17.5);
  const u = (x - lobeX(yc)) / lobeHalfX(yc);
  const w = (z - lobeZ(yc)) / lobeHalfZ(yc);
  const r = (Math.abs(u) ** 2.4 + Math.abs(w) ** 2.4) ** (1 / 2.4);
  return (r - 1) * Math.min(lobeHalfX(yc), lobeHalfZ(yc)) + Math.abs(y - yc);
}

const notchY = [-30, -26, -22, -15, -8, 0, 8, 13, 17, 20];
const notchHalf = profile(notchY, [0.3, 0.8, 1.8, 4.4, 8.8, 9.6, 9, 8, 6, 1]);
const notchTop = profile(notchY, [-12, -10, -6, -1, 1, -1, -8, -12, -14, -16]);

/** Positive inside the space between the hemispheres that the midbrain, its cisterns and the chiasm fill. */
function insideNotch(x: number, y: number, z: number): number {
  const yc = clamp(y, -30, 20);
  return smoothMin(notchHalf(yc) + 0.1 * Math.max(0, -17 - z) - x, notchTop(yc) - z, 4) - Math.abs(y - yc);
}

const tentY = [-46, -38, -32, -26, -20, -14, -8, -3, 2];
const tentRise = profile(tentY, [1, 2, 5, 11, 15, 16, 14, 8, 0]);
const tentFloor = profile(tentY, [-22, -22.5, -23, -24, -25, -26.5, -30, -38, -50]);

/** Positive below the tentorium: a tent with its ridge in the midline. */
function belowTent(x: number, y: number, z: number): number {
  const yc = clamp(y, -46, 2);
  return 0.85 * (tentFloor(yc) + tentRise(yc) * Math.exp(-((x / 16.5) ** 2)) - z);
}

/** Half the gap between the hemispheres, template mm: wider behind and above, where the early brain leaves much fluid. */
function fissureHalf(y: number, z: number, age: number): number {
  const generous = interpolateHeld([20, 26, 32, 38], [0.9, 0.75, 0.6, 0.45], age);
  return generous * (1 + 0.8 * smoothstep(-18, -42, y) + 0.5 * smoothstep(14, 29, z));
}

/**
 * The smooth surface of the right hemisphere; the left one is its mirror image.
 *
 * @param frame - Scales of the brain at hand.
 * @param age - Gestational age, weeks.
 */
export function hemisphere(frame: Frame, age: number): Hemisphere {
  const [fx, fy, fz] = frame.scale;
  const lift = interpolateHeld([27, 37], [0, 4], age); // the parietal lobe fills the space behind the vertex late
  const implicit: Field = (wx, wy, wz) => {
    const x = wx / fx;
    const y = wy / fy;
    const z = wz / fz;
    let d = smoothMin(body(x, y, z, lift), temporalLobe(x, y, z), 3);
    d = smoothMax(d, insideNotch(x, y, z), 3);
    d = smoothMax(d, belowTent(x, y, z), 3);
    return smoothMax(d, fissureHalf(y, z, age) - x, 5);
  };
  const step = 1.5 * frame.size;
  const bounds: Bounds = {
    low: [-3 * step, -(templateHalf[1] + 7) * fy, -(templateHalf[2] + 7) * fz],
    high: [(templateHalf[0] + 7) * fx, (templateHalf[1] + 7) * fy, (templateHalf[2] + 7) * fz],
  };
  const distance = redistance(sampleField(implicit, bounds, step));
  const [nx, ny, nz] = unitGradient(smoothed(distance, 2));
  const foldable: Field = (x, y, z) => smoothstep(-1, -5, insideNotch(x / fx, y / fy, z / fz));
  return { foldable, distance: latticeField(distance), normal: [latticeField(nx), latticeField(ny), latticeField(nz)], bounds };
}
