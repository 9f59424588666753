import {
  ellipsoid,
  type Field,
  joined,
  polygonDistance,
  roundTube,
  type Station,
  shared,
  smoothMax,
  smoothstep,
  tube,
} from "./fields.ts";
import type { Frame } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import type { Bounds } from "./lattice.ts";

/** Deep grey matter of the right side. */
export interface DeepGrey {
  readonly thalamus: Field;
  readonly caudate: Field;
  readonly lentiform: Field;
  readonly bounds: Bounds;
}

/**
 * What the template's deep grey matter measures when built (both sides, template mm), ml: found by counting voxels. Early on the germinal matrix
 * and the ventricle take a share of its place.
 */
const templateDeepGrey = (age: number): number => interpolateHeld([20, 22, 24, 28, 32, 36], [5.1, 5.4, 5.8, 6.9, 7.4, 7.7], age);

/** Deep grey matter of `volume` ml on both sides. */
export function deepGrey(frame: Frame, age: number, volume: number): DeepGrey {
  const grow = Math.cbrt(volume / (templateDeepGrey(age) * frame.size ** 3));
  const radii = (x: number, y: number, z: number) => frame.radii(x * grow, y * grow, z * grow);
  const head = ellipsoid(frame.point(10.8, 18, -0.5), radii(3.3, 7, 5.6), { yaw: 8, roll: -15 });
  const at = (x: number, y: number, z: number, radius: number) => ({
    at: frame.point(x, y, z),
    radius: radius * frame.size * grow,
  });
  const tail = roundTube([at(11.6, 13, 3.5, 2.6), at(12.6, 4, 6, 1.8), at(14.8, -4, 5, 1.3), at(18, -11, 1, 0.9)], frame.size);
  return {
    thalamus: ellipsoid(frame.point(8.3, -0.3, -3.2), radii(6.2, 10.8, 6.8), { yaw: 32 }),
    caudate: joined(frame.size, head, tail),
    lentiform: ellipsoid(frame.point(14.4, 10.8, -5.2), radii(4.9, 10.8, 7.2), { yaw: -8, roll: 12 }),
    bounds: { low: frame.point(-1, -15, -16), high: frame.point(24, 29, 13) },
  };
}

/** The tissue about the third ventricle that has no cortex on it: septum, basal forebrain, hypothalamus, subthalamus. Both sides. */
export function core(frame: Frame): { shape: Field; bounds: Bounds } {
  const [fx, fy, fz] = frame.scale;
  const corners = [[-12, -4], [-11, 3], [-5, 7.5], [3, 9.8], [12, 10], [20, 7.2], [26.5, 2], [27.5, -5], [23, -9], [17, -12.5], [11, -17.5], [6, -18.5], [0, -17], [-7, -13]]; // biome-ignore format: one line
  const outline = polygonDistance(corners.map(([y, z]) => [y! * fy, z! * fz]));
  const shape: Field = (x, y, z) => {
    const half = 2 + (2 + 6.5 * smoothstep(-18, -8, z / fz)) * smoothstep(-13, -4, y / fy);
    const aside = Math.abs(x) - fx * half;
    return aside > 6 ? aside : smoothMax(outline(y, z), aside, 3);
  };
  return { shape, bounds: { low: frame.point(-15, -14, -21), high: frame.point(15, 30, 13) } };
}

/** Corpus callosum: genu, body and splenium over the cavum. Both sides. */
export function corpusCallosum(frame: Frame): { shape: Field; bounds: Bounds } {
  const line: readonly (readonly [y: number, z: number, half: number, thick: number])[] = [
    [-12.6, -4.2, 3, 1.5],
    [-11.6, 1.2, 4.5, 1.5],
    [-6, 6.4, 7, 1.15],
    [3, 8.9, 8, 1.05],
    [12, 9, 8, 1.05],
    [20, 6.3, 8, 1.2],
    [25.3, 1.2, 7.5, 1.5],
    [26.3, -4.2, 6, 1.4],
    [22.3, -8.6, 3, 0.7],
  ];
  const stations: Station[] = line.map(([y, z, half, thick]) => frame.station([0, y, z], half, thick, 0));
  return { shape: tube(stations, frame.size), bounds: { low: frame.point(-10, -16, -12), high: frame.point(10, 30, 12) } };
}

/** Hippocampus and amygdala of the right side, medial to the temporal horn. */
export function hippocampus(frame: Frame, lumen: Field): { shape: Field; bounds: Bounds } {
  const at = (x: number, y: number, z: number, radius: number) => ({ at: frame.point(x, y, z), radius: radius * frame.size });
  const body = roundTube(
    [at(12.6, -13.5, -5, 1.9), at(14.6, -9, -10.5, 2.6), at(15.6, -2, -14.6, 3), at(15.4, 4.5, -18, 3.6)],
    frame.size,
  );
  return {
    shape: shared(body, (x, y, z) => -lumen(x, y, z), 0.5),
    bounds: { low: frame.point(7, -18, -24), high: frame.point(22, 10, -1) },
  };
}
