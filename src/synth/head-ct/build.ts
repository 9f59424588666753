import { axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { seededRng } from "../../core/rng.ts";
import { forEachVoxel, type LabelVolume, type Volume } from "../../core/volume.ts";
import { latticeField, sampleField } from "../phantom/lattice.ts";
import { waveNoise } from "../phantom/noise.ts";
import { type Pull, paintInner, pullOf } from "./bleeding.ts";
import { makeBrain } from "./brain.ts";
import { type Material, materials } from "./materials.ts";
import type { HeadPlan } from "./plan.ts";
import { shellAt } from "./shell.ts";
import { headBounds, innerTable } from "./skull.ts";

/** A built head on its own grid, axes along the head's. */
export interface Head {
  /** HU. */
  readonly image: Volume<Float32Array>;
  /** Ids of materials.ts before blood is painted; where there is blood, what was there. */
  readonly material: LabelVolume;
  /** 0 and the kinds of bleeding, 1 to 5. */
  readonly bleed: LabelVolume;
  /** 1 inside the inner table, down to the foramen magnum. */
  readonly cavity: LabelVolume;
}

/** Voxels of a head while it is built; index x fastest. */
export interface Grid {
  readonly shape: Vec3;
  readonly low: Vec3;
  /** mm. */
  readonly step: number;
  /** Signed distance to the inner table, mm, negative inside. */
  readonly wall: Float32Array;
  readonly hu: Float32Array;
  readonly material: Uint8Array;
  readonly bleed: Uint8Array;
  readonly cavity: Uint8Array;
}

/** Volume of a voxel, ml. */
export const voxelMl = ({ step }: Pick<Grid, "step">): number => step ** 3 / 1000;

/** Lowest place of the cavity, template mm: the plane of the foramen magnum. */
const foramen = -60;

/**
 * Builds the voxels of a drawn head: skull and what is about it, the brain as the bleeds press it aside, and the bleeds.
 * The mid-sagittal plane is x = 0 before the scan turns the head; axes are RAS+.
 */
export function buildHead(plan: HeadPlan): Head {
  const grid = emptyGrid(plan);
  const pull = pullOf(grid, plan);
  fillMaterials(grid, plan, pull);
  dressMaterials(grid, plan);
  paintInner(grid, plan, pull);
  softenWall(grid, plan);
  const { shape, low, step, hu, material, bleed, cavity } = grid;
  const centre = [0, 1, 2].map((a) => low[a]! + (step * (shape[a]! - 1)) / 2) as unknown as Vec3;
  const affine = axisAlignedAffine(shape, [step, step, step], centre);
  const labels = (data: Uint8Array): LabelVolume => ({ data, shape, affine });
  return { image: { data: hu, shape, affine }, material: labels(material), bleed: labels(bleed), cavity: labels(cavity) };
}

function emptyGrid({ scale, detailMm: step }: HeadPlan): Grid {
  const { low, high } = headBounds;
  const shape = [0, 1, 2].map((a) => Math.floor((high[a]! - low[a]!) / step) + 1) as unknown as Vec3;
  const count = shape[0] * shape[1] * shape[2];
  const field = innerTable(scale);
  const [wall, cavity] = [new Float32Array(count), new Uint8Array(count)];
  const places = { shape, low, step };
  forEachPlace(places, (n, x, y, z) => {
    wall[n] = field(x, y, z);
    if (wall[n]! < 0 && z > foramen * scale[2]) cavity[n] = 1;
  });
  return { ...places, wall, cavity, hu: new Float32Array(count), material: new Uint8Array(count), bleed: new Uint8Array(count) };
}

/** Calls `visit` with the index and the place, mm, of every voxel. */
export function forEachPlace(
  { shape, low, step }: Pick<Grid, "shape" | "low" | "step">,
  visit: (n: number, x: number, y: number, z: number) => void,
): void {
  forEachVoxel(shape, (n, i, j, k) => visit(n, low[0] + step * i, low[1] + step * j, low[2] + step * k));
}

function fillMaterials(grid: Grid, plan: HeadPlan, pull: Pull): void {
  const rng = seededRng(plan.seed);
  const brain = makeBrain(rng.fork("brain"), plan.brain);
  const shell = shellAt(rng.fork("shell"), plan);
  const [fx, fy, fz] = plan.scale;
  const wander = [0, 1, 2].map((a) => {
    const noise = waveNoise(rng.fork("wander").fork(a), [50, 90], 8);
    return latticeField(sampleField(noise, headBounds, 8));
  });
  const { wall, material } = grid;
  forEachPlace(grid, (n, x, y, z) => {
    if (wall[n]! >= 0) {
      material[n] = shell(x, y, z, wall[n]!);
      return;
    }
    const depth = -wall[n]!;
    // Sides differ by a smooth move that fades out towards the skull.
    const size = Math.min(1.5, 0.1 * depth);
    const at = pull.from(x, y, z, depth);
    const moved = (a: 0 | 1 | 2) => at[a] + size * wander[a]!(x, y, z);
    material[n] = brain(moved(0) / fx, moved(1) / fy, moved(2) / fz, at[3]);
  });
}

/** Mixes bone and what lies on it in the voxels that the inner table passes through: in slices nearly along it, whole voxels would show as steps. */
function softenWall({ wall, hu, step }: Grid, plan: HeadPlan): void {
  for (let n = 0; n < hu.length; n++) {
    const inside = 0.5 - wall[n]! / step;
    if (inside <= 0 || inside >= 1) continue;
    const [within, without] = wall[n]! < 0 ? [hu[n]!, plan.hu[materials.table]] : [plan.hu[materials.csf], hu[n]!];
    hu[n] = inside * within + (1 - inside) * without;
  }
}

const bony: ReadonlySet<number> = new Set([materials.table, materials.diploe, materials.denseBone]);

/** Gives each voxel the attenuation of its material, with a grain of the tissue's own: 1 HU in the brain, a quarter of the value in bone. */
function dressMaterials(grid: Grid, plan: HeadPlan): void {
  const { material, hu } = grid;
  const rng = seededRng(plan.seed).fork("grain");
  const slow = latticeField(sampleField(waveNoise(rng.fork("slow"), [20, 50], 10), headBounds, 5));
  const fine = latticeField(sampleField(waveNoise(rng.fork("fine"), [5, 9], 12), headBounds, 2));
  forEachPlace(grid, (n, x, y, z) => {
    const id = material[n] as Material;
    if (id === materials.air) {
      hu[n] = -1000;
      return;
    }
    const value = plan.hu[id];
    const grain = bony.has(id)
      ? 0.22 * value * fine(x, y, z)
      : id >= materials.softTissue
        ? 6 * fine(x, y, z)
        : 0.7 * fine(x, y, z);
    hu[n] = value + grain + slow(x, y, z);
  });
}
