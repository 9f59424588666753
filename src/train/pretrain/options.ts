import { z } from "zod";
import { headOptions } from "../../models/index.ts";

const weight = (value: number, words: string) => z.number().min(0).max(1000).default(value).describe(words);

/** Context restoration: patches of a window change places, and the network puts them back. Defaults as Spahr et al. 2023 have them. */
export const restoreOptions = z
  .strictObject({
    swaps: z.int().min(1).max(1000).default(10).describe("pairs of patches that change places in a window"),
    sidePixels: z
      .tuple([z.int().min(1).max(4096), z.int().min(1).max(4096)])
      .refine(([a, b]) => a <= b, "the first number must not be above the second")
      .default([10, 30])
      .describe("side of a patch, pixels; at most a third of train.cropSize"),
    quarterTurns: z.boolean().default(true).describe("whether patches are turned by a drawn number of quarter turns as well"),
  })
  .meta({ id: "restoration" });
export type RestoreOptions = z.output<typeof restoreOptions>;

/** A denoising autoencoder: coarse noise is added to healthy windows, and the network takes it off. Defaults as Kascenas et al. 2022 have them. */
export const denoiseOptions = z.strictObject({
  noise: z.number().gt(0).max(10).default(0.2).describe("standard deviation of the noise; 1 is the white point"),
  cellPixels: z
    .int()
    .min(1)
    .max(512)
    .default(8)
    .describe("distance of the points that noise is drawn at, linear between them, pixels"),
});
export type DenoiseOptions = z.output<typeof denoiseOptions>;

/** Pretraining by two views of each slice. */
export const contrastOptions = z
  .strictObject({
    head: headOptions.prefault({}).describe("perceptron that makes the embedding; not taken over by a later training"),
    temperature: z
      .number()
      .gt(0)
      .max(100)
      .default(0.1)
      .describe("tasks infoNce and localInfoNce: what similarities are divided by"),
    vicReg: z
      .strictObject({
        invariance: weight(25, "weight of the squared difference of two views"),
        variance: weight(25, "weight of what standard deviations lack to 1"),
        covariance: weight(1, "weight of the squared covariances between features"),
      })
      .prefault({})
      .describe("task vicReg: weights of the parts of the loss"),
    regions: z.int().min(2).max(1024).default(20).describe("task localInfoNce: regions of a window that are told apart"),
    regionPlaces: z
      .int()
      .min(1)
      .max(64)
      .default(3)
      .describe("task localInfoNce: side of a region, places of the feature map; its embedding is the mean of theirs"),
    level: z
      .int()
      .min(0)
      .max(6)
      .default(2)
      .describe(
        "task localInfoNce: level of a U-Net's way up whose maps are compared; 0 is the finest, each next one has half its side",
      ),
  })
  .meta({ id: "contrast" });
export type ContrastOptions = z.output<typeof contrastOptions>;
