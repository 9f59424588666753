import type { BrainShape } from "./brain.ts";
import type { Material } from "./materials.ts";
import type { Kernel } from "./scan-noise.ts";
import type { HeadScale } from "./skull.ts";

type Point = readonly [number, number, number];

interface BleedBase {
  readonly volumeMl: number;
  /** Attenuation of the clot, HU. */
  readonly hu: number;
  readonly seed: number;
}

/** Blood between skull and dura (a lens) or under the dura (a crescent). */
export interface OuterBleed extends BleedBase {
  readonly type: "epidural" | "subdural";
  /** Where on the skull: unit vector from the middle of the head. */
  readonly towards: Point;
  /** Half the extent over half the thickness at the middle for a lens; half the extent from front to back, mm, for a crescent. */
  readonly reach: number;
}

/** Blood in the fluid about the brain. */
export interface SubarachnoidBleed extends BleedBase {
  readonly type: "subarachnoid";
  /** Where it is densest, template mm. */
  readonly centre: Point;
}

/** Blood in the brain, with a dark rim of oedema in white matter. */
export interface InnerBleed extends BleedBase {
  readonly type: "intraparenchymal";
  /** Template mm. */
  readonly centre: Point;
  /** Half axes relative to one another. */
  readonly radii: Point;
  /** Turn about the vertical axis, degrees. */
  readonly yaw: number;
  /** Width of the oedema, mm. */
  readonly oedema: number;
}

/** Blood in the ventricles, lying where a patient on the back has the lowest place. */
export interface VentricularBleed extends BleedBase {
  readonly type: "intraventricular";
  /** How many mm the level of the right side is above that of the left. */
  readonly lean: number;
}

export type Bleed = OuterBleed | SubarachnoidBleed | InnerBleed | VentricularBleed;

/** One head, fully decided. Plain JSON: it goes into the sidecar, and building it again gives the same voxels. */
export interface HeadPlan {
  readonly ageYears: number;
  readonly scale: HeadScale;
  /** mm. */
  readonly skull: number;
  /** mm. */
  readonly scalp: number;
  readonly brain: BrainShape;
  /** Attenuation of each material by its id, HU. */
  readonly hu: Readonly<Record<Material, number>>;
  readonly bleeds: readonly Bleed[];
  /** Voxels that the head is built of, mm. */
  readonly detailMm: number;
  readonly seed: number;
}

/** Place of the head at one moment: degrees about x, y, z, and mm. */
export interface Pose {
  readonly turn: Point;
  readonly shift: Point;
}

/** One scan of a head, fully decided. */
export interface ScanPlan {
  readonly pose: Pose;
  /** Moves away from {@link pose} from a slice on, in order of slices; empty for a patient who lies still. */
  readonly moves: readonly { readonly slice: number; readonly pose: Pose }[];
  readonly doseMGy: number;
  readonly kernel: Kernel;
  readonly hardening: number;
  readonly pixelMm: number;
  readonly sliceMm: number;
  readonly seed: number;
}
