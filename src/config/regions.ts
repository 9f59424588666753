import { z } from "zod";
import { cropOptions, detectorModel } from "../eval/regions/options.ts";
import { type TrainOptions, trainOptions } from "../train/options.ts";

/** Crops of regions in place of whole images; the `regions` section of a config. */
export const regionsOptions = z.strictObject({
  ...cropOptions.shape,
  detector: z
    .strictObject({
      model: detectorModel,
      train: trainOptions
        .extend({ task: z.literal("regions").default("regions").describe("what it is trained for: boxes of regions") })
        .prefault({})
        .describe("how it is trained; its outputs are names"),
    })
    .prefault({})
    .describe("what finds the regions, with boxes detected"),
});
export type RegionsOptions = z.output<typeof regionsOptions>;

/** How the detector of the regions is trained. */
export function detectorTraining({ names, detector }: Pick<RegionsOptions, "names" | "detector">): TrainOptions {
  return { ...detector.train, outputs: [...names] };
}
