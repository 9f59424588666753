import { z } from "zod";
import type { Image, LabelVolume, Plane, Volume } from "../core/volume.ts";

/** Options of {@link prepareStack}; the `preprocess` section of a config. Kept in model.json: predict uses what train used. */
export const preprocessOptions = z.strictObject({
  /** In-plane pixel size that the network sees, mm. */
  pixelMm: z.number().min(0.1).max(10).default(1).describe("in-plane pixel size that the network sees, mm"),
  /** `canonical` turns slices by the header, as a radiologist hangs them; `stored` leaves them as the array has them. */
  orientation: z
    .enum(["canonical", "stored"])
    .default("canonical")
    .describe("canonical: slices turned by the header, as a radiologist hangs them; stored: as the array has them"),
  /** Percentile of the non-zero voxels that becomes intensity 1. */
  whitePercentile: z.number().min(50).max(100).default(98).describe("percentile of the non-zero voxels that becomes intensity 1"),
  /** Intensities above this, after scaling, are cut off. 1 is the white percentile. */
  clip: z
    .number()
    .min(1)
    .max(16)
    .default(3)
    .describe("intensities above this, after scaling, are cut off; 1 is the white percentile"),
});
export type PreprocessOptions = z.output<typeof preprocessOptions>;

/** A volume as the network sees it, slice by slice. */
export interface PreparedStack {
  /** The array axis that the slices run along. */
  readonly axis: 0 | 1 | 2;
  readonly plane: Plane;
  /** Slice i is array index i along `axis`; all of one size, intensities in [0, clip]. */
  readonly slices: readonly Image[];
  /** True pixel size of the slices, mm, x then y: `pixelMm` up to the rounding of the image size. */
  readonly pixelMm: readonly [number, number];
  /** What an intensity of 1 was in the input's unit. */
  readonly white: number;
}

/** Cuts a volume into slices at the network's pixel size, orientation and intensity. */
export function prepareStack(volume: Volume, options: PreprocessOptions): PreparedStack {
  throw new Error(`prepareStack: not written yet ${volume.shape} ${options.pixelMm}`);
}

/** Cuts a mask into slices on the same pixels as {@link prepareStack} on an image of the same grid: 1 where at least half is mask. */
export function prepareMask(mask: LabelVolume, options: PreprocessOptions): Image<Uint8Array>[] {
  throw new Error(`prepareMask: not written yet ${mask.shape} ${options.pixelMm}`);
}

/** Puts slices in the network's pixels back on the grid of `volume` (linear). The way back of {@link prepareStack}. */
export function restoreStack(
  slices: readonly Image[],
  volume: Pick<Volume, "shape" | "affine">,
  options: PreprocessOptions,
): Volume<Float32Array> {
  throw new Error(`restoreStack: not written yet ${slices.length} ${volume.shape} ${options.pixelMm}`);
}
