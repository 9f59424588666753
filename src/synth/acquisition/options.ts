import { z } from "zod";
import { range } from "../range.ts";

const severity = range(0, 1).describe("Severity, drawn per stack from [low, high], 0-1; [0, 0] switches the effect off exactly.");

/**
 * How a thick single-shot T2 stack is taken from a scene.
 * Each effect has one severity, drawn per stack; severity 0 is the identity, the other keys say what severity 1 means.
 * Sources: the table of docs/acquisition.md; what stands in none is our guess.
 */
export const acquisitionOptions = z.strictObject({
  /** Pixel size in the slice, mm (single-shot protocols: doi:10.1007/s13244-011-0075-6, table 1). */
  pixelMm: range(0.3, 3).default([0.5, 1.2]).describe("Pixel size in the slice, mm, range."),
  /** Slice thickness (full width at half maximum), mm (single-shot protocols: doi:10.1007/s13244-011-0075-6, table 1). */
  thicknessMm: range(0.5, 10).default([3, 4.5]).describe("Slice thickness (full width at half maximum), mm, range."),
  /** Gap between slices, mm (single-shot protocols: doi:10.1007/s13244-011-0075-6, table 1). */
  gapMm: range(0, 5).default([0, 0.5]).describe("Gap between slices, mm, range."),
  /** Side of the square field, mm. A scanner's 200-400 mm is cropped around the head so that images stay small: our choice. */
  fieldMm: range(20, 400).default([124, 148]).describe("Side of the square field of view around the head, mm, range."),
  /** How far slices go on beyond the brain at each end, mm: end-cap slices without brain. */
  marginMm: range(0, 60).default([4, 14]).describe("How far slices go on beyond the brain at each end, mm, range."),
  /** The head's distance from the middle of the field along each in-plane axis is drawn in ±this, mm. */
  offsetMm: z.number().min(0).max(100).default(10).describe("Largest shift of the head from the middle of the field, mm."),
  /** Tilt of the slice plane against the head's anatomical plane about each in-plane axis: drawn in ±this, degrees. */
  obliqueDegrees: z
    .number()
    .min(0)
    .max(45)
    .default(12)
    .describe("Largest tilt of the slice plane about each in-plane axis, degrees."),
  /** Rotation in the slice plane: drawn in ±this, degrees. 180 gives the arbitrary pose of a scanner's own frame. */
  inPlaneDegrees: z
    .number()
    .min(0)
    .max(180)
    .default(20)
    .describe("Largest rotation within the slice plane, degrees (180: any pose)."),
  /** Shape of the slice: `gaussian`, `sinc` (apodised pulse: flat top, soft sides) or `box`; all of full width `thicknessMm`. */
  profile: z
    .enum(["gaussian", "sinc", "box"])
    .default("sinc")
    .describe("Slice profile: gaussian, sinc (flat top, soft sides) or box."),
  /** From 1.5 T (severity 0, what anatomy is taken to be imaged at) to 3 T (1): longer T1, less noise, more bias. */
  fieldStrength: z
    .strictObject({
      severity: severity.default([0, 1]),
      /** Twice in theory; what is left of it at the flip angles that 3 T allows is our guess. */
      snrFactor: z.number().min(1).max(4).default(1.6).describe("Factor of the signal-to-noise ratio at 3 T."),
      /** Shorter radio waves shade the abdomen. Our guess. */
      biasFactor: z.number().min(1).max(4).default(1.5).describe("Factor of the bias field's |ln gain| at 3 T."),
    })
    .prefault({}),
  /** Signal by echo time and tissue, then one gamma for all. */
  contrast: z
    .strictObject({
      severity: severity.default([0, 1]),
      /** Echo time at severity 1 is drawn here, ms; anatomy is taken to be at 100 ms. Tissues decay by FaBiAN's T2 (single-shot.ts). */
      echoTimeMs: range(40, 400).default([80, 150]).describe("Echo time range at severity 1, ms (100 leaves the signal alone)."),
      /** Gain of each tissue by itself is drawn in 1 ± this at severity 1. */
      tissueGain: z
        .number()
        .min(0)
        .max(0.5)
        .default(0.1)
        .describe("Largest relative gain change of a single tissue at severity 1."),
      /** The logarithm of gamma is drawn in ±this at severity 1. */
      logGamma: z.number().min(0).max(1).default(0.25).describe("Largest |ln gamma| at severity 1."),
    })
    .prefault({}),
  /** In-plane point spread of a k-space window; wider along phase encoding (fewer lines, T2 decay along the train). */
  blur: z
    .strictObject({
      severity: severity.default([0.3, 1]),
      readMm: z.number().min(0).max(5).default(1.2).describe("Acquired resolution along the read direction at severity 1, mm."),
      phaseMm: z.number().min(0).max(5).default(1.6).describe("Acquired resolution along the phase direction at severity 1, mm."),
      /** 0 keeps the Gibbs ringing of a plain window, 0.5 (Hann) removes it at the price of blur. Drawn, then scaled by severity. */
      apodisation: range(0, 0.5).default([0, 0.35]).describe("k-space apodisation: 0 rings, 0.5 (Hann) does not; range."),
    })
    .prefault({}),
  /** Rigid motion of the scene between slices: a random walk in time, with jumps, seen through the interleaved slice order. */
  motion: z
    .strictObject({
      severity: severity.default([0, 0.6]),
      translationMm: z
        .number()
        .min(0)
        .max(30)
        .default(4)
        .describe("Standard deviation of the walk's end at severity 1, mm per axis."),
      rotationDegrees: z.number().min(0).max(90).default(8).describe("The same for rotation about each axis, degrees."),
      jumpsPerStack: z.number().min(0).max(20).default(2).describe("Mean number of sudden jumps in a stack at severity 1."),
    })
    .prefault({}),
  /** Slices or bands that lose signal by motion or spin history; never labelled. */
  signalDrop: z
    .strictObject({
      severity: severity.default([0, 0.6]),
      rate: z.number().min(0).max(1).default(0.25).describe("Share of slices with a drop at severity 1."),
      depth: z.number().min(0).max(1).default(0.8).describe("Largest share of signal lost in a drop at severity 1."),
      jitter: z
        .number()
        .min(0)
        .max(0.5)
        .default(0.06)
        .describe("Standard deviation of the gain from slice to slice at severity 1."),
    })
    .prefault({}),
  /** Dark patches in moving fluid (ventricles, cisterns); never labelled. */
  flowVoid: z
    .strictObject({
      severity: severity.default([0, 0.7]),
      perStack: z.number().min(0).max(100).default(8).describe("Mean number of voids in a stack at severity 1."),
      radiusMm: range(0.5, 15).default([1.5, 6]).describe("Radius of a void, mm, range."),
      depth: z.number().min(0).max(1).default(0.7).describe("Largest share of signal lost at severity 1."),
    })
    .prefault({}),
  /** Dark patches in moving amniotic fluid, most of them beside the skull; never labelled. */
  amnioticVoid: z
    .strictObject({
      severity: severity.default([0, 1]),
      perStack: z.number().min(0).max(100).default(12).describe("Mean number of voids in a stack at severity 1."),
      radiusMm: range(0.5, 40).default([2, 14]).describe("Radius of a void, mm, range."),
      depth: z.number().min(0).max(1).default(0.95).describe("Largest share of signal lost."),
    })
    .prefault({}),
  /** Smooth gain of the receive coils over the field. */
  bias: z
    .strictObject({
      severity: severity.default([0.2, 1]),
      logRange: z.number().min(0).max(2).default(0.35).describe("Largest |ln gain| over the head at severity 1."),
    })
    .prefault({}),
  /** Rician noise with the point spread's correlation, stronger where coil normalisation has amplified it. */
  noise: z
    .strictObject({
      severity: severity.default([0.2, 1]),
      snr: z
        .number()
        .min(1)
        .max(1000)
        .default(10)
        .describe("Signal-to-noise ratio of white matter at severity 1; at severity s it is snr / s."),
      logRange: z
        .number()
        .min(0)
        .max(2)
        .default(0.4)
        .describe("Largest |ln| of the noise level's change over the field at severity 1."),
    })
    .prefault({}),
});
export type AcquisitionOptions = z.output<typeof acquisitionOptions>;
