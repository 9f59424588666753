import { z } from "zod";
import { range } from "../range.ts";

/**
 * Signals of the brain's tissues drawn anew, so that a network cannot rely on one contrast (the principle of SynthSeg,
 * Billot et al. 2023, doi:10.1016/j.media.2023.102789). Severity 0 is the identity; the other keys say what severity 1 means. All our guess.
 */
export const appearanceOptions = z.strictObject({
  /**
   * `given`: as the case comes. `random`: new signals for each copy. `single-shot`: from the labels alone, the signals of a single-shot
   * T2 scan by each tissue's T1 and T2 at 1.5 or 3 T (acquisition/single-shot.ts), with the grain and blur of `random`.
   */
  kind: z
    .enum(["given", "random", "single-shot"])
    .default("given")
    .describe("given: the case's own signals; random: new ones for each copy; single-shot: from the labels by T1 and T2."),
  /** Drawn per copy. */
  severity: range(0, 1)
    .default([0, 1])
    .describe("Severity, drawn per copy from [low, high], 0-1; [0, 0] switches the effect off exactly."),
  /** Standard deviation of the logarithm of a tissue's gain. */
  logGain: z.number().min(0).max(2).default(0.35).describe("Standard deviation of ln gain of each tissue at severity 1."),
  /** Chance that a tissue takes any signal between black and fluid. */
  anyShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe("Chance that a tissue takes any signal from black to fluid at severity 1."),
  /** Contrast within a tissue is raised to a power: 1 keeps it, 0 flattens it, below 0 turns it over. */
  contrastPower: range(-2, 3)
    .default([-0.3, 1.5])
    .describe("Power that contrast within a tissue is raised to at severity 1: 1 keeps, 0 flattens, below 0 inverts it."),
  /** Chance that parts of a tissue are a sub-class with a signal of its own. */
  subclassShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.4)
    .describe("Chance that blotches of a tissue have a signal of their own at severity 1."),
  /** Grain within tissues. */
  texture: z.number().min(0).max(1).default(0.08).describe("Relative standard deviation of grain within tissues at severity 1."),
  /** Blur of the borders between tissues (partial volume): standard deviation. */
  blurMm: z.number().min(0).max(5).default(0.9).describe("Largest blur of borders between tissues, standard deviation, mm."),
});
export type AppearanceOptions = z.output<typeof appearanceOptions>;
