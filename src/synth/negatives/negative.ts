import type { Vec3 } from "../../core/affine.ts";
import type { Dilation } from "../dilation.ts";
import type { BandNoise } from "../field/band-noise.ts";
import type { Side } from "../priors/midplane.ts";

// What looks like blood and is none, fully decided. Lengths are mm, places world mm of the source case, signals relative to its CSF.

/** A tufted tube in the ventricle. */
export interface ChoroidPlexus {
  readonly kind: "choroidPlexus";
  readonly side: Side;
  /** From the foramen of Monro to the glomus. */
  readonly line: readonly { readonly at: Vec3; readonly radiusMm: number }[];
  readonly tufts: { readonly amplitudeMm: number; readonly noise: BandNoise };
  readonly signal: number;
}

/** The wall's inner layer by the germinal matrix, darkened. */
export interface EminenceBand {
  readonly kind: "eminence";
  readonly side: Side;
  readonly thicknessMm: number;
  /** Factor of the signal. */
  readonly gain: number;
}

export interface Calcification {
  readonly kind: "calcification";
  readonly at: Vec3;
  readonly radiusMm: number;
  readonly signal: number;
}

/** A sheet across a space filled with fluid. */
export interface Septum {
  readonly kind: "septum";
  readonly space: Side | "cavum";
  readonly at: Vec3;
  /** Unit vector across the sheet. */
  readonly normal: Vec3;
  readonly thicknessMm: number;
  readonly waviness: { readonly amplitudeMm: number; readonly noise: BandNoise };
  readonly signal: number;
}

/** To add one: an interface, a line here, a case in draw.ts and one in paint.ts. */
export type Negative = ChoroidPlexus | EminenceBand | Calcification | Septum;

/** All of one scene. */
export interface DrawnNegatives {
  /** Wide ventricles without blood. */
  readonly dilations: readonly Dilation[];
  readonly structures: readonly Negative[];
}

export const noNegatives: DrawnNegatives = { dilations: [], structures: [] };
