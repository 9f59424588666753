import { z } from "zod";

const value = z.number().min(-1e9).max(1e9);

/** Figures that a publication reports of its own data; the `reference` section of a config. They are its own, and no figure of ours is compared with them by a test. */
export const referenceOptions = z.strictObject({
  source: z.string().min(1).max(400).describe("the publication: authors, year, place, DOI"),
  figures: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200).describe("what the figure is, and of what"),
        value: value.describe("as it is printed there"),
        low: value.nullable().default(null).describe("low end of its interval; null: none is given"),
        high: value.nullable().default(null).describe("high end of its interval; null: none is given"),
      }),
    )
    .min(1)
    .max(50)
    .describe("the figures"),
});
export type ReferenceOptions = z.output<typeof referenceOptions>;
