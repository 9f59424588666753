// Contestant of bench/train.ts: hemosynth, each step as one function ("traced") or op by op ("eager").
import { readyBackend } from "../../src/backend/index.ts";
import { backendOptions } from "../../src/backend/options.ts";
import { type Tensor4D, tf } from "../../src/backend/tf.ts";
import { silentReporter } from "../../src/core/context.ts";
import { buildModel, buildYolo, detectorForInference, forInference, modelOptions, yoloOptions, yoloSizes } from "../../src/models/index.ts"; // biome-ignore format: one line
import { trainOptions } from "../../src/train/options.ts";
import { lesionBit } from "../../src/train/slices.ts";
import { createState } from "../../src/train/state.ts";
import { makeTrainStep } from "../../src/train/step.ts";
import { tasks } from "../../src/train/task.ts";
import { channelsOf, countedStep, noise } from "./native.ts";
import { type Case, serve } from "./serve.ts";

const isTraced = process.argv[2] === "traced";
await readyBackend(backendOptions.parse(process.argv[3]), silentReporter);
await serve(`hemosynth, TensorFlow ${tf.version.tfjs}`, (of) => {
  const run = of.what === "train" ? trainer(of) : predictor(of);
  return run && countedStep(run);
});

function build(of: Case) {
  const kinds = { unet: { kind: "unet", channels: of.channels }, yolov5s: { kind: "yolov5", ...yoloSizes.yolov5s } };
  const kind = kinds[of.model as keyof typeof kinds] ?? { kind: of.model };
  return buildModel(modelOptions.parse(kind), { inChannels: channelsOf(of), outChannels: of.model === "unet" ? 2 : 1, seed: 1 });
}

function trainer(of: Case) {
  const { batch, size, model } = of;
  const task = model === "unet" ? "lesion" : model === "yolov5s" ? "detect" : "classify";
  const options = trainOptions.parse({ compile: isTraced ? "graph" : "off", task });
  const step = makeTrainStep(createState(build(of), options), options);
  const image = noise([batch, size, size, channelsOf(of)], 1);
  const target = task === "detect" ? boxes(of) : zerosAndOnes(task === "lesion" ? [batch, size, size, 2] : [batch, 1, 1, 1]);
  let n = 0;
  return () => step({ image, target }, ++n);
}

function zerosAndOnes(shape: [number, number, number, number]): Tensor4D {
  return tf.round(noise(shape, 2)) as Tensor4D;
}

/** Nine squares of blood of 12 to 76 pixels in each window. */
function boxes({ batch, size }: Case): Tensor4D {
  const mask = new Uint8Array(size * size);
  for (const [n, side] of [12, 20, 28, 36, 44, 52, 60, 68, 76].entries()) {
    const [left, top] = [(n % 3) * 105, Math.floor(n / 3) * 105];
    for (let y = top; y < top + side; y++) mask.fill(lesionBit, left + size * y, left + side + size * y);
  }
  const { data, shape } = tasks.detect.target(new Array(batch).fill({ image: new Float32Array(0), masks: mask }), {
    size,
    outputs: 1,
    anchors: yoloOptions.parse({ kind: "yolov5" }).anchors,
  });
  return tf.tensor4d(data, shape as [number, number, number, number]);
}

function predictor(of: Case) {
  const { batch, size } = of;
  const image = noise([batch, size, size, channelsOf(of)], 1);
  if (of.model === "yolov5s") {
    const plain = buildYolo(yoloOptions.parse({ kind: "yolov5", ...yoloSizes.yolov5s }), {
      inChannels: 3,
      outChannels: 80,
      seed: 1,
    });
    const model = isTraced ? detectorForInference(plain) : plain;
    return () => {
      const [fine, ...others] = model.apply(image, { training: false });
      tf.dispose(others);
      return fine;
    };
  }
  const plain = build(of);
  const model = isTraced ? forInference(plain) : plain;
  return () => model.apply(image, { training: false });
}
