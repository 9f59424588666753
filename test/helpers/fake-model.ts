import { join } from "node:path";
import { sha256 } from "../../src/core/hash.ts";
import { writeAtomic } from "../../src/data/files.ts";
import type { ModelFile } from "../../src/data/model-folder.ts";
import { preprocessOptions } from "../../src/data/preprocess.ts";
import { encodeSafetensors } from "../../src/data/safetensors.ts";
import { buildModel, modelOptions, readWeights } from "../../src/models/index.ts";

/** Writes the folder of a tiny network that was never trained, as training would. The backend must be ready. */
export async function writeFakeModel(folder: string, outputs: readonly string[]): Promise<void> {
  const options = modelOptions.parse({ kind: "unet", channels: [2, 3] });
  const model = buildModel(options, { inChannels: 1, outChannels: outputs.length, seed: 5 });
  const bytes = encodeSafetensors(await readWeights(model));
  model.dispose();
  const file: ModelFile = {
    schemaVersion: 1,
    model: options,
    inChannels: 1,
    outputs: [...outputs],
    preprocess: preprocessOptions.parse({ pixelMm: 2 }),
    weights: { path: "weights/best.safetensors", sha256: sha256(bytes) },
    data: { dataset: "0".repeat(64), splits: "0".repeat(64) },
    seed: 5,
    steps: 1,
    validation: { step: 1, loss: 1, dice: null, auroc: null, brainDice: null },
  };
  await writeAtomic(join(folder, "weights/best.safetensors"), bytes);
  await writeAtomic(join(folder, "model.json"), JSON.stringify(file));
}
