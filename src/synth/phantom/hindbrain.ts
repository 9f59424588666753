import {
  bothSides,
  clamp,
  ellipsoid,
  type Field,
  joined,
  polygonDistance,
  roundTube,
  shared,
  smoothMax,
  smoothMin,
  smoothstep,
  tube,
  without,
} from "./fields.ts";
import { type Frame, makeFrame } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import type { Bounds } from "./lattice.ts";

/** Half the transcerebellar diameter of the template's cerebellum, template mm. */
const templateTranscerebellarHalf = 20.4;

/** The posterior fossa's own frame: the cerebellum keeps its place in the head but grows at its own rate. */
export function hindbrainFrame(frame: Frame, transcerebellar: number): Frame {
  const grow = transcerebellar / 2 / templateTranscerebellarHalf;
  // Its height and depth follow the width, held back where the head is long or high for its width.
  return makeFrame([grow, Math.sqrt(grow * frame.scale[1]), Math.sqrt(grow * frame.scale[2])]);
}

/** Midbrain, pons with its bulge, medulla, upper cord. Both sides. */
export function brainstem(frame: Frame): { shape: Field; bounds: Bounds } {
  const stem = tube(
    [
      frame.station([0, -1.2, -8.5], 8.2, 5.6, 0),
      frame.station([0, -1.4, -14], 8.4, 5.6, 0),
      frame.station([0, -1.4, -18.5], 7.6, 5.4, 0),
      frame.station([0, -1.6, -24], 8.4, 5.6, 0),
      frame.station([0, -3.6, -30], 7, 4.9, 0),
      frame.station([0, -6.8, -36], 5.2, 4.2, 0),
      frame.station([0, -10.2, -43], 4.1, 3.7, 0),
      frame.station([0, -14, -51], 3.6, 3.3, 0),
      frame.station([0, -19, -62], 3.4, 3.1, 0),
    ],
    2 * frame.size,
  );
  const pons = ellipsoid(frame.point(0, 2.6, -23.6), frame.radii(8.2, 5.6, 6), { pitch: 12 });
  const peduncle = ellipsoid(frame.point(6.2, 3.6, -13), frame.radii(3.9, 4.6, 6), { yaw: -25, pitch: -10 });
  const colliculus = ellipsoid(frame.point(3, -8, -13.4), frame.radii(3.4, 2.4, 4));
  const fossa = ellipsoid(frame.point(0, 8.6, -15), frame.radii(2.6, 5.2, 5));
  const both = joined(
    1.6 * frame.size,
    stem,
    pons,
    (x, y, z) => peduncle(Math.abs(x), y, z),
    (x, y, z) => colliculus(Math.abs(x), y, z),
  );
  return { shape: without(both, fossa, 1.2), bounds: { low: frame.point(-14, -26, -70), high: frame.point(14, 12, -2) } };
}

/** Fourth ventricle: a diamond between the pons and the vermis, its roof a tent. */
export function fourthVentricle(frame: Frame): { space: Field; bounds: Bounds } {
  const [fx, fy, fz] = frame.scale;
  const corners = [[-7, -18.5], [-9, -21], [-13.4, -24.4], [-11.4, -27.5], [-11.5, -32], [-9.4, -32.5], [-7.2, -27], [-6.4, -22.5]]; // biome-ignore format: one line
  const outline = polygonDistance(corners.map(([y, z]) => [y! * fy, z! * fz]));
  const space: Field = (x, y, z) => {
    const half = fx * (0.7 + 3.6 * smoothstep(-18, -24, z / fz) * (1 - smoothstep(-25, -33, z / fz)));
    return smoothMax(outline(y, z), Math.abs(x) - half, 1.5);
  };
  return { space, bounds: { low: frame.point(-6, -16, -35), high: frame.point(6, -4, -16) } };
}

/** Cerebellar hemispheres and vermis with the fissures that the age has, behind the brainstem. Both sides. */
export function cerebellum(frame: Frame, age: number, stem: Field): { shape: Field; bounds: Bounds } {
  const tall = interpolateHeld([22, 28, 36], [10.8, 10.4, 9.5], age); // the hemispheres flatten as they grow backwards
  const lobe = ellipsoid(frame.point(9.9, -15, -26), frame.radii(9.9, 13.4, tall), { yaw: 16, roll: 14, pitch: -8 });
  const vermis = ellipsoid(frame.point(0, -17.6, -23.6), frame.radii(7, 10.8, 9.4), { pitch: -20 });
  const vallecula = ellipsoid(frame.point(0, -19.5, -38), frame.radii(3.6, 12, 7.5));
  const notch = ellipsoid(frame.point(0, -30, -28), frame.radii(2, 4, 10));
  const deep = frame.size * interpolateHeld([22, 26, 30, 38], [0.3, 0.8, 1.3, 1.8], age);
  const count = interpolateHeld([22, 28, 34, 38], [4, 6, 9, 11], age);
  const [, fy, fz] = frame.scale;
  const shape: Field = (x, y, z) => {
    let d = smoothMin(lobe(Math.abs(x), y, z), vermis(x, y, z), 3 * frame.size);
    if (d > 3) return d;
    d = smoothMax(smoothMax(d, -vallecula(x, y, z), 2), -notch(x, y, z), 1.5);
    d = smoothMax(d, 0.8 - stem(x, y, z), 0.8);
    if (d < -2.5 * deep - 1) return d;
    // Fissures run left to right and stand like the ribs of a fan about the roof of the fourth ventricle, unevenly.
    const angle = Math.atan2(z / fz + 25, -(y / fy + 12));
    const turn = angle / Math.PI + 0.07 * Math.sin(3 * angle + 1) + 0.05 * Math.sin(7 * angle);
    const across = Math.abs(x) / frame.scale[0];
    const rib = Math.abs((((((turn + 0.004 * across) * count * 0.5 + 20.3) % 1) + 1) % 1) - 0.5) * 2; // 0 in a fissure, 1 on a folium
    const pitch = (Math.PI * 8 * frame.size) / count;
    const cut = deep * (1 - 0.75 * smoothstep(4, 9, across)) * clamp(1 - (rib * pitch) / 1.1, 0, 1);
    return d + cut;
  };
  return { shape, bounds: { low: frame.point(-23, -30, -41), high: frame.point(23, -1, -12) } };
}

/** Deep parts that only show in brightness: the dorsal brainstem, darker as it matures, and the dentate nuclei of the cerebellum. Both sides. */
export function hindbrainNuclei(frame: Frame): { tegmentum: Field; dentate: Field; bounds: Bounds } {
  const at = (y: number, z: number, radius: number) => ({ at: frame.point(0, y, z), radius: radius * frame.size });
  const tegmentum = roundTube([at(-4.6, -13, 2.8), at(-5, -23, 2.8), at(-8, -35, 2.6), at(-12.4, -48, 2.2)], frame.size);
  const dentate = ellipsoid(frame.point(7.6, -13.6, -25.4), frame.radii(4.2, 4.8, 3), { yaw: 25, roll: 20 });
  return { tegmentum, dentate: bothSides(dentate), bounds: { low: frame.point(-16, -26, -52), high: frame.point(16, 2, -8) } };
}

/** Pineal gland, in the cistern behind the third ventricle. */
export function pineal(frame: Frame): { shape: Field; bounds: Bounds } {
  const shape = ellipsoid(frame.point(0, -9.6, -5.6), frame.radii(1.7, 2.8, 1.7), { pitch: 20 });
  return { shape, bounds: { low: frame.point(-3, -14, -9), high: frame.point(3, -6, -2) } };
}

/** Space of the posterior fossa, the foramen magnum and the upper spinal canal. Both sides. */
export function posteriorFossa(frame: Frame, magna: number): Field {
  const bowl = ellipsoid(frame.point(0, -16, -25.5), [
    frame.scale[0] * 23,
    frame.scale[1] * 13.5 + 0.8 * magna,
    frame.scale[2] * 12.2 + 0.65 * magna,
  ]);
  const funnel = roundTube(
    [
      { at: frame.point(0, -7, -28), radius: 10 * frame.size },
      { at: frame.point(0, -11, -41), radius: 7.2 * frame.size },
      { at: frame.point(0, -14, -50), radius: 5.8 * frame.size },
      { at: frame.point(0, -19.5, -63), radius: 5.2 * frame.size },
    ],
    4,
  );
  const sella = ellipsoid(frame.point(0, 5, -17), frame.radii(12, 11, 10));
  // The back wall runs straight from the torcular down to the foramen magnum.
  const [, fy, fz] = frame.scale;
  const wall: Field = (_x, y, z) => -0.72 * (y + 34 * fy + 0.4 * magna) - 0.69 * (z + 18.7 * fz);
  return joined(3 * frame.size, shared(bowl, wall, 5), funnel, sella);
}
