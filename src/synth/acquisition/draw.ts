import type { Affine, Vec3 } from "../../core/affine.ts";
import type { Rng } from "../../core/rng.ts";
import type { Plane } from "../../core/volume.ts";
import type { HeadGeometry } from "../scene.ts";
import type { AcquisitionOptions } from "./options.ts";

/** One scan, fully decided: plain JSON. Taking the same scene with it again gives the same voxels. */
export interface Acquisition {
  readonly plane: Plane;
  readonly shape: Vec3;
  readonly affine: Affine;
}

export function drawAcquisition(_rng: Rng, _options: AcquisitionOptions, _plane: Plane, _head: HeadGeometry): Acquisition {
  throw new RangeError("drawAcquisition: not written yet");
}
