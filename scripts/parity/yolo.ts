// Holds full-size YOLOv5 n and s to PyTorch: imports what yolo_torch.py wrote, and prints how far maps, boxes and scores of 2 images of 320 x 416 are apart.
//
//   npx tsx scripts/parity/yolo.ts FOLDER
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readyBackend } from "../../src/backend/index.ts";
import { type Tensor, type Tensor4D, tf } from "../../src/backend/tf.ts";
import { silentReporter } from "../../src/core/context.ts";
import { decodeSafetensors, lazyFloats } from "../../src/data/safetensors.ts";
import { importYolo } from "../../src/models/import/yolo.ts";
import { setWeights } from "../../src/models/weights.ts";
import { decodeMaps } from "../../src/models/yolo/decode.ts";
import { yoloKinds, yoloOptions, yoloSizes } from "../../src/models/yolo/design.ts";
import { buildYolo } from "../../src/models/yolo/network.ts";

const folder = process.argv[2] ?? ".";
const limit = 1e-4;

function load(name: string) {
  const where = join(folder, name);
  return lazyFloats(decodeSafetensors(readFileSync(where), where), where);
}

const { backend } = await readyBackend("auto", silentReporter);
for (const kind of yoloKinds) {
  const { weights, inChannels, classes, anchors } = importYolo(load(`${kind}.safetensors`), kind, kind);
  const options = yoloOptions.parse({ kind: "yolov5", ...yoloSizes[kind], anchors });
  const model = buildYolo(options, { inChannels, outChannels: classes, seed: 1 });
  setWeights(model, weights, kind);
  const parameters = model.trainable.reduce((sum, name) => sum + model.weights.get(name)!.size, 0);
  console.log(`${kind} ${parameters} parameters, ${backend}`);
  const io = load(`${kind}-io.safetensors`);
  const check = (name: string, value: Tensor) => {
    const [got, expected] = [value.dataSync(), io.get(name)!.read()];
    let [apart, largest] = [0, 0];
    for (const [i, v] of expected.entries())
      [apart, largest] = [Math.max(apart, Math.abs(v - got[i]!)), Math.max(largest, Math.abs(v))];
    console.log(`  ${name}: apart ${apart.toExponential(1)} of ${largest.toPrecision(3)}`);
    if (got.length !== expected.length || !(apart <= limit * Math.max(1, largest))) process.exitCode = 1;
  };
  const image = tf.tensor(io.get("image")!.read(), [2, 320, 416, 3]) as Tensor4D;
  const maps = model.apply(image, { training: false });
  const { boxes, scores } = decodeMaps(maps, options, classes);
  const trained = model.apply(image, { training: true });
  for (const i of [0, 1, 2] as const) check(`eval${i}`, maps[i]);
  check("boxes", boxes);
  check("scores", scores);
  for (const i of [0, 1, 2] as const) check(`train${i}`, trained[i]);
  tf.dispose([image, maps, boxes, scores, trained]);
  model.dispose();
}
