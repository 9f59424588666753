// Contestant of bench/train.ts: hemosynth, each step as one function ("traced") or op by op ("eager").
import { readyBackend } from "../../src/backend/index.ts";
import { backendOptions } from "../../src/backend/options.ts";
import { type Tensor4D, tf } from "../../src/backend/tf.ts";
import { silentReporter } from "../../src/core/context.ts";
import { buildModel, buildYolo, detectorForInference, forInference, modelOptions, yoloOptions, yoloSizes } from "../../src/models/index.ts"; // biome-ignore format: one line
import { trainOptions } from "../../src/train/options.ts";
import { createState } from "../../src/train/state.ts";
import { makeTrainStep } from "../../src/train/step.ts";
import { channelsOf, countedStep, noise } from "./native.ts";
import { type Case, serve } from "./serve.ts";

const isTraced = process.argv[2] === "traced";
await readyBackend(backendOptions.parse(process.argv[3]), silentReporter);
await serve(`hemosynth, TensorFlow ${tf.version.tfjs}`, (of) => {
  const run = of.what === "train" ? trainer(of) : predictor(of);
  return run && countedStep(run);
});

function build(of: Case) {
  const kind = of.model === "unet" ? { kind: "unet", channels: of.channels } : { kind: of.model };
  const outChannels = of.model === "unet" ? 2 : 1;
  return buildModel(modelOptions.parse(kind), { inChannels: channelsOf(of), outChannels, seed: 1 });
}

function trainer(of: Case) {
  if (of.model === "yolov5s") return null;
  const { batch, size } = of;
  const task = of.model === "unet" ? "lesion" : "classify";
  const options = trainOptions.parse({ compile: isTraced ? "graph" : "off", task });
  const step = makeTrainStep(createState(build(of), options), options);
  const image = noise([batch, size, size, channelsOf(of)], 1);
  const target = tf.round(noise(task === "lesion" ? [batch, size, size, 2] : [batch, 1, 1, 1], 2)) as Tensor4D;
  let n = 0;
  return () => step({ image, target }, ++n);
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
