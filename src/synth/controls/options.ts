import { z } from "zod";
import { range } from "../range.ts";

/**
 * Which prior of a bleed is used, for ablation: the same plan (grades, stages), counts and outputs, but what is painted differs.
 * Leave it at `full` for anything but an ablation. Sizes of blobs and patches follow the drawn grade's volumes.
 */
export const controlOptions = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("full").describe("Where, what shape and what signal as by the priors.") }),
  z.strictObject({
    kind: z.literal("random-blobs").describe("No prior: irregular blobs anywhere in the brain, of one signal that may be any."),
  }),
  z.strictObject({
    kind: z.literal("intensity-only").describe("Blobs anywhere in the brain with the signal, texture and edges of blood."),
  }),
  z.strictObject({
    kind: z.literal("site-only").describe("Blobs centred where the priors put blood, of one signal that may be any."),
  }),
  z.strictObject({
    kind: z
      .literal("foreign-patch")
      .describe(
        "A blob filled with the image from another place of the same case, mixed in (CutPaste, foreign patch interpolation).",
      ),
    /** 1 pastes (CutPaste), less mixes (FPI draws about uniformly). */
    share: range(0.05, 1).default([0.3, 1]).describe("Share of the foreign image in the mix, range within 0.05-1."),
  }),
  z.strictObject({
    kind: z.literal("ellipses").describe("1 to 4 plain ellipsoids about the middle of the brain, dark, with a little noise."),
  }),
]);
export type ControlOptions = z.output<typeof controlOptions>;
export type ControlKind = ControlOptions["kind"];
