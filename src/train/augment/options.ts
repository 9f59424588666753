import { z } from "zod";

const share = (value: number, words: string) => z.number().min(0).max(1).default(value).describe(words);
const range = (low: number, high: number, value: readonly [number, number], words: string) =>
  z
    .tuple([z.number().min(low).max(high), z.number().min(low).max(high)])
    .refine(([a, b]) => a <= b, "the first number must not be above the second")
    .default([...value])
    .describe(words);

/** How training slices are varied: every range is drawn uniformly, every share is a probability for each slice. */
export const augmentOptions = z
  .strictObject({
    /** Share of slices mirrored left to right. */
    mirror: share(0.5, "share of slices mirrored left to right, in [0, 1]"),
    /** Share of slices turned by a quarter, half or three-quarter turn: fetuses lie in every direction. */
    quarterTurn: share(0.75, "share of slices turned by 90, 180 or 270 degrees, in [0, 1]"),
    /** Rotation, degrees. */
    rotation: range(-180, 180, [-30, 30], "rotation, degrees"),
    /** Magnification, as a factor. */
    scale: range(0.25, 4, [0.8, 1.25], "magnification, as a factor"),
    /** Shift of the window from the point it is centred on, as a share of the window. */
    shift: range(-1, 1, [-0.3, 0.3], "shift of the window from the point it is centred on, as a share of the window"),
    /** Share of slices bent elastically. */
    elasticShare: share(0.3, "share of slices bent elastically, in [0, 1]"),
    /** Standard deviation of the bending on a grid of `elasticCellPixels`, pixels. */
    elasticPixels: range(0, 16, [0.5, 2.5], "standard deviation of the elastic displacement, pixels"),
    /** Distance of the control points of the bending, pixels. */
    elasticCellPixels: z.number().min(8).max(512).default(32).describe("distance of the control points of the bending, pixels"),
    /** Exponent applied to intensities. */
    gamma: range(0.2, 5, [0.7, 1.4], "exponent applied to intensities"),
    /** Gain of intensities around the mean of the slice. */
    contrast: range(0.1, 4, [0.8, 1.25], "gain of intensities around their mean"),
    /** Gain of all intensities: how far the white point may be wrong. */
    brightness: range(0.1, 4, [0.7, 1.4], "gain of all intensities"),
    /** Peak of a smooth multiplicative field, natural logarithm. */
    biasField: range(0, 2, [0, 0.4], "peak of a smooth multiplicative field, natural logarithm"),
    /** Share of slices blurred. */
    blurShare: share(0.2, "share of slices blurred, in [0, 1]"),
    /** Standard deviation of the blur, pixels. */
    blurPixels: range(0, 5, [0.4, 1.2], "standard deviation of the blur, pixels"),
    /** Share of slices with added noise. */
    noiseShare: share(0.4, "share of slices with added noise, in [0, 1]"),
    /** Standard deviation of the noise; 1 is the white point. */
    noise: range(0, 1, [0, 0.06], "standard deviation of the noise; 1 is the white point"),
    /** Share of slices seen at a lower resolution. */
    lowResolutionShare: share(0.15, "share of slices seen at a lower resolution, in [0, 1]"),
    /** Factor by which that resolution is lower. */
    lowResolution: range(1, 8, [1.2, 2], "factor by which the resolution is lower"),
    /** Share of slices with everything outside the brain blacked out, as brain-masked volumes come. */
    maskShare: share(
      0.4,
      "share of slices with everything outside the brain blacked out, as brain-masked volumes come, in [0, 1]",
    ),
    /** How far such a mask reaches beyond the brain, pixels. */
    maskMarginPixels: range(0, 32, [0, 4], "how far such a mask reaches beyond the brain, pixels"),
    /** Share of windows with squares cut out: black, and nothing in them, as beyond a slice. DeVries & Taylor 2017 (arXiv:1708.04552) have 1, with one square. */
    cutoutShare: share(0, "share of windows with black squares cut out, masks too, in [0, 1]"),
    cutoutSquares: z.int().min(1).max(64).default(1).describe("squares cut out of such a window"),
    /** Side of each square, whose middle lies anywhere in the window. The range: our choice. */
    cutoutSide: range(0, 1, [0.1, 0.3], "side of each square cut out, as a share of the window"),
    /** Share of windows that are put together from four, each varied by itself; YOLOv5 has 1. */
    mosaicShare: share(0, "share of windows that are a mosaic of four, each varied by itself, in [0, 1]; YOLOv5 has 1"),
    /** Where the four meet, as a share of the window. */
    mosaicMiddle: range(0, 1, [0.25, 0.75], "where the four windows of a mosaic meet, as a share of the window"),
    /** Magnification of each of the four. */
    mosaicScale: range(0.1, 4, [0.5, 1.5], "magnification of each of the four windows of a mosaic, as a factor"),
  })
  .meta({ id: "augmentation" });
export type AugmentOptions = z.output<typeof augmentOptions>;
