import {
  clamp,
  type Field,
  joined,
  polygonDistance,
  roundTube,
  type Station,
  shared,
  smoothMax,
  smoothstep,
  tube,
  without,
} from "./fields.ts";
import type { Frame } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import type { Bounds } from "./lattice.ts";

/** Half the atrial width that the stations below have, template mm. */
const templateAtrialHalf = 3.35;

/** A station of the ventricle: where, half widths, tilt (degrees), and how much its short half width follows the atrial width (0 to 1). */
type VentricleStation = readonly [
  at: readonly [number, number, number],
  long: number,
  short: number,
  tilt: number,
  atrial: number,
];

// Frontal horn, body, atrium, occipital horn.
const mainLine: readonly VentricleStation[] = [
  [[8.6, 27.2, -6.0], 3.0, 0.9, 76, 0],
  [[8.4, 25.2, -1.0], 4.6, 1.25, 66, 0],
  [[7.4, 19.0, 3.0], 4.8, 1.2, 50, 0],
  [[6.8, 11.0, 5.6], 4.6, 1.1, 40, 0],
  [[7.2, 3.0, 6.9], 4.6, 1.2, 32, 0],
  [[9.2, -4.0, 5.2], 4.2, 1.8, 40, 0.3],
  [[12.2, -10.0, 1.2], 4.8, 2.7, 75, 0.7],
  [[15.2, -15.0, -3.8], 6.6, 3.3, 106, 1],
  [[17.2, -19.5, -7.4], 7.2, 3.35, 110, 1],
  [[16.3, -24.5, -9.6], 5.8, 2.9, 104, 0.9],
  [[14.2, -29.5, -10.8], 4.2, 2.5, 96, 0.8],
  [[12.2, -33.8, -11.4], 3.2, 1.8, 92, 0.6],
  [[11.2, -36.4, -11.6], 1.8, 1.0, 90, 0.4],
];

// Temporal horn.
const temporalLine: readonly VentricleStation[] = [
  [[17.6, -17.0, -8.8], 3.4, 2.3, 110, 0.8],
  [[19.8, -9.5, -13.0], 2.7, 1.5, 108, 0.4],
  [[20.8, -2.0, -17.0], 2.3, 1.1, 100, 0.2],
  [[20.2, 5.0, -19.6], 1.6, 0.85, 70, 0],
];

/** Size of one lateral ventricle. */
export interface VentricleSize {
  /** mm across the atrium in an axial slice. */
  readonly atrialWidth: number;
  /** ml of the lumen. */
  readonly volume: number;
}

/** The lumen of the right lateral ventricle, and the box that holds it; the left one is its mirror image. */
export function lateralVentricle(frame: Frame, size: VentricleSize): { lumen: Field; bounds: Bounds } {
  const atrial = (measuredShare(frame.size) * size.atrialWidth) / 2 / (templateAtrialHalf * frame.size);
  // The parts that do not follow the atrial width are made as thick as the volume asks for.
  let low = 0.3;
  let high = 3;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (tubeVolume(stations(frame, atrial, middle)) < size.volume) low = middle;
    else high = middle;
  }
  const [main, temporal] = stations(frame, atrial, (low + high) / 2);
  const k = 1.2 * frame.size;
  return { lumen: joined(k, tube(main, k), tube(temporal, k)), bounds: boundsOf([...main, ...temporal], 2) };
}

function stations(frame: Frame, atrial: number, rest: number): readonly [Station[], Station[]] {
  const make = ([at, long, short, tilt, share]: VentricleStation): Station => {
    const factor = atrial ** share * rest ** (1 - share);
    const { long: high, short: across, ...station } = frame.station(at, long * Math.sqrt(rest), short * factor, tilt);
    return { ...station, long: Math.max(high, 1.1 * across), short: across };
  };
  return [mainLine.map(make), temporalLine.map(make)];
}

/** Built atria measure wider than the tube where the horns join it, the more the smaller the brain: found by measuring built volumes. */
const measuredShare = (size: number): number => interpolateHeld([0.58, 0.7, 1, 1.25], [0.95, 0.93, 0.89, 0.87], size);

/** What the paint order takes from the tubes (caudate, overlap of the horns), found by counting built volumes. */
const lumenShare = 1.05;

/** Volume of swept ellipses, ml. */
function tubeVolume(lines: readonly (readonly Station[])[]): number {
  let sum = 0;
  for (const line of lines) {
    for (let i = 1; i < line.length; i++) {
      const [p, q] = [line[i - 1]!, line[i]!];
      const area = (Math.PI * (p.long * p.short + q.long * q.short)) / 2;
      sum += area * Math.hypot(...p.at.map((v, c) => v - q.at[c]!));
    }
  }
  return (lumenShare * sum) / 1000;
}

function boundsOf(line: readonly Station[], margin: number): Bounds {
  const reach = Math.max(...line.map(({ long }) => long)) + margin;
  const corner = (pick: (...v: number[]) => number, by: number) =>
    [0, 1, 2].map((c) => pick(...line.map(({ at }) => at[c]!)) + by) as unknown as readonly [number, number, number];
  return { low: corner(Math.min, -reach), high: corner(Math.max, reach) };
}

/** The choroid plexus of the right side, inside the lumen: from the foramen of Monro along the body to the glomus and the temporal horn. */
export function choroidPlexus(frame: Frame, lumen: Field, atrialWidth: number): Field {
  const fullness = Math.sqrt(atrialWidth / 2 / (templateAtrialHalf * frame.size));
  const at = (x: number, y: number, z: number, radius: number) => ({
    at: frame.point(x, y, z),
    radius: radius * frame.size * fullness,
  });
  const line = [at(5, 7, 4.8, 0.7), at(7.6, 1, 5.6, 0.9), at(11.6, -8.5, 2, 1.5), at(15.2, -14.6, -4, 2.5), at(16.6, -17, -7.5, 2.2), at(18.6, -11, -11.8, 1), at(20.2, -4, -15.8, 0.6)]; // biome-ignore format: a line of stations
  return shared(roundTube(line, frame.size), (x, y, z) => lumen(x, y, z) + 0.5, 0.4);
}

/** Cavum septi pellucidi (and vergae, `vergae` times as wide as usual): `width` mm across at its widest. */
export function cavum(frame: Frame, age: number, width: number, vergae: number): { space: Field; bounds: Bounds } {
  const [, fy, fz] = frame.scale;
  const corners = [[-8, 2.6], [0, 5.6], [8, 6.5], [15, 5.4], [20, 2.8], [23.4, -1.5], [23.4, -5], [20, -7], [15.5, -4.2], [11, -0.3], [5, 2.7], [-2, 3]]; // biome-ignore format: one line
  const outline = polygonDistance(corners.map(([y, z]) => [y! * fy, z! * fz]));
  const behind = vergae * interpolateHeld([22, 28, 34], [0.4, 0.35, 0.3], age);
  const half = 0.5 * width * interpolateHeld([20, 22, 24, 30], [1.16, 1.1, 1.07, 1.03], age); // the rounded edges take a little off
  const space: Field = (x, y, z) => {
    const [ty, tz] = [y / fy, z / fz];
    const front = clamp((ty - 5) / 16, 0, 1) * (1 - smoothstep(21.5, 27, ty));
    const wide = half * (behind * (1 - smoothstep(4, 17, ty)) + front) * (0.3 + 0.7 * smoothstep(-8, -1.5, tz));
    return smoothMax(outline(y, z) - 0.3 * frame.size, Math.abs(x) - wide, frame.size);
  };
  return { space, bounds: { low: [-half - 1, -12 * fy, -10 * fz], high: [half + 1, 27 * fy, 9 * fz] } };
}

/** Third ventricle: a midline slit between the thalami with the interthalamic adhesion through it, and the aqueduct. */
export function thirdVentricle(frame: Frame, age: number): { space: Field; bounds: Bounds } {
  const [, fy, fz] = frame.scale;
  const corners = [[-7, -4], [-3, -0.6], [5, 0.4], [11, -2], [13.2, -8], [12, -14.5], [8.5, -17.5], [4.5, -14], [0, -11], [-6, -9.5]]; // biome-ignore format: one line
  const outline = polygonDistance(corners.map(([y, z]) => [y! * fy, z! * fz]));
  const adhesion = (y: number, z: number) => Math.hypot(y - 3 * fy, z + 5.5 * fz) - 2.7 * frame.size;
  const half = interpolateHeld([20, 24, 30, 38], [0.8, 0.9, 1, 1.1], age);
  const slit: Field = (x, y, z) => smoothMax(smoothMax(outline(y, z), -adhesion(y, z), 1), Math.abs(x) - half, 1);
  const aqueduct = roundTube([[-6.5, -9], [-7.2, -14], [-8.2, -19]].map(([y, z]) => ({ at: frame.point(0, y!, z!), radius: 0.9 * frame.size })), 1); // biome-ignore format: one line
  return { space: joined(0.5, slit, aqueduct), bounds: { low: [-3, -11 * fy, -22 * fz], high: [3, 15 * fy, 3 * fz] } };
}

/** The lumen with room left for the septal leaflet between it and the cavum, mm. */
export function besideCavum(lumen: Field, space: Field, leaflet: number): Field {
  return without(lumen, (x, y, z) => space(x, y, z) - leaflet, 0.6);
}

/** Share of the full germinal-matrix width at a place beside the right lumen: 1 on the lateral wall of the frontal horn down to the caudothalamic notch. */
export function eminenceShare(frame: Frame): (x: number, y: number, z: number) => number {
  const [fx, fy, fz] = frame.scale;
  const axis = mainLine.map(([at]) => at);
  const ys = axis.map(([, y]) => -y);
  const xs = axis.map(([x]) => x);
  const zs = axis.map(([, , z]) => z);
  return (x, y, z) => {
    const [tx, ty, tz] = [x / fx, y / fy, z / fz];
    const along = smoothstep(-12, 4, ty) * (1 - smoothstep(24, 30, ty));
    if (along <= 0) return 0;
    const below = interpolateHeld(ys, zs, -ty) - tz;
    const beside = tx - interpolateHeld(ys, xs, -ty);
    return along * smoothstep(-1.5, 1.5, 0.55 * beside + 0.83 * below) * smoothstep(-4, -1, beside) * smoothstep(13, 9, below); // the temporal horn lies further down
  };
}
