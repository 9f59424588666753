import type { Plane } from "../core/volume.ts";
import type { Case, Dataset } from "./dataset.ts";

/**
 * The plane that the slices of a case show: what the dataset says of it, else what the affine tells, but of ultrasound nothing, since the affine of a
 * picture or a frame does not know how the probe was held. null where it is not known.
 */
export function shownPlane({ modality, plane }: Pick<Dataset, "modality"> & Pick<Case, "plane">, affine: Plane): string | null {
  return plane ?? (modality === "US" ? null : affine);
}
