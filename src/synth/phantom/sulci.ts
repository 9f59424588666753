import { seededRng } from "../../core/rng.ts";
import { clamp, type Field, smoothMax, smoothstep } from "./fields.ts";
import type { Frame } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import type { Hemisphere } from "./hemisphere.ts";
import { gradientSize, latticeField, sampleField } from "./lattice.ts";
import { waveNoise } from "./noise.ts";

/** A named sulcus of the template hemisphere. */
interface Sulcus {
  readonly name: string;
  /**
   * Its course. On the convex: y in template mm and the angle, in the coronal plane about the hemisphere's axis, from lateral (0) to the
   * vertex (90) or to the base (-90). On the medial wall: y and z.
   */
  readonly face: "convex" | "medial";
  readonly course: readonly (readonly [number, number])[];
  /** Week at which it shows on MRI. */
  readonly onset: number;
  /** Depth at term, template mm. */
  readonly depth: number;
}

// Onsets: Chi, Dooling & Gilles 1977 (anatomy, doi:10.1002/ana.410010109) put two to three weeks later, as MRI sees them (Garel 2001,
// AJNR 22:184). Courses and depths are ours.
export const primarySulci: readonly Sulcus[] = [
  { name: "central", face: "convex", course: [[-6, 88], [-3, 65], [2, 42], [6, 26], [8, 12]], onset: 24, depth: 11 },
  { name: "precentral", face: "convex", course: [[6, 66], [12, 46], [16, 28], [18, 14]], onset: 26, depth: 8 },
  { name: "postcentral", face: "convex", course: [[-15, 70], [-11, 48], [-6, 28], [-4, 14]], onset: 27, depth: 8 },
  { name: "superiorFrontal", face: "convex", course: [[8, 63], [18, 62], [28, 60], [36, 55]], onset: 26, depth: 8 },
  { name: "inferiorFrontal", face: "convex", course: [[18, 28], [26, 27], [34, 24]], onset: 28, depth: 7 },
  { name: "intraparietal", face: "convex", course: [[-11, 47], [-20, 52], [-28, 50], [-35, 36]], onset: 27, depth: 9 },
  { name: "superiorTemporal", face: "convex", course: [[12, -44], [4, -32], [-6, -18], [-16, -5], [-24, 6]], onset: 26, depth: 9 },
  { name: "inferiorTemporal", face: "convex", course: [[6, -62], [-4, -52], [-14, -42], [-24, -32]], onset: 30, depth: 6 },
  { name: "lateralOccipital", face: "convex", course: [[-30, -8], [-37, -6], [-42, -4]], onset: 28, depth: 6 },
  { name: "orbital", face: "convex", course: [[20, -62], [28, -66], [37, -62]], onset: 28, depth: 5 },
  { name: "collateral", face: "convex", course: [[4, -100], [-8, -92], [-20, -84], [-32, -80]], onset: 25, depth: 7 },
  { name: "cingulate", face: "medial", course: [[24, -14], [32, -9], [35, 0], [31, 10], [21, 17], [8, 18.5], [-6, 19], [-13, 22], [-16, 29]], onset: 23.5, depth: 8 },
  { name: "parietoOccipital", face: "medial", course: [[-19, -4], [-24, 1], [-29, 6], [-33, 10]], onset: 22, depth: 12 },
  { name: "calcarine", face: "medial", course: [[-19, -7], [-25, -10.5], [-32, -11], [-41, -9]], onset: 22.5, depth: 11 },
  { name: "olfactory", face: "medial", course: [[18, -17.5], [28, -18], [38, -16]], onset: 25, depth: 4 },
]; // biome-ignore format: one line a sulcus

/** How one sulcus of one side differs from the template. */
export interface SulcusVariant {
  /** Move along y, template mm. */
  readonly shift: number;
  /** Factor on the depth. */
  readonly depth: number;
}

/** One sulcus laid on a hemisphere: a curtain that hangs from its course into the brain. */
interface Crease {
  /** x, y, z of the course, mm, one triple a knot; and the arc length up to each knot as a share of the whole. */
  readonly knots: Float64Array;
  readonly share: Float64Array;
  readonly depth: number;
  /** Half width of the gap at the surface, mm. */
  readonly gap: number;
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

/** Half width of the gap at the surface: a wide dimple when new, a slit when old. */
function gapHalf(weeksOld: number): number {
  return 0.45 + 1.9 * Math.exp(-weeksOld / 3.5);
}

function layCrease(sulcus: Sulcus, variant: SulcusVariant, frame: Frame, shape: Hemisphere, age: number): Crease {
  const weeksOld = age - sulcus.onset;
  const places = sulcus.course.map(([y, other]) =>
    sulcus.face === "convex"
      ? onConvex(shape, frame, y + variant.shift, other)
      : onMedial(shape, frame, y + variant.shift, other),
  );
  const knots = Float64Array.from(places.flat());
  const length = places.map((p, i) => (i === 0 ? 0 : Math.hypot(...p.map((v, c) => v - places[i - 1]![c]!))));
  const total = length.reduce((a, b) => a + b, 0);
  const share = Float64Array.from(length, (_, i) => length.slice(0, i + 1).reduce((a, b) => a + b, 0) / total);
  const depth = sulcus.depth * variant.depth * frame.size * (1 - Math.exp(-weeksOld / 6));
  const reach = 9;
  const extreme = (c: number, pick: (...values: number[]) => number) => pick(...places.map((p) => p[c]!));
  return {
    knots,
    share,
    depth,
    gap: gapHalf(weeksOld),
    low: [0, 1, 2].map((c) => extreme(c, Math.min) - reach) as unknown as Crease["low"],
    high: [0, 1, 2].map((c) => extreme(c, Math.max) + reach) as unknown as Crease["high"],
  };
}

/** Where a ray from the hemisphere's axis leaves it. */
function onConvex(shape: Hemisphere, frame: Frame, y: number, degrees: number): number[] {
  const [ox, oy, oz] = frame.point(11, y, -3);
  const [dx, dz] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  let t = 0;
  while (t < 80 && shape.distance(ox + t * dx, oy, oz + t * dz) < 0) t += 0.25;
  return [ox + t * dx, oy, oz + t * dz];
}

/** Where a left-right line enters the hemisphere from the midline. */
function onMedial(shape: Hemisphere, frame: Frame, y: number, z: number): number[] {
  const [, py, pz] = frame.point(0, y, z);
  let x = 0;
  while (x < 20 && shape.distance(x, py, pz) > 0) x += 0.25;
  return [x, py, pz];
}

/**
 * Signed distance to the gap of a sulcus, negative in its fluid.
 * @param depth - How far the point lies below the smooth surface, mm.
 */
function creaseDistance(c: Crease, x: number, y: number, z: number, depth: number): number {
  if (x < c.low[0] || x > c.high[0] || y < c.low[1] || y > c.high[1] || z < c.low[2] || z > c.high[2]) return 1e3;
  const { knots, share } = c;
  let best = 1e9;
  let place = 0;
  for (let i = 3, s = 1; i < knots.length; i += 3, s++) {
    const ax = knots[i - 3]!;
    const ay = knots[i - 2]!;
    const az = knots[i - 1]!;
    const ex = knots[i]! - ax;
    const ey = knots[i + 1]! - ay;
    const ez = knots[i + 2]! - az;
    const t = clamp(((x - ax) * ex + (y - ay) * ey + (z - az) * ez) / (ex * ex + ey * ey + ez * ez), 0, 1);
    const dx = x - ax - t * ex;
    const dy = y - ay - t * ey;
    const dz = z - az - t * ez;
    const d2 = dx * dx + dy * dy + dz * dz;
    if (d2 < best) {
      best = d2;
      place = share[s - 1]! + t * (share[s]! - share[s - 1]!);
    }
  }
  const taper = Math.min(1, 4 * place + 0.15, 4 * (1 - place) + 0.15);
  return gapDistance(Math.sqrt(best), depth, c.depth * taper, c.gap);
}

/** Distance to a wedge `bottom` deep and 2·`gap` wide at the surface, from a point `aside` of its mid-plane and `depth` below the surface. */
function gapDistance(aside: number, depth: number, bottom: number, gap: number): number {
  const beyond = depth - bottom;
  const half = gap * clamp(1 - (0.85 * depth) / (bottom + 1e-6), 0.15, 1);
  return (beyond > 0 ? Math.sqrt(aside * aside + beyond * beyond) : aside) - half;
}

/** What folds one hemisphere. */
export interface Folding {
  readonly variants: Readonly<Record<string, SulcusVariant>>;
  /** Seed of the secondary folds. */
  readonly seed: number;
  /** Factor on the depth of the secondary folds. */
  readonly secondary: number;
}

/**
 * Signed distance to the pial surface with all sulci that the age has, negative inside the brain.
 * @param fossa - The Sylvian fossa, cut too; the sulci of the convexity end at its lips.
 */
export function foldedSurface(shape: Hemisphere, frame: Frame, age: number, folding: Folding, fossa: Field): Field {
  const creases = primarySulci
    .filter(({ onset }) => age > onset)
    .map((s) => layCrease(s, folding.variants[s.name] ?? { shift: 0, depth: 1 }, frame, shape, age));
  const deepest = 3 + Math.max(4, ...creases.map(({ depth }) => depth));
  const rng = seededRng(folding.seed);
  const meander = meanderFields(shape, frame, rng.fork("meander").below(2 ** 31));
  const secondary = secondaryFolds(shape, frame, age, folding);
  const [nx, ny, nz] = shape.normal;
  const fossaLip = interpolateHeld([22, 26, 30, 38], [4.5, 3.4, 2.2, 1.6], age);
  const lip = interpolateHeld([24, 30, 38], [2.6, 2.4, 2.2], age);
  return (x, y, z) => {
    const b = shape.distance(x, y, z);
    if (b > 3) return b;
    const cleft = fossa(x, y, z);
    if (b < -deepest) return smoothMax(b, -cleft, fossaLip);
    const gx = nx(x, y, z);
    const gy = ny(x, y, z);
    const gz = nz(x, y, z);
    const scale = b / Math.sqrt(gx * gx + gy * gy + gz * gz + 1e-9);
    const sx = x - gx * scale;
    const sy = y - gy * scale;
    const sz = z - gz * scale;
    const qx = sx + meander[0](x, y, z);
    const qy = sy + meander[1](x, y, z);
    const qz = sz + meander[2](x, y, z);
    const depth = b < 0 ? -b : 0;
    let gap = 1e3;
    for (const crease of creases) gap = Math.min(gap, creaseDistance(crease, qx, qy, qz, depth));
    if (secondary) gap = Math.min(gap, secondary(x, y, z, depth, gap));
    if (gap < lip + 6) {
      gap += 8 * (1 - shape.foldable(sx, sy, sz));
      if (cleft < 14) gap += 8 * (1 - smoothstep(-1, 3, fossa(sx, sy, sz)));
    }
    return smoothMax(smoothMax(b, -gap, lip), -cleft, fossaLip);
  };
}

/** Small wanderings of the sulci, mm, sampled: three components. */
function meanderFields(shape: Hemisphere, frame: Frame, seed: number): readonly [Field, Field, Field] {
  const rng = seededRng(seed);
  const make = (axis: string): Field => {
    const noise = waveNoise(rng.fork(axis), [11 * frame.size, 24 * frame.size], 14);
    return latticeField(sampleField((x, y, z) => 1.1 * frame.size * noise(x, y, z), shape.bounds, 3));
  };
  return [make("x"), make("y"), make("z")];
}

type SecondaryGap = (x: number, y: number, z: number, depth: number, primaryGap: number) => number;

/**
 * Secondary and tertiary folds: the zero lines of band-limited noise on the surface, kept away from the primary sulci, shallower where a
 * slower noise says so. None before 27 weeks.
 */
function secondaryFolds(shape: Hemisphere, frame: Frame, age: number, folding: Folding): SecondaryGap | null {
  const depthNow = frame.size * folding.secondary * interpolateHeld([28, 30, 32, 35, 38], [0, 0.7, 2.4, 5.6, 7], age);
  if (depthNow <= 0) return null;
  const rng = seededRng(folding.seed).fork("secondary");
  const wavelength = 14.5 * frame.size;
  const fold = waveNoise(rng.fork("fold"), [0.85 * wavelength, 1.15 * wavelength], 16);
  const vigour = waveNoise(rng.fork("vigour"), [22 * frame.size, 40 * frame.size], 12);
  const [nx, ny, nz] = shape.normal;
  const onSurface =
    (field: Field): Field =>
    (x, y, z) => {
      const b = shape.distance(x, y, z);
      if (b < -16 * frame.size || b > 5) return field(x, y, z);
      return field(x - b * nx(x, y, z), y - b * ny(x, y, z), z - b * nz(x, y, z));
    };
  const step = 1.6 * frame.size;
  const raw = sampleField(onSurface(fold), shape.bounds, step);
  const slope = gradientSize(raw);
  const floor = (0.35 * 2 * Math.PI) / wavelength;
  const aside = latticeField({ ...raw, data: raw.data.map((v, n) => v / Math.max(slope[n]!, floor)) });
  const strength = latticeField(sampleField(onSurface(vigour), shape.bounds, 4));
  const gap = gapHalf(Math.max(0, age - 29));
  return (x, y, z, depth, primaryGap) => {
    const room = smoothstep(1.5, 4.5, primaryGap);
    const bottom = depthNow * room * clamp(0.85 + 0.4 * strength(x, y, z), 0.15, 1.45);
    if (bottom < 0.5 || depth > bottom + 4) return 1e3;
    return gapDistance(Math.abs(aside(x, y, z)), depth, bottom, gap * Math.min(1, bottom / 3));
  };
}
