import type { Vec3 } from "../../core/affine.ts";
import type { Dilation } from "../dilation.ts";
import type { BandNoise } from "../field/band-noise.ts";
import type { Side } from "../priors/midplane.ts";

// A bleed is drawn in two steps, since a distended ventricle has to be distended before blood can be drawn into it:
// drawPlan (plan.ts) needs only the age, drawBleed (draw.ts) the anatomy as it then is. Both are plain JSON and go
// into the sidecar; paintBleed (paint.ts) has no randomness. Lengths are mm, places world mm of the source case,
// signals relative to its CSF (1.0 = 90th percentile).

export type Grade = 1 | 2 | 3 | 4;
/** Age of blood by its T2 signal: dark (acute, early subacute), dark rim around a bright core (chronic), bright (late subacute). */
export type BloodStage = "dark" | "rim" | "bright";

/** One side of a diseased brain, before its anatomy is known. */
export interface SidePlan {
  readonly side: Side;
  readonly grade: Grade;
  /** Whether the germinal matrix bleeds too; from 36 weeks on there is none. */
  readonly germinalMatrix: boolean;
  /** Share of the lumen that is blood; null when there is none in it. */
  readonly fill: number | null;
}

/** What kind of bleed a case gets. */
export interface BleedPlan {
  /** The worst side's. */
  readonly grade: Grade;
  readonly stage: BloodStage;
  /** One or two, the worst first. */
  readonly sides: readonly SidePlan[];
  /** Ventricles that are wider than normal, the bleeding ones and at times the other; empty up to grade II. */
  readonly dilations: readonly Dilation[];
}

/** Irregular surface: a field times an amplitude in mm that is added to a shape's distance. */
export interface Roughness {
  readonly amplitudeMm: number;
  readonly noise: BandNoise;
}

/** Ellipsoid against the ventricle's wall, in the germinal matrix and what it bleeds into. */
export interface GerminalBleed {
  readonly site: "germinalMatrix";
  readonly centre: Vec3;
  /** Unit vectors: out of the wall, along it, across. */
  readonly axes: readonly [Vec3, Vec3, Vec3];
  /** Half the extent along each axis. */
  readonly radii: Vec3;
  /** How far it bulges into the lumen. */
  readonly bulgeMm: number;
  readonly roughness: Roughness;
}

/** Blood sunk to the bottom of the ventricle: the lumen where `p · gravity >= levelMm`. */
export interface LayerBleed {
  readonly site: "lumen";
  readonly kind: "layer";
  /** Unit vector, downwards. */
  readonly gravity: Vec3;
  readonly levelMm: number;
  readonly roughness: Roughness;
}

/** A clot, or a cast if it fills most of the ventricle: the lumen within `radiusMm` of the centre, farther along `axis`. */
export interface ClotBleed {
  readonly site: "lumen";
  readonly kind: "clot";
  readonly centre: Vec3;
  readonly axis: Vec3;
  /** How many times longer along the axis than across. */
  readonly stretch: number;
  readonly radiusMm: number;
  readonly roughness: Roughness;
}

/** A fan of blood from the ventricle's upper outer angle into white matter. */
export interface FanBleed {
  readonly site: "periventricular";
  /** Where the fan's two edges would meet, a little inside the ventricle. */
  readonly apex: Vec3;
  /** Unit vectors: into the white matter, across the fan's blades (anterior), and the third of the right-handed set. */
  readonly axes: readonly [Vec3, Vec3, Vec3];
  readonly reachMm: number;
  /** Half its length along the ventricle. */
  readonly halfLengthMm: number;
  readonly halfAngleDegrees: number;
  readonly roughness: Roughness;
}

/** An ellipsoid anywhere in the brain, whatever lies there: only in controls, where a prior is left out. */
export interface BlobBleed {
  readonly site: "anywhere";
  readonly centre: Vec3;
  /** Unit vectors, right-handed. */
  readonly axes: readonly [Vec3, Vec3, Vec3];
  readonly radii: Vec3;
  readonly roughness: Roughness;
}

export type BleedShape = GerminalBleed | LayerBleed | ClotBleed | FanBleed | BlobBleed;

/** A shape, its side and what is in it. */
export type BleedPart = BleedShape & {
  readonly side: Side;
  /** Mean signal of blood; in a rim stage, of the core. */
  readonly signal: number;
  /** Filled with the image from another place instead: only in controls. */
  readonly patch?: ForeignPatch;
};

/** The image from `offset` (mm) away, mixed in by a share in [0, 1]. */
export interface ForeignPatch {
  readonly offset: Vec3;
  readonly share: number;
}

/** A dark surface layer of uneven depth, pale or missing in places. */
export interface Rim {
  /** Mean depth. */
  readonly widthMm: number;
  readonly signal: number;
  /** How much of the surface has it, about, in [0, 1]. */
  readonly share: number;
  /** Where it is deep and where it is missing. */
  readonly noise: BandNoise;
}

/** One bleed, fully decided: painting it again gives the same voxels. */
export interface Bleed {
  readonly grade: Grade;
  readonly stage: BloodStage;
  readonly parts: readonly BleedPart[];
  /** Width of the soft edge. */
  readonly edgeMm: number;
  /** Texture inside the blood: standard deviation and field. */
  readonly texture: { readonly sigma: number; readonly noise: BandNoise };
  /** Of haemosiderin: all around in the rim stage, thin and patchy around bright blood, none around dark. */
  readonly rim: Rim | null;
}
