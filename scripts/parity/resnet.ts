// Holds full-size ResNets to torchvision: imports what resnet_torch.py wrote, and prints how far the logits of 2 images of 224 x 224 are apart.
//
//   npx tsx scripts/parity/resnet.ts FOLDER
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readyBackend } from "../../src/backend/index.ts";
import { type Tensor4D, tf } from "../../src/backend/tf.ts";
import { silentReporter } from "../../src/core/context.ts";
import { decodeSafetensors, lazyFloats } from "../../src/data/safetensors.ts";
import { importResNet } from "../../src/models/import/torchvision.ts";
import { buildResNet, resnetKinds, resnetOptions } from "../../src/models/resnet.ts";
import { setWeights } from "../../src/models/weights.ts";

const folder = process.argv[2] ?? ".";
const limit = 1e-4;

function load(name: string) {
  const where = join(folder, name);
  return lazyFloats(decodeSafetensors(readFileSync(where), where), where);
}

const { backend } = await readyBackend("auto", silentReporter);
for (const kind of resnetKinds) {
  const options = resnetOptions.parse({ kind });
  const model = buildResNet(options, { inChannels: 3, outChannels: 1000, seed: 1 });
  setWeights(model, importResNet(load(`${kind}.safetensors`), options, kind), kind);
  const parameters = model.trainable.reduce((sum, name) => sum + model.weights.get(name)!.size, 0);
  const io = load(`${kind}-io.safetensors`);
  const image = tf.tensor(io.get("image")!.read(), [2, 224, 224, 3]) as Tensor4D;
  for (const [name, training] of [
    ["eval", false],
    ["train", true],
  ] as const) {
    // biome-ignore format: one line
    const logits = model.apply(image, { training });
    const [got, expected] = [logits.dataSync(), io.get(name)!.read()];
    const [apart, largest] = [Math.max(...expected.map((v, i) => Math.abs(v - got[i]!))), Math.max(...expected.map(Math.abs))];
    console.log(
      `${kind} ${parameters} parameters, ${backend}, ${name}: apart ${apart.toExponential(1)} of ${largest.toFixed(2)}`,
    );
    if (!(apart <= limit * Math.max(1, largest))) process.exitCode = 1;
    logits.dispose();
  }
  tf.dispose(image);
  model.dispose();
}
