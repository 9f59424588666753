import type { Anatomy } from "./anatomy.ts";
import { germinalMatrixWeights } from "./germinal-matrix.ts";
import { lumenWeights } from "./lumen.ts";
import type { Side } from "./midplane.ts";
import { periventricularWeights } from "./periventricular.ts";

/** Where fetal hemorrhage sits. */
export const sites = ["germinalMatrix", "lumen", "periventricular"] as const;
export type Site = (typeof sites)[number];

/**
 * Weight of each voxel as the place where a bleed of this site is centred or rooted, in [0, 1] up to a factor; 0 where it cannot be.
 * All 0 where the site does not exist, as the germinal matrix does not from 36 weeks on. To add a site: a file, a line above, a case below.
 *
 * @param weeks - Gestational age.
 * @returns One weight a voxel of `anatomy.tissue`.
 */
export function siteWeights(site: Site, anatomy: Anatomy, side: Side, weeks: number): Float32Array {
  switch (site) {
    case "germinalMatrix":
      return germinalMatrixWeights(anatomy, side, weeks);
    case "lumen":
      return lumenWeights(anatomy, side);
    case "periventricular":
      return periventricularWeights(anatomy, side);
    default:
      return site satisfies never;
  }
}
