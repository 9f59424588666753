import { join, resolve } from "node:path";
import { UserError } from "../../core/errors.ts";
import type { Case } from "../../data/dataset.ts";
import { oneLine } from "../../data/faults.ts";
import { ontoGrid } from "../../data/grid.ts";
import { type LabelScheme, toTissues } from "../../data/label-schemes.ts";
import { readLabels, readVolume } from "../../data/nifti.ts";
import { UnfitError } from "../unfit.ts";
import { type NormalCase, prepareCase } from "./case.ts";

/** A normal case of a dataset, and where its files lie. */
export interface CaseSource {
  /** Folder that the case's paths start from. */
  readonly root: string;
  readonly case: Case;
  readonly scheme: LabelScheme;
}

/**
 * Reads a normal case's image and labels and makes it ready.
 *
 * @throws {UserError} (data) If a file cannot be read, is not what was ingested, or does not fit the other.
 * @throws {UnfitError} If the priors cannot use the case; {@link unfitFault} says it to the user.
 */
export async function loadCase({ root, case: source, scheme }: CaseSource): Promise<NormalCase> {
  const imageFile = join(root, source.image.path);
  const labelFile = join(root, source.labels!.path);
  const image = await readVolume(imageFile, undefined, source.image.sha256);
  const labels = ontoGrid(
    await readLabels(labelFile, undefined, source.labels!.sha256),
    image,
    labelFile,
    "labels must be on the image's grid",
    "Resample them with nearest neighbour",
  );
  const tissue = toTissues(labels, scheme, labelFile);
  return prepareCase(image, tissue, source.gestationalAge, source.labelSource === "network");
}

/** {@link loadCase} for one who needs the case. @throws {UserError} (data) Also where the priors cannot use it. */
export async function loadNeeded(source: CaseSource): Promise<NormalCase> {
  try {
    return await loadCase(source);
  } catch (error) {
    throw error instanceof UnfitError ? unfitFault(source, error.message) : error;
  }
}

/** Says that a case, or too much of a dataset, cannot take bleeds. `why` is an `UnfitError`'s message; `more` a sentence. */
export function unfitFault({ root, case: source, scheme }: CaseSource, why: string, more = ""): UserError {
  const where = oneLine(resolve(root, source.labels!.path)); // a dataset's root may lie beside it, and "../" tells nobody where
  const named = scheme === "hemosynth" ? "" : ", the name of its scheme"; // of our own there is nothing to check
  const wayOut = `Check the label map${named} and the age, or leave the case out.`;
  return new UserError("data", `${where}: a normal brain that bleeds fit into is needed; got ${oneLine(why)}. ${more}${wayOut}`);
}
