import type { LabelVolume, Volume } from "../../core/volume.ts";
import type { PhantomAnatomy } from "./draw.ts";

/** A built brain: intensities (1.0 = the 90th percentile of cerebrospinal fluid) and tissue ids of core/tissue.ts, on one grid. */
export interface Phantom {
  readonly image: Volume<Float32Array>;
  readonly tissue: LabelVolume;
}

/** Builds the voxels of a drawn brain. The mid-sagittal plane is world x = 0; world axes are RAS+. */
export function buildPhantom(_anatomy: PhantomAnatomy, _spacingMm: number): Phantom {
  throw new RangeError("buildPhantom: not written yet");
}
