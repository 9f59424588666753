import { z } from "zod";

/** Public sets of normal fetal brains, whose layouts the folder ingest takes: bleeds are painted into them. */
export const normalLayouts = ["feta", "dhcp-fetal", "crl"] as const;
/** Public sets that bring their own truth. */
export const truthLayouts = [
  "fetal-planes-db",
  "hc18",
  "fetus-framework",
  "rsna-ich",
  "cq500",
  "seg-cq500",
  "physionet-ct-ich",
  "bhsd",
  "instance22",
] as const;
export type NormalLayout = (typeof normalLayouts)[number];
export type TruthLayout = (typeof truthLayouts)[number];

/** Options of a public data set in the folders that it is published in; also the `data` section of a config with `kind: "public"`. See docs/datasets.md. */
export const publicOptions = z.strictObject({
  kind: z.literal("public").describe("A public data set, in the folders that it is published in"),
  layout: z.enum([...normalLayouts, ...truthLayouts]).describe("Which data set it is"),
  /** A relative path starts from the config file that names it, or from the current folder on the command line. */
  path: z.string().min(1).describe("Folder that the data set was unpacked in"),
  pixelMm: z
    .number()
    .min(0.02)
    .max(2)
    .default(0.2)
    .describe(
      "Pixel size in mm, 0.02 to 2, of ultrasound pictures whose set does not tell it (fetal-planes-db, fetus-framework)",
    ),
});
export type PublicOptions = z.output<typeof publicOptions>;

/** Whether a set is of normal brains to paint into. */
export function isNormal(layout: PublicOptions["layout"]): layout is NormalLayout {
  return (normalLayouts as readonly string[]).includes(layout);
}
