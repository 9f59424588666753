import { dataFault } from "../data/faults.ts";
import type { ModelFolder } from "../data/model-folder.ts";
import { buildModel, forInference, type Model, modelOptions, setWeights, tissueOutputs } from "../models/index.ts";
import type { TissueNetwork } from "./segment.ts";

/**
 * Builds the tissue network of a model folder; the backend must be ready. The caller disposes of `model`.
 *
 * @param where - Names the folder in messages.
 * @throws {UserError} (data) If it is another kind of network, or its weights do not fit.
 */
export function buildTissueNetwork(
  { file, preprocess, weights }: ModelFolder,
  where: string,
): TissueNetwork & { readonly model: Model } {
  const options = modelOptions.safeParse(file.model);
  const usable = options.success && file.inChannels === 1 && file.outputs.join() === tissueOutputs.join();
  if (!usable)
    throw dataFault(
      where,
      "must be a tissue network",
      file.outputs.join(", "),
      "Train one with train.task: tissue, or leave priors.model out",
    );
  const model = forInference(buildModel(options.data, { inChannels: 1, outChannels: tissueOutputs.length, seed: file.seed }));
  setWeights(model, weights, where);
  return { model, preprocess };
}
