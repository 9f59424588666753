import { z } from "zod";

/** Where a training's first weights come from. */
export const initOptions = z.strictObject({
  /** A safetensors file in our layout, or a run folder, whose best weights are taken; relative to the file that names it. */
  from: z
    .string()
    .min(1)
    .describe(
      "weights to start from: safetensors of a training, of import-weights or of export-model, or the run folder of a trained model, whose best weights are taken; relative to the file that names it",
    ),
  /** Put before the names of the weights there: of a network of bags `encoder.`, for weights of what it sees single images with. */
  into: z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .default(null)
    .describe(
      "put before the names of the given weights, such as encoder. where those of a resnet50 become the encoder of a mil; null: nothing",
    ),
  /** Begins of the names of the weights to take; all others start at random. */
  only: z
    .array(z.string().min(1).max(200))
    .max(100)
    .default([])
    .describe("begins of the names of the weights to take, such as down0; all others start at random; empty: all are taken"),
});
export type InitOptions = z.output<typeof initOptions>;
