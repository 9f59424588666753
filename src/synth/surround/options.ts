import { z } from "zod";

/** What lies around the brain. */
export const surroundOptions = z.strictObject({
  /** `uterus`: skull, scalp, amniotic fluid, fetal body, placenta, mother. `none`: the masked brain alone. */
  kind: z.enum(["uterus", "none"]).default("uterus").describe("uterus: the whole scene around the brain; none: a masked brain."),
  /** Share of cases left masked when kind is `uterus`, so that a network learns raw and masked input. */
  maskedShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe("Share of cases left as a masked brain although kind is uterus, 0-1."),
  /** Side of the cubic field that is filled, mm. Voxels that stacks reach beyond it are 0. */
  fieldMm: z.number().min(100).max(300).default(200).describe("Side of the cube around the head that is filled, mm."),
  /** How far the contrast of each class strays from what was measured on real stacks: 0 is the measured mean, 1 anything. */
  contrastSeverity: z
    .number()
    .min(0)
    .max(1)
    .default(0.6)
    .describe("How far each class's signal strays from the measured one, 0-1."),
  /** Mean number of detached dark and of detached bright blobs, which are no lesions. */
  blobs: z.number().min(0).max(100).default(6).describe("Mean number of detached dark and bright blobs that are no lesions."),
});
export type SurroundOptions = z.output<typeof surroundOptions>;
