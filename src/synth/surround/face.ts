import type { Vec3 } from "../../core/affine.ts";
import { between, type Rng } from "../../core/rng.ts";
import type { HeadGeometry } from "../scene.ts";
import type { Levels } from "./levels.ts";
import { capsule, ellipsoid, onion, type Solid } from "./solid.ts";
import { anyDirection, scaled } from "./vector.ts";

/**
 * Face, eyes, jaws, skull base and ears, in mm from the head's centre; places are shares of the brain's half extents.
 * @param s - Size of this fetus against one of 30 weeks.
 */
export function drawFace(rng: Rng, head: HeadGeometry, levels: Levels, s: number): Solid[] {
  const [rx, ry, rz] = head.radii;
  const at = (x: number, y: number, z: number): Vec3 => [x * rx, y * ry, z * rz];
  const turn = () => scaled(anyDirection(rng), 6);
  const soft = (centre: Vec3, radii: Vec3, layers: Solid["layers"], texture: number, part: Solid["part"] = "organ") =>
    ellipsoid(centre, radii, turn(), { layers, texture, roughMm: 1.2 * s, part });
  const bone = (from: Vec3, to: Vec3, radius: number) =>
    capsule(from, to, [radius * s, radius * s], {
      layers: onion(levels.fetalBone),
      texture: 0.3,
      roughMm: 0.8 * s,
      part: "organ",
    });
  const mm = (x: number, y: number, z: number): Vec3 => [x * s, y * s, z * s];
  const eye = between(rng, [6.3, 7.6]) * s;
  const flesh = onion(levels.fetalSkin, 3 * s, levels.fetalMuscle * 1.25);
  const middle = [
    soft(at(0, 0.42, -0.85), at(0.58, 0.45, 0.55), flesh, 0.45, "fetus"),
    soft(at(0, 0.1, -0.72), at(0.72, 0.45, 0.3), onion(levels.fetalMuscle), 0.45, "fetus"), // under the skull base
    soft(at(0, 0.88, -0.8), mm(4, 6, 8), onion(levels.fetalSkin, 1.5 * s, levels.fetalMuscle), 0.1, "fetus"), // nose
    soft(at(0, 0.5, -1.05), mm(9, 13, 6), onion(levels.fetalMuscle), 0.1), // tongue
    soft(at(0, 0.5, -0.92), mm(7, 10, 2), onion(levels.fluid * 0.8), 0.3), // mouth
    soft(at(0, 0.55, -0.76), mm(2, 11, 6), onion(levels.fluid * 0.7), 0.4), // nose, inside
    soft(at(0, 0.12, -1.0), mm(4, 4, 12), onion(levels.fluid * 0.8), 0.3), // throat
  ];
  const side = (sign: -1 | 1): Solid[] => [
    soft(at(sign * 0.36, 0.55, -0.95), mm(7, 9, 8), onion(levels.fetalFat), 0.15), // cheek
    bone(at(sign * 0.15, 0.8, -1.0), at(sign * 0.4, 0.35, -0.95), 2.5), // maxilla
    bone(at(0, 0.72, -1.25), at(sign * 0.5, 0.12, -0.85), 2.2), // mandible
    bone(at(sign * 0.2, -0.02, -0.72), at(sign * 0.72, -0.2, -0.66), 3.5), // petrous bone
    soft(at(sign * 0.5, -0.12, -0.68), mm(3, 2, 2), onion(levels.eye), 0), // inner ear
    soft(at(sign * 0.42, 0.76, -0.56), mm(1.25 * (eye / s), 1.25 * (eye / s), 1.25 * (eye / s)), onion(levels.fetalSkin), 0.1),
    soft(at(sign * 0.42, 0.8, -0.56), [eye, eye, eye], onion(levels.fetalMuscle, 0.8, levels.eye), 0.02),
    soft([sign * 0.42 * rx, 0.8 * ry + 0.65 * eye, -0.56 * rz], mm(2.2, 1.6, 2.2), onion(levels.fetalBone), 0), // lens
    soft(at(sign * 0.97, -0.1, -0.62), mm(3, 6, 9), onion(levels.fetalSkin), 0.2, "fetus"), // ear
  ];
  return [...middle, ...side(-1), ...side(1)];
}
