import { z } from "zod";

/** A dataset that is there already, in our own form; the `data` section of a config with `kind: "dataset"`. */
export const datasetOptions = z.strictObject({
  kind: z.literal("dataset").describe("A dataset in hemosynth's own form that brings its own truth: nothing is painted into it"),
  path: z.string().min(1).describe("Folder with a dataset.json; relative to the file that names it"),
});
export type DatasetOptions = z.output<typeof datasetOptions>;
