import type { Rng } from "../../core/rng.ts";

/** One brain, fully decided. Plain JSON: it goes into the sidecar, and building it again gives the same voxels. */
export interface PhantomAnatomy {
  /** Weeks, 20 to 38. */
  readonly gestationalAge: number;
}

/** Draws one brain of a gestational age (weeks, 20 to 38). */
export function drawPhantom(_rng: Rng, _gestationalAge: number, _options: { variability?: number } = {}): PhantomAnatomy {
  throw new RangeError("drawPhantom: not written yet");
}
