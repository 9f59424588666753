import { z } from "zod";
import { modelOptions } from "../../models/index.ts";

/** How boxes become crops; part of the `regions` section of a config. */
export const cropOptions = z.strictObject({
  /** In the order in which the network sees them. */
  names: z
    .array(z.string().min(1).max(80))
    .min(1)
    .max(6)
    .refine((names) => new Set(names).size === names.length, { message: "must name each once" })
    .describe("regions of the dataset, in the order in which a hexanet sees their crops; at most 6"),
  /** `given`: those of the dataset; `detected`: those that a detector finds, trained on the training subjects. */
  boxes: z
    .enum(["given", "detected"])
    .default("detected")
    .describe("given: the boxes of the dataset; detected: those that a detector finds which is trained on the training subjects"),
  scoreThreshold: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe("a region whose best box scores below this is missing: its crop is black; YOLOv5's"),
  margin: z.number().min(0).max(2).default(0.1).describe("shown around a box on each side, as a share of its longer side"),
});
export type CropOptions = z.output<typeof cropOptions>;

/** The network that finds the regions. */
export const detectorModel = modelOptions.prefault({ kind: "yolov5" }).describe("the detector");
