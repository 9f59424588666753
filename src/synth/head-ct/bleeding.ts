import type { Vec3 } from "../../core/affine.ts";
import { seededRng } from "../../core/rng.ts";
import { latticeField, sampleField } from "../phantom/lattice.ts";
import { waveNoise } from "../phantom/noise.ts";
import { forEachPlace, type Grid, voxelMl } from "./build.ts";
import { growTo } from "./grow.ts";
import { bleedId, materials } from "./materials.ts";
import { type OuterShape, outerShape } from "./outer.ts";
import type { Bleed, HeadPlan, InnerBleed, OuterBleed, SubarachnoidBleed, VentricularBleed } from "./plan.ts";
import { headBounds } from "./skull.ts";

/** Where the tissue at a place of a pressed brain was before it bled: place, mm, and depth inside the inner table. */
export interface Pull {
  from(x: number, y: number, z: number, depth: number): readonly [number, number, number, number];
  readonly inner: readonly InnerShape[];
}

/** A bleed in the brain whose size is decided: distance in units of its surface, 1 there. */
interface InnerShape {
  readonly bleed: InnerBleed;
  readonly centre: Vec3;
  readonly norm: (x: number, y: number, z: number) => number;
  /** Radius of a ball of its volume, mm. */
  readonly radius: number;
}

/** How deep the layers of the surface, fluid and cortex, follow an outer bleed, mm. Our guess. */
const surfaceReach = 14;
/** Share of a bleed's volume that presses tissue aside; the rest replaces it. Our guess. */
const pressed = 0.75;

/**
 * Paints the bleeds outside the brain, decides the size of those inside it, and says how both press the brain.
 * Outer bleeds push straight away from where they lie, less the deeper; an inner one swells as an incompressible ball does.
 */
export function pullOf(grid: Grid, plan: HeadPlan): Pull {
  const outer = plan.bleeds.filter((bleed): bleed is OuterBleed => bleed.type === "epidural" || bleed.type === "subdural");
  const shapes = outer.map((bleed) => paintOuter(grid, bleed));
  const inner = plan.bleeds.filter((bleed) => bleed.type === "intraparenchymal").map((bleed) => innerShape(grid, plan, bleed));
  const out: [number, number, number, number] = [0, 0, 0, 0];
  return {
    inner,
    from(x, y, z, depth) {
      [out[0], out[1], out[2], out[3]] = [x, y, z, depth];
      for (const shape of shapes) {
        const thick = shape.depthAt(x, y, z, depth);
        if (thick > 0) out[3] -= depth < thick ? depth : thick * Math.exp((thick - depth) / surfaceReach);
        const push = shape.pushAt(x, y, z);
        for (const a of [0, 1, 2] as const) out[a] += push * shape.towards[a];
      }
      for (const { centre, norm } of inner) {
        const share = Math.cbrt(Math.max(0, 1 - pressed / Math.max(1, norm(x, y, z)) ** 3));
        for (const a of [0, 1, 2] as const) out[a] = centre[a] + share * (out[a] - centre[a]);
      }
      return out;
    },
  };
}

function paintOuter(grid: Grid, bleed: OuterBleed): OuterShape {
  const side = Math.sign(bleed.towards[0]) || 1;
  const rim = (z: number) => (bleed.towards[2] > -0.2 ? z > -22 : z < 0); // above or below the tentorium's edge
  const allowed = (x: number, _y: number, z: number) => rim(z) && (bleed.type === "epidural" || x * side > 1.5);
  const candidates: number[] = [];
  const place: number[] = [];
  forEachPlace(grid, (n, x, y, z) => {
    if (grid.cavity[n] === 0 || grid.bleed[n] !== 0 || grid.wall[n]! < -45) return;
    if (x * bleed.towards[0] + y * bleed.towards[1] + (z - 8) * bleed.towards[2] < 0) return;
    place.push(n);
    candidates.push(x, y, z, -grid.wall[n]!);
  });
  const places = Float32Array.from(candidates);
  const shape = outerShape(bleed, places, allowed, voxelMl(grid));
  for (const [i, n] of place.entries()) {
    const [x, y, z, depth] = places.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    if (shape.key(x, y, z, depth) <= shape.size) grid.bleed[n] = bleedId(bleed.type);
  }
  return shape;
}

function innerShape({ wall, cavity, bleed: taken, ...places }: Grid, { scale }: HeadPlan, bleed: InnerBleed): InnerShape {
  const [rx, ry, rz] = bleed.radii;
  const centre = bleed.centre.map((v, a) => v * scale[a]!) as unknown as Vec3;
  const [c, s] = [Math.cos((bleed.yaw * Math.PI) / 180), Math.sin((bleed.yaw * Math.PI) / 180)];
  const noise = waveNoise(seededRng(bleed.seed).fork("surface"), [14, 30], 10);
  const reach = 14 * Math.cbrt(bleed.volumeMl) + 12;
  const raw = (px: number, py: number, pz: number) => {
    const [x, y, z] = [px - centre[0], py - centre[1], pz - centre[2]];
    const norm = Math.hypot((c * x + s * y) / rx, (c * y - s * x) / ry, z / rz);
    return norm > reach ? norm : norm * (1 + 0.13 * noise(px, py, pz));
  };
  const keys: number[] = [];
  forEachPlace(places, (n, x, y, z) => {
    if (cavity[n] === 0 || wall[n]! > -4 || taken[n] !== 0 || Math.abs(x - centre[0]) > reach) return;
    keys.push(raw(x, y, z));
  });
  const size = growTo(Float32Array.from(keys), bleed.volumeMl / voxelMl(places));
  const radius = Math.cbrt((3000 * bleed.volumeMl) / (4 * Math.PI));
  return { bleed, centre, radius, norm: (x, y, z) => raw(x, y, z) / size };
}

/** Paints the blood of all bleeds once the brain is there. */
export function paintInner(grid: Grid, plan: HeadPlan, pull: Pull): void {
  for (const shape of pull.inner) paintHaematoma(grid, shape);
  for (const bleed of plan.bleeds) {
    if (bleed.type === "intraventricular") fillVoxels(grid, bleed, ventricularKeys(grid, bleed));
    if (bleed.type === "subarachnoid") fillVoxels(grid, bleed, subarachnoidKeys(grid, plan, bleed));
  }
  for (const bleed of plan.bleeds) dressBlood(grid, bleed);
}

function paintHaematoma(grid: Grid, { bleed, norm, radius }: InnerShape): void {
  const { wall, cavity, material, hu } = grid;
  forEachPlace(grid, (n, x, y, z) => {
    if (cavity[n] === 0 || grid.bleed[n] !== 0) return;
    const at = norm(x, y, z);
    if (at <= 1 && wall[n]! <= -4) grid.bleed[n] = bleedId("intraparenchymal");
    else if (material[n] === materials.white && bleed.oedema > 0) {
      const rim = Math.max(0, 1 - ((at - 1) * radius) / bleed.oedema);
      hu[n] = hu[n]! - 9 * Math.min(1, 1.6 * rim);
    }
  });
}

/** Voxels that a bleed may fill, with the order in which it does. */
interface Fillable {
  readonly voxels: readonly number[];
  readonly keys: Float32Array;
}

function fillable(grid: Grid, of: number, key: (x: number, y: number, z: number) => number): Fillable {
  const [voxels, keys]: [number[], number[]] = [[], []];
  forEachPlace(grid, (n, x, y, z) => {
    if (grid.material[n] !== of || grid.cavity[n] === 0 || grid.bleed[n] !== 0) return;
    voxels.push(n);
    keys.push(key(x, y, z));
  });
  return { voxels, keys: Float32Array.from(keys) };
}

/** Blood sinks to the back of a patient who lies on it: the lowest places fill first, each side to its own level, clots uneven. */
function ventricularKeys(grid: Grid, { lean, seed }: VentricularBleed): Fillable {
  const clot = waveNoise(seededRng(seed).fork("clot"), [12, 25], 10);
  return fillable(grid, materials.ventricle, (x, y, z) => 200 + y - (lean / 2) * Math.sign(x) + 2.5 * clot(x, y, z));
}

/** Blood spreads from its source through the fluid, further in some clefts than in others. */
function subarachnoidKeys(grid: Grid, { scale }: HeadPlan, { centre, seed }: SubarachnoidBleed): Fillable {
  const noise = waveNoise(seededRng(seed).fork("spread"), [25, 50], 10);
  const uneven = latticeField(sampleField(noise, headBounds, 5));
  const [cx, cy, cz] = centre.map((v, a) => v * scale[a]!) as [number, number, number];
  return fillable(grid, materials.csf, (x, y, z) =>
    Math.max(0, Math.hypot(x - cx, y - cy, z - cz) * (1 + 0.3 * uneven(x, y, z))),
  );
}

function fillVoxels(grid: Grid, { type, volumeMl }: Bleed, { voxels, keys }: Fillable): void {
  if (keys.length === 0) return;
  const level = growTo(keys, volumeMl / voxelMl(grid));
  for (const [i, n] of voxels.entries()) if (keys[i]! <= level) grid.bleed[n] = bleedId(type);
}

/** Gives blood its attenuation: grain of the clot, and fresh, darker swirls in an epidural bleed. */
function dressBlood(grid: Grid, bleed: Bleed): void {
  const noise = waveNoise(seededRng(bleed.seed).fork("grain"), [8, 20], 12);
  const grain = latticeField(sampleField(noise, headBounds, 3));
  const id = bleedId(bleed.type);
  forEachPlace(grid, (n, x, y, z) => {
    if (grid.bleed[n] !== id) return;
    const here = grain(x, y, z);
    const swirl = bleed.type === "epidural" && here < -1 ? 10 : 0;
    grid.hu[n] = bleed.hu + 2.5 * Math.max(-1.5, Math.min(1.5, here)) - swirl;
  });
}
