import { z } from "zod";
import { regex } from "../ingest/options.ts";

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
  "yolo",
] as const;
export type NormalLayout = (typeof normalLayouts)[number];
export type TruthLayout = (typeof truthLayouts)[number];

/** Options of a public data set in the folders that it is published in; also the `data` section of a config with `kind: "public"`. See docs/datasets.md. */
export const publicOptions = z
  .strictObject({
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
        "Pixel size in mm, 0.02 to 2, of ultrasound pictures whose set does not tell it (fetal-planes-db, fetus-framework), and of pictures with boxes (yolo)",
      ),
    subject: regex(
      "yolo: regular expression on a picture's path; its first group names the patient, as splits are by patient; null otherwise",
    ),
  })
  .refine(({ layout, subject }) => (layout === "yolo") === (subject !== null), {
    path: ["subject"],
    error: 'must be given for layout yolo, and for it alone; "images/([^_]+)_" takes what stands before the first _',
  });
export type PublicOptions = z.output<typeof publicOptions>;

/** Whether a set is of normal brains to paint into. */
export function isNormal(layout: PublicOptions["layout"]): layout is NormalLayout {
  return (normalLayouts as readonly string[]).includes(layout);
}
