import { z } from "zod";

const gain = z.number().min(0);

/** Options of {@link detectionLoss}; the defaults are YOLOv5's for training from scratch. */
export const detectionLossOptions = z.strictObject({
  boxGain: gain.default(0.05).describe("weight of the boxes' loss"),
  objectGain: gain
    .default(1)
    .describe("weight of the objectness's loss, for a picture of 640 x 640 pixels; it goes with the area"),
  classGain: gain.default(0.5).describe("weight of the classes' loss, for 80 classes; it goes with their number"),
});
export type DetectionLossOptions = z.output<typeof detectionLossOptions>;

/** Options of {@link fitAnchors}. */
export const anchorOptions = z.strictObject({
  count: z.int().min(1).default(9).describe("anchors to find"),
  ratio: z
    .number()
    .min(1)
    .default(4)
    .describe("an anchor can learn boxes with sides less than this many times its own, and more than this part of them"),
  generations: z.int().min(0).default(1000).describe("tries of the genetic refinement"),
  spread: z.number().min(0).default(0.1).describe("standard deviation of a mutation, as a share of a side"),
  mutated: z.number().min(0).max(1).default(0.9).describe("probability that a side mutates"),
});
export type AnchorOptions = z.output<typeof anchorOptions>;
