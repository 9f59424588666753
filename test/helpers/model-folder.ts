import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tf } from "../../src/backend/tf.ts";
import { sha256 } from "../../src/core/hash.ts";
import { preprocessOptions } from "../../src/data/preprocess.ts";
import { encodeSafetensors } from "../../src/data/safetensors.ts";
import { buildModel, type Model, type ModelOptions, readWeights } from "../../src/models/index.ts";
import { seeded } from "./seeded.ts";

/** A model whose normalisations do something, as after training. */
export function trainedModel(options: ModelOptions, outChannels: number): Model {
  const model = buildModel(options, { inChannels: 1, outChannels, seed: 1 });
  for (const [name, variable] of model.weights) {
    if (variable.rank !== 1) continue;
    const [low, high] = /(weight|var)$/.test(name) ? [0.5, 1] : [-0.3, 0.3];
    variable.assign(tf.tensor1d(seeded(name, variable.shape, low, high).data));
  }
  return model;
}

/** A folder as training leaves it. */
export async function writeModelFolder(place: string, options: ModelOptions, outputs: string[], window?: number): Promise<void> {
  const model = trainedModel(options, outputs.length);
  const bytes = encodeSafetensors(await readWeights(model));
  model.dispose();
  const file = {
    schemaVersion: 1,
    model: options,
    inChannels: 1,
    outputs,
    window,
    preprocess: preprocessOptions.parse({}),
    weights: { path: "best.safetensors", sha256: sha256(bytes) },
    data: { dataset: "a", splits: "b" },
    seed: 1,
    steps: 2,
    validation: { step: 1, loss: 1, dice: null, auroc: null, brainDice: null },
  };
  await mkdir(place, { recursive: true });
  await writeFile(join(place, "best.safetensors"), bytes);
  await writeFile(join(place, "model.json"), JSON.stringify(file));
}
