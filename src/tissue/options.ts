import { z } from "zod";

/** Where the anatomy comes from that bleeds are painted into; the `priors` section of a config. */
export const priorsOptions = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("labels").describe("the label maps of the cases; cases without one are left out"),
  }),
  z.strictObject({
    kind: z.literal("network").describe("a tissue network, which needs no label map and reads none"),
    /** A run folder of `train.task: tissue`, relative to the file that names it; null: the network that comes with hemosynth. */
    model: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("run folder of a tissue network (train.task: tissue); null: the one that comes with hemosynth"),
  }),
]);
