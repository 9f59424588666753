import { z } from "zod";
import { isNormal, publicOptions } from "../data/datasets/options.ts";
import { datasetOptions } from "../data/given/options.ts";
import { folderOptions } from "../data/ingest/options.ts";
import { headCtOptions } from "../synth/head-ct/options.ts";
import { phantomOptions } from "../synth/phantom/options.ts";
import { fetalUltrasoundOptions } from "../synth/ultrasound/fetal/options.ts";
import { cranialUltrasoundOptions } from "../synth/ultrasound/neonatal/options.ts";

/** The `data` section of a config: the closed list of where images come from, told apart by `kind`. */
export const dataOptions = z
  .discriminatedUnion("kind", [
    phantomOptions,
    folderOptions,
    datasetOptions,
    fetalUltrasoundOptions,
    cranialUltrasoundOptions,
    headCtOptions,
    publicOptions,
  ])
  .meta({ id: "data" });
export type DataOptions = z.output<typeof dataOptions>;

/** The folder that data are read from, so that they are of patients for all we know; null where formulas draw them. */
export function readsFrom(data: DataOptions): string | null {
  switch (data.kind) {
    case "folder":
    case "dataset":
    case "public":
      return data.path;
    case "head-ct":
      return data.labels;
    case "phantom":
    case "fetal-ultrasound":
    case "cranial-ultrasound":
      return null;
    default:
      return data satisfies never;
  }
}

/** Whether the data are normal cases to paint into, or bring their own truth: then there is no synthesis, and what follows reads the data themselves. */
export function bringsTruth(data: DataOptions): boolean {
  switch (data.kind) {
    case "phantom":
    case "folder":
      return false;
    case "public":
      return !isNormal(data.layout);
    case "dataset":
    case "fetal-ultrasound":
    case "cranial-ultrasound":
    case "head-ct":
      return true;
    default:
      return data satisfies never;
  }
}
