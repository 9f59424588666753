import { tissues } from "../../core/tissue.ts";
import type { LabelVolume, Volume } from "../../core/volume.ts";
import { UnfitError } from "../unfit.ts";

const fluid: ReadonlySet<number> = new Set([tissues.csf, tissues.lateralVentricle, tissues.cavum, tissues.otherVentricle]);

/**
 * The case's own CSF level: the 90th percentile of finite intensities where the label map has cerebrospinal fluid
 * (nearest-rank). Intensities divided by it are the unit of everything that is painted.
 *
 * @throws {UnfitError} If there is no fluid, or its 90th percentile is not above 0.
 */
export function csfLevel(image: Volume<Float32Array>, tissue: LabelVolume): number {
  const values = image.data.filter((v, i) => fluid.has(tissue.data[i]!) && Number.isFinite(v)).sort();
  const level = values[Math.min(values.length - 1, Math.ceil(0.9 * values.length) - 1)] ?? 0;
  if (!(level > 0)) throw new UnfitError(`cerebrospinal fluid must be labelled and bright; its 90th percentile is ${level}`);
  return level;
}

/** Median signal of the darker of cortex and deep grey, which dark blood is to stay below; 0.5 stands in for one that is not labelled. */
export function darkTissueOf(image: Volume<Float32Array>, tissue: LabelVolume): number {
  return Math.min(...[tissues.cortex, tissues.deepGrey].map((id) => tissueMedian(image, tissue, id) ?? 0.5));
}

/** Median of the finite intensities of one tissue; null if the label map has none of it. */
export function tissueMedian(image: Volume<Float32Array>, tissue: LabelVolume, id: number): number | null {
  const values = image.data.filter((v, i) => tissue.data[i] === id && Number.isFinite(v)).sort();
  return values[values.length >> 1] ?? null;
}
