import { z } from "zod";
import { acquisitionOptions } from "./acquisition/options.ts";
import { appearanceOptions } from "./appearance/options.ts";
import { lesionOptions } from "./bleed/options.ts";
import { controlOptions } from "./controls/options.ts";
import { negativeOptions } from "./negatives/options.ts";
import { surroundOptions } from "./surround/options.ts";

/** Options of {@link runSynth}; also the `synth` section of a config. */
export const synthOptions = z.strictObject({
  /** Scenes made from each original case: each gets its own surround, scan, and bleed or none. */
  copies: z.int().min(1).max(100_000).default(2).describe("Scenes made from each original case, 1-100000."),
  /** Share of a case's copies that get no bleed; kept within each case, so that with 2 copies and 0.5 each case has one of both. */
  healthyShare: z.number().min(0).max(1).default(0.5).describe("Share of a case's copies without a bleed, 0-1."),
  /** Planes that a near-isotropic volume is cut in, all of the same scene. Inputs that are thick stacks keep their own slices. */
  planes: z
    .array(z.enum(["axial", "coronal", "sagittal"]))
    .min(1)
    .refine((planes) => new Set(planes).size === planes.length, { error: "a plane may be named once" })
    .default(["axial", "coronal", "sagittal"])
    .describe("Planes in which near-isotropic volumes are cut into stacks."),
  /** Share of the scenes that may be left out since no bleed fits, each named in dataset.json; above it the stage fails. One may always be. Our choice. */
  mostGivenUp: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe("Share of scenes that may be left out since no bleed fits them before the stage fails, 0-1."),
  appearance: appearanceOptions.prefault({}),
  lesion: lesionOptions.prefault({}),
  negatives: negativeOptions.prefault({}),
  control: controlOptions.prefault({ kind: "full" }).describe("Which priors of a bleed are used: full, or one of the ablations."),
  acquisition: acquisitionOptions.prefault({}),
  surround: surroundOptions.prefault({}),
  /** Also write `<id>_tissue.nii.gz`, scheme `hemosynth`, as the stack's labels: what a tissue network is trained on. */
  writeTissue: z
    .boolean()
    .default(false)
    .describe("Also write <id>_tissue.nii.gz, the tissue of most of each voxel, as the stack's labels."),
});
export type SynthOptions = z.output<typeof synthOptions>;
