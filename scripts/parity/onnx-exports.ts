// Writes a model of each kind at its default size as ONNX into a folder, for scripts/parity/onnx_exports.py:
//   npx tsx scripts/parity/onnx-exports.ts FOLDER && python3 scripts/parity/onnx_exports.py FOLDER
// Weights are made up; normalisations do something, as after training.
import { join } from "node:path";
import { argv } from "node:process";
import { readyBackend } from "../../src/backend/ready.ts";
import { silentContext, silentReporter } from "../../src/core/context.ts";
import { runModelExport } from "../../src/export/stage.ts";
import { modelOptions, modelTells } from "../../src/models/index.ts";
import { writeModelFolder } from "../../test/helpers/model-folder.ts";

/** What a model of a kind tells; a detector and networks of bags and of sets have no graph of their own here. */
const outputs = { pixels: ["lesion", "brain"], slices: ["bleed"], images: ["denoised"], bags: null, sets: null, boxes: null };

const folder = argv[2];
if (folder === undefined) throw new Error("usage: npx tsx scripts/parity/onnx-exports.ts FOLDER");

async function main(out: string): Promise<void> {
  await readyBackend("cpu", silentReporter);
  for (const option of modelOptions.options) {
    const { kind } = option.shape;
    for (const name of "options" in kind ? kind.options : kind.values) {
      const options = modelOptions.parse({ kind: name });
      const model = join(out, "models", name);
      const channels = outputs[modelTells(options)];
      if (channels === null) continue;
      await writeModelFolder(model, options, channels);
      await runModelExport({ model, out: join(out, name), format: "onnx", thresholds: null }, silentContext());
    }
  }
}

void main(folder);
