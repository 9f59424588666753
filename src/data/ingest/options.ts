import { z } from "zod";
import { labelScheme } from "../label-schemes.ts";
import { pictureAxes } from "../picture-volume.ts";

const pattern = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith("/") && !text.includes("\\"), {
    error: "must be relative to data.path, with forward slashes",
  });
const patterns = (text: string) => z.array(pattern).default([]).describe(text);

/** A regular expression with a group, or null; `text` describes the option. */
export const regex = (text: string) =>
  z
    .string()
    .refine(isRegexWithGroup, { error: "must be a regular expression with at least one (group)" })
    .nullable()
    .default(null)
    .describe(text);

function isRegexWithGroup(source: string): boolean {
  try {
    return new RegExp(`${source}|`, "u").exec("")!.length > 1;
  } catch {
    return false;
  }
}

/** Smallest and largest pixel of a slice, mm. Our choice: finer and coarser ones are a mistake of unit. */
export const pixelRange = [0.05, 5] as const;
const pixelMm = z.number().min(pixelRange[0]).max(pixelRange[1]);

/**
 * What lone slices saved as pictures do not tell. A pattern on the path goes before the row of a slices table, and that before what is given here for all. Pictures are read
 * where a pixel size is given here, or a `slices.csv` or `slices.tsv` lies in the folder.
 */
const pictureOptions = z.strictObject({
  pixelMm: pixelMm.nullable().default(null).describe("Pixel size of all pictures, mm; null: by pattern or table"),
  pixelMmPattern: regex("Regular expression on a picture's path; its first group is the pixel size, mm"),
  plane: z
    .enum(["axial", "coronal", "sagittal"])
    .nullable()
    .default(null)
    .describe("Plane of all pictures; null: by pattern or table"),
  planePattern: regex("Regular expression on a picture's path; its first group is the plane: ax…, tra…, cor… or sag…"),
  /** Two letters of L, R, A, P, I, S: where columns and rows run to. */
  axes: z
    .enum(pictureAxes)
    .nullable()
    .default(null)
    .describe(
      "Where columns and rows of all pictures run to, as LP (left, posterior); null: as the plane is usually hung, LP, LI or PI",
    ),
  side: z
    .enum(["left", "right"])
    .nullable()
    .default(null)
    .describe("Half of the head that sagittal pictures show; null: the midline"),
  thicknessMm: z.number().min(0.5).max(10).default(4).describe("Slice thickness of all pictures, mm; volumes in ml hang on it"),
  gestationalAge: z
    .number()
    .min(10)
    .max(45)
    .nullable()
    .default(null)
    .describe("Weeks, where neither a path nor a table tells them; synth needs them"),
});
export type PictureOptions = z.output<typeof pictureOptions>;

/**
 * Where the volumes of a folder are and what belongs to what; also the `data` section of a config with `kind: "folder"`.
 *
 * Patterns are paths relative to `path` with forward slashes: `*` is any text within a name, `**` any folders, `?` one character.
 * Patterns of what belongs to an image may hold `{dir}`, its folder relative to `path`; `{stem}`, its name without suffix
 * (`.nii.gz`, `.png`); `{base}`, the stem without a final `_T2w`; `{subject}`; and `..` to leave `path`. One without a folder is looked for beside
 * the image, then in `path`. The first that matches is taken.
 */
export const folderOptions = z.strictObject({
  kind: z.literal("folder").describe("Real volumes from a folder"),
  /** The folder; a relative path starts from the config file that names it, or from the current folder on the command line. */
  path: z.string().min(1).describe("Folder with the volumes"),
  /** Name of the dataset; null: the folder's name. */
  name: z.string().min(1).nullable().default(null).describe("Name of the dataset; null takes the folder's name"),
  /** How the folder is laid out; `auto`: `bids` where a `sub-*` folder with an `anat` folder lies in it, else `flat`. */
  layout: z.enum(["auto", "bids", "flat"]).default("auto").describe("bids, flat (all images by patterns), or auto to look"),
  /** Images; empty: for `bids` the T2w files of every `anat` folder, for `flat` every image that no other pattern claims. */
  image: patterns("Patterns of the images; empty takes the layout's usual ones"),
  /** Files that are never images, whatever `image` says. */
  exclude: patterns("Patterns of files that are no images"),
  /** Tissue label maps on the grid of their image. */
  labels: z
    .strictObject({
      /** Patterns for an image's label map, the first match counts; empty: for `bids` the usual `_dseg` names. */
      files: patterns("Patterns of the label map of an image; the first that matches counts"),
      /** What the ids mean; needed where label maps are used. */
      scheme: labelScheme.nullable().default(null).describe("Label scheme by name, or a mapping of ids to tissues"),
      /** Whether an image without a label map is an error. */
      required: z.boolean().default(false).describe("Whether every image must have a label map"),
    })
    .prefault({})
    .describe("Tissue label maps"),
  /** Masks of the brain (all inside the skull), 0 and 1. Empty: for `bids` the usual names. */
  brainMask: patterns("Patterns of the brain mask of an image; the first that matches counts"),
  /** Masks of blood, 0 and 1; all zero for an image known to be healthy. */
  lesionMask: patterns("Patterns of the lesion mask of an image; the first that matches counts"),
  /** Regular expression on the image's path whose first group is the subject; null: `sub-…` in the path, else the stem. */
  subject: regex("Regular expression on the image's path; its first group names the subject"),
  /** Regular expression on the image's path whose first group is the session; null: `ses-…` in the path, else none. */
  session: regex("Regular expression on the image's path; its first group names the session"),
  /** Regular expression on the image's path whose first group is the gestational age in weeks, `24.4` or `24+3`; null: tables alone. */
  gestationalAge: regex("Regular expression on the image's path; its first group is the gestational age, weeks or weeks+days"),
  /** Column of participants.tsv, sessions.tsv or scans.tsv with the gestational age in weeks; null: the usual names. */
  gestationalAgeColumn: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("Column of the BIDS tables with the gestational age in weeks; null looks for the usual names"),
  pictures: pictureOptions.prefault({}).describe("Lone slices saved as PNG, JPEG or TIFF"),
});
export type FolderOptions = z.output<typeof folderOptions>;

/** What the ingest is told; `published` where the options are those of a public set and not the user's, so that no message asks to set one. */
export type IngestOptions = FolderOptions & { readonly published?: boolean };
