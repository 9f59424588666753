import { applyAffine, invertAffine, type Vec3 } from "../../../core/affine.ts";
import { between, boundedNormal, type Rng } from "../../../core/rng.ts";
import { tissues } from "../../../core/tissue.ts";
import type { LabelVolume } from "../../../core/volume.ts";
import { headGeometry } from "../../scene.ts";

export type NeonatalPlane = "coronal" | "sagittal";

/** One plane through the fontanelle, as the hand holds the probe: plain JSON. */
export interface ProbePlane {
  readonly kind: NeonatalPlane;
  /** Of a coronal plane towards the face, of a sagittal one towards the patient's left. */
  readonly tiltDeg: number;
  /** Turn about the probe's axis: how far the plane is off coronal or sagittal. */
  readonly yawDeg: number;
  /** Turn of the picture in its plane. */
  readonly rollDeg: number;
}

/** Where a plane lies: its origin at the fontanelle, and unit vectors along the picture's x and down. World mm, RAS+. */
export interface PlaneAxes {
  readonly origin: Vec3;
  readonly across: Vec3;
  readonly down: Vec3;
}

/** How far the sweeps go, degrees: from the frontal lobes to the occipital, and out to the insula on each side. Our guess. */
const sweeps = { coronal: [30, -42], sagittal: [-24, 24] } as const;

/** The planes of a sweep: evenly spread, each a little off. */
export function drawSweep(rng: Rng, kind: NeonatalPlane, count: number): ProbePlane[] {
  const [from, to] = sweeps[kind];
  const step = (to - from) / Math.max(1, count);
  return Array.from({ length: count }, (_, i) => {
    const own = rng.fork(i);
    const tiltDeg = from + (i + 0.5 + between(own, [-0.3, 0.3])) * step;
    return { kind, tiltDeg, yawDeg: 3 * boundedNormal(own, 1.5), rollDeg: 3 * boundedNormal(own, 1.5) };
  });
}

/**
 * The anterior fontanelle: on the skull's inner table above, a little in front of the middle of the head. World mm.
 *
 * @throws {RangeError} If there is no head below it.
 */
export function fontanelleOf(tissue: LabelVolume): Vec3 {
  const { centre, radii } = headGeometry({ tissue });
  const y = centre[1] + 0.22 * radii[1];
  const toVoxel = invertAffine(tissue.affine);
  const [nx, ny] = tissue.shape;
  for (let z = centre[2] + radii[2]; z > centre[2]; z -= 0.5) {
    const [i, j, k] = applyAffine(toVoxel, [0, y, z]).map(Math.round) as unknown as Vec3;
    if (k < tissue.shape[2] && tissue.data[i + nx * (j + ny * k)] !== tissues.background) return [0, y, z];
  }
  throw new RangeError("fontanelleOf: there is no head below the vertex");
}

/** Coronal pictures have the patient's right at their left, sagittal ones the face. */
export function axesOf({ kind, tiltDeg, yawDeg, rollDeg }: ProbePlane, origin: Vec3): PlaneAxes {
  const rad = Math.PI / 180;
  const [ct, st] = [Math.cos(tiltDeg * rad), Math.sin(tiltDeg * rad)];
  const [cy, sy] = [Math.cos(yawDeg * rad), Math.sin(yawDeg * rad)];
  // Before the roll: down leans by the tilt out of the vertical, across is turned by the yaw about it.
  const flat: Vec3 = kind === "coronal" ? [-cy, sy, 0] : [-sy, -cy, 0];
  const lean: Vec3 = kind === "coronal" ? [sy * st, cy * st, -ct] : [-cy * st, sy * st, -ct];
  const [cr, sr] = [Math.cos(rollDeg * rad), Math.sin(rollDeg * rad)];
  const mix = (a: number, b: number) => flat.map((v, i) => a * v + b * lean[i]!) as unknown as Vec3;
  return { origin, across: mix(cr, sr), down: mix(-sr, cr) };
}
