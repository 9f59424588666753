import type { Rng } from "../../core/rng.ts";
import {
  bothSides,
  clamp,
  ellipsoid,
  type Field,
  joined,
  roundTube,
  type Station,
  shared,
  smoothstep,
  tube,
} from "../phantom/fields.ts";
import { type Bounds, latticeField, sampleField } from "../phantom/lattice.ts";
import { waveNoise } from "../phantom/noise.ts";
import { type Material, materials } from "./materials.ts";

/** What differs from brain to brain. Widths in template mm. */
export interface BrainShape {
  /** Factor of the ventricles' half widths. */
  readonly ventricles: number;
  /** Half width of sulci. */
  readonly sulcus: number;
  /** Fluid between brain and skull. */
  readonly gap: number;
  /** Volume-like factor of calcified pineal, choroid plexus and falx; 0: none. */
  readonly calcification: { readonly pineal: number; readonly choroid: number; readonly falx: number };
}

const station = (at: Station["at"], long: number, short: number, tilt: number): Station => ({ at, long, short, tilt });

/** The right lateral ventricle with its horns; half widths times `size`. */
function lateralVentricle(size: number): Field {
  const wide = (at: Station["at"], long: number, short: number, tilt: number) =>
    station(at, long * Math.sqrt(size), short * size, tilt);
  const main = [
    wide([7, 45, 2], 3.5, 1.6, 80),
    wide([8, 38, 8], 6.5, 2.6, 62),
    wide([8.5, 27, 15], 7, 2.7, 42),
    wide([9, 10, 21], 6, 2.3, 20),
    wide([12, -10, 23], 6.5, 2.6, 10),
    wide([18, -24, 17], 7, 3.8, 55),
    wide([23, -32, 8], 8, 4.6, 95),
    wide([23, -44, 5], 5.5, 3.2, 95),
    wide([20, -58, 3], 3, 1.6, 90),
  ];
  const temporal = [
    wide([24, -30, 6], 5, 3.6, 100),
    wide([30, -20, -6], 3.6, 2.2, 110),
    wide([32, -4, -15], 3, 1.4, 100),
    wide([30, 8, -21], 2.4, 1.2, 80),
  ];
  return joined(2, tube(main, 2), tube(temporal, 2));
}

const deepGrey: Field = joined(
  0.5,
  ellipsoid([14, 33, 8], [5.5, 10, 9]), // head of the caudate
  roundTube([{ at: [15, 26, 16], radius: 3.5 }, { at: [18, -4, 25], radius: 2 }], 2), // biome-ignore format: a line of stations
  ellipsoid([27, 19, 1], [5, 17, 10], { yaw: -8 }), // putamen
  ellipsoid([20, 14, -1], [4.5, 10, 6.5], { yaw: -14 }), // pallidum
  ellipsoid([11.5, -3, 8], [8.5, 14, 8.5], { yaw: -16 }), // thalamus
);
const insula: Field = shared(ellipsoid([35, 16, 2], [5, 24, 15]), (x) => 33 - x, 1);

const thirdVentricle = (size: number): Field => ellipsoid([0, 3, -1], [1.3 + size, 13, 9]);
const fourthVentricle: Field = joined(2, ellipsoid([0, -27, -32], [6, 4.5, 8]), roundTube([{ at: [0, -14, -8], radius: 1 }, { at: [0, -25, -28], radius: 1.6 }], 1)); // biome-ignore format: a line of stations

const brainstem: Field = joined(
  3,
  ellipsoid([0, -9, -32], [17, 11, 13]),
  bothSides(ellipsoid([9, -3, -13], [8, 10, 10])),
  ellipsoid([0, -13, -12], [14, 8, 10]),
  roundTube([{ at: [0, -17, -44], radius: 8.5 }, { at: [0, -26, -80], radius: 6 }], 3), // biome-ignore format: a line of stations
);
/** Cisterns at the base and about the midbrain. */
const cisterns: Field = joined(
  1.5,
  ellipsoid([0, 16, -19], [12, 10, 7]),
  bothSides(roundTube([{ at: [8, 18, -18], radius: 4 }, { at: [24, 22, -17], radius: 2.6 }, { at: [38, 24, -11], radius: 2.4 }], 2)), // biome-ignore format: a line of stations
  (x, y, z) => Math.max(ellipsoidAboutMidbrain(x, y, z), y + 6),
  ellipsoid([0, -24, -4], [8, 5, 6]),
  ellipsoid([0, 5, -32], [15, 5, 14]),
  ellipsoid([0, -40, -58], [16, 14, 7]),
);
function ellipsoidAboutMidbrain(x: number, y: number, z: number): number {
  const ring = Math.hypot(x / 1.2, y + 10) - 16.5;
  return Math.max(Math.abs(ring) - 2, Math.abs(z + 9) - 8);
}

/** Signed distance to the fluid of the lateral (Sylvian) fissure, one side: a sheet over the insula and the cleft that opens it outwards. */
const sylvian: Field = (x, y, z) => {
  const middle = 1 - 0.28 * (y - 15);
  const front = Math.max(y - 34, -14 - y);
  const cleft = Math.max(Math.abs(z - middle) - 1.6, front, 40 - x);
  const over = Math.max(Math.abs(x - 41 + 0.012 * (y - 15) ** 2) - 1.1, Math.abs(z - middle) - 12, front);
  return Math.min(cleft, over);
};

/** Height of the tentorium: a tent with its ridge at the straight sinus, open in front for the midbrain. */
const tentHeight = (x: number, y: number): number => {
  const ridge = 2 + 0.28 * (clamp(y, -80, -20) + 25);
  return ridge - (ridge + 26) * (1 - Math.exp(-((x / 34) ** 2)));
};
/** Below this line of the midplane the falx is open; above it the hemispheres are apart. */
const callosum = (y: number): number => (y > 56 || y < -30 ? -60 : 8 + 22 * Math.sqrt(Math.max(0, 1 - ((y - 13) / 44) ** 2)));

const bounds: Bounds = { low: [-4, -96, -72], high: [80, 96, 84] };
const onLattice = (field: Field): Field => {
  const made = latticeField(sampleField(field, bounds, 1.5));
  return (x, y, z) => made(Math.abs(x), y, z);
};

/** What is the same in every brain, sampled for the first one: it takes a second. */
const common = once(() => ({
  grey: onLattice(joined(0.5, deepGrey, insula)),
  base: onLattice(cisterns),
  stem: onLattice(brainstem),
}));

function once<Value extends object>(make: () => Value): () => Value {
  let made: Value | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** Depth to which sulci reach. */
const sulcusDepth = 15;
const cortexWidth = 2.7;

/** What is at a place of the brain, template mm; `depth` is how far inside the inner table it lies, mm. */
export type BrainAt = (x: number, y: number, z: number, depth: number) => Material;

/** Makes a brain. @param rng - Of folds and of the small differences between sides. */
export function makeBrain(rng: Rng, shape: BrainShape): BrainAt {
  const ventricle = onLattice(lateralVentricle(shape.ventricles));
  const third = thirdVentricle(shape.ventricles);
  const { grey, base, stem } = common();
  const fold = waveNoise(rng.fork("folds"), [27, 40], 14);
  const folia = waveNoise(rng.fork("folia"), [7, 10], 10);
  const wander = waveNoise(rng.fork("wander"), [50, 90], 8);
  const stones = calcified(shape.calcification);
  return (x, y, z, depth) => {
    const side = x < 0 ? -x : x;
    if (stones(x, y, z) < 0) return materials.calcification;
    if (ventricle(x, y, z) < 0) return side < 0.5 ? materials.white : materials.ventricle;
    if (third(x, y, z) < 0 || fourthVentricle(x, y, z) < 0) return materials.ventricle;
    const tent = tentHeight(x, y);
    const below = z < tent && y < 12 - 0.62 * side && (z < -18 || y < -17);
    const dura = duraAt(side, y, z, depth, tent);
    if (dura !== null) return dura;
    if (stem(x, y, z) < 0) return materials.brainstem;
    if (below) return hindbrain(x, y, z, depth, folia(x, y, z), base(x, y, z));
    const cleft = side - 1.4 - 0.8 * smoothstep(20, 60, y) - 0.4 * wander(x, y, z);
    const medial = z > callosum(y) ? cleft : 1e3;
    const surface = Math.min(depth - shape.gap - 1.2 * smoothstep(10, 70, y), medial, sylvian(side, y, z) - (shape.sulcus - 0.8), base(x, y, z), Math.abs(z - tent) + (y < -17 ? -1.2 : 1e3)); // biome-ignore format: one line
    if (surface < 0) return materials.csf;
    if (surface < sulcusDepth + cortexWidth) {
      const radius = 66 / Math.max(20, Math.hypot(x, 0.8 * y, z));
      const bend = 1 + 0.004 * surface;
      const sulcus = Math.abs(fold(x * radius * bend, y * radius, z * radius)) / 0.19 - shape.sulcus * (1 - surface / 40);
      const deep = surface - sulcusDepth;
      if (deep < 0 && sulcus < 0) return materials.csf;
      if (Math.max(sulcus, deep) < cortexWidth) return materials.grey;
    }
    return surface < cortexWidth || grey(x, y, z) < 0 ? materials.grey : materials.white;
  };
}

/** Falx, tentorium and the venous sinuses in them. */
function duraAt(side: number, y: number, z: number, depth: number, tent: number): Material | null {
  const above = z > tent;
  if (above && z > 15 && depth < 7.5 && side < 0.75 * (7 - depth)) return materials.sinus;
  if (y < -40 && depth < 7 && Math.abs(z - tent) < 3.5 - 0.3 * depth) return materials.sinus;
  if (y < -22 && side < 2 && above && z < tent + 4) return materials.sinus;
  if (above && side < 0.7 && z > callosum(y) + 7) return materials.dura;
  const notch = y > -30 ? 20 - side : 0;
  return y < 12 - 0.62 * side && notch <= 0 && Math.abs(z - tent) < 0.8 ? materials.dura : null;
}

const cerebellum: Field = bothSides(ellipsoid([20, -46, -32], [34, 38, 36]));

/** Cerebellum with its leaves, white in the middle, fluid about it. */
function hindbrain(x: number, y: number, z: number, depth: number, folia: number, cistern: number): Material {
  const surface = Math.min(depth - 2.5, cistern, tentHeight(x, y) - 1.5 - z);
  if (surface < 0 || cerebellum(x, y, z) > 0) return materials.csf;
  if (surface < 7 && Math.abs(folia) < 0.12) return materials.csf;
  return Math.hypot((Math.abs(x) - 18) / 12, (y + 42) / 9, (z + 34) / 9) + 0.3 * folia < 1
    ? materials.white
    : materials.cerebellum;
}

/** What is often calcified with age: pineal, choroid plexus in the atria, falx. Negative inside. */
function calcified({ pineal, choroid, falx }: BrainShape["calcification"]): Field {
  const stones: Field[] = [];
  if (pineal > 0) stones.push(ellipsoid([0, -13, 2], [2.6 * pineal, 2.8 * pineal, 2.4 * pineal]));
  if (choroid > 0) stones.push(bothSides(ellipsoid([23, -31, 7], [2.6 * choroid, 5 * choroid, 3.6 * choroid])));
  if (falx > 0) stones.push(ellipsoid([0, 46, 46], [1.2, 6 * falx, 7 * falx]));
  return (x, y, z) => {
    let d = 1e3;
    for (const stone of stones) d = Math.min(d, stone(x, y, z));
    return d;
  };
}
