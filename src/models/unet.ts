import { z } from "zod";

/** Options of the U-Net; also the `model` section of a config with `kind: unet`. */
export const unetOptions = z.strictObject({
  kind: z.literal("unet").describe("architecture"),
  /** Feature maps at each level, finest first. Each level after the first halves the resolution. */
  channels: z
    .array(z.int().min(1).max(2048))
    .min(2)
    .max(8)
    .default([16, 32, 64, 128, 256])
    .describe("feature maps at each level, finest first; each level after the first halves the resolution"),
  /** How the decoder doubles the resolution: a learned 2 x 2 transposed convolution, or bilinear resizing. */
  up: z
    .enum(["transpose", "bilinear"])
    .default("transpose")
    .describe("how the decoder doubles the resolution: a learned 2 x 2 transposed convolution, or bilinear resizing"),
});
export type UNetOptions = z.output<typeof unetOptions>;
