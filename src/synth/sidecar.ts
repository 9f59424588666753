import { z } from "zod";
import { caseId, readJson } from "../data/dataset.ts";
import { stackDrawSchema } from "./draw-schema.ts";

export const sidecarVersion = 1;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const three = <T extends z.ZodType>(value: T) => z.tuple([value, value, value]).readonly();

/** The JSON beside a synthetic stack: where it comes from, every drawn value, and what came out. */
export const sidecarSchema = z.strictObject({
  schemaVersion: z.literal(sidecarVersion),
  /** Version of hemosynth that made the stack. */
  hemosynth: z.string().describe("Version of hemosynth that made the stack."),
  id: caseId.describe("Id of the case in dataset.json, and the name of its files."),
  /** The normal case that it was made from, and the SHA-256 of its files. */
  source: z
    .strictObject({ id: z.string(), subject: z.string(), image: hash, labels: hash })
    .readonly()
    .describe("The normal case that the stack was made from, and the SHA-256 of its files."),
  /** Seed of the run and the labels of the random stream. The values themselves are in `draw`: replay needs no seed. */
  draws: z
    .strictObject({ seed: z.int(), path: z.array(z.union([z.string(), z.int()])).readonly() })
    .readonly()
    .describe("Seed of the run, and the labels by which the stack's random stream was forked from it."),
  /** `estimated` if it was read from brain volume by the rule in priors/age.ts; then with its standard error `sd`. */
  gestationalAge: z
    .strictObject({ weeks: z.number(), estimated: z.boolean(), sd: z.number().positive().optional() })
    .readonly()
    .describe("Weeks; estimated if it was read from brain volume, then with its standard error, sd."),
  /** 90th percentile of CSF in the source's unit; 1000 in the stack's voxels. */
  csf: z.number().positive().describe("90th percentile of CSF in the source's unit; 1000 in the stack's voxels."),
  plane: z.enum(["axial", "coronal", "sagittal"]),
  /** Worst Papile grade of both sides, 0 healthy. */
  grade: z
    .union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4)])
    .describe("Worst Papile grade of both sides, 0 healthy."),
  /** Everything that was drawn: from it and the source the stack is made again. */
  draw: stackDrawSchema.describe("Everything that was drawn: from it and the source the stack is made again."),
  facts: z
    .strictObject({ lesionVoxels: count, lesionMl: z.number().min(0), lesionSignal: z.number().nullable() })
    .readonly()
    .describe("What the written stack measures; lesionSignal is relative to the case's CSF, null without lesion."),
  /** The box of all blood: voxels from `low` up to but not including `high`, along the array axes. */
  box: z
    .strictObject({ low: three(count), high: three(count) })
    .readonly()
    .nullable()
    .describe("Voxels that hold all blood, from low up to but not including high, along the array axes; null without lesion."),
  sliceBoxes: z
    .array(z.strictObject({ slice: count, x0: count, y0: count, x1: count, y1: count, pixels: count }).readonly())
    .readonly()
    .describe("Each patch of blood in each slice: pixels from (x0, y0) up to but not including (x1, y1)."),
  /** Of the stack's grid: voxels, and mm along the array axes. */
  grid: z
    .strictObject({ shape: three(z.int().positive()), spacing: three(z.number().positive()) })
    .readonly()
    .describe("Voxels of the stack, and mm between them along the array axes."),
  /** SHA-256 of each NIfTI file before it is zipped: the same on every release of Node.js. */
  voxels: z.record(z.string(), hash).describe("SHA-256 of the image and the masks before they are zipped."),
});
export type Sidecar = Readonly<z.output<typeof sidecarSchema>>;

/** @throws {UserError} (data) If the file is not there or is no sidecar. */
export async function readSidecar(file: string): Promise<Sidecar> {
  return await readJson(file, sidecarSchema, "make it again with `hemosynth synth`");
}

/** The JSON Schema of a sidecar, draft 2020-12. */
export function sidecarJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(sidecarSchema, { target: "draft-2020-12", reused: "ref" });
  return { ...schema, title: "hemosynth sidecar" };
}
