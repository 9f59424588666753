import type { Binding, NativeBackend } from "../../src/backend/binding.ts";
import {
  type Scalar,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  type Tensor5D,
  tf,
  type Variable,
} from "../../src/backend/tf.ts";
import { isTraced } from "../../src/backend/traced/index.ts";
import { seededRng } from "../../src/core/rng.ts";
import {
  anomalyMap,
  autoencoderOptions,
  buildAutoencoder,
  buildHexaNet,
  buildMil,
  buildModel,
  classActivation,
  globalHead,
  headOptions,
  headWeights,
  hexanetOptions,
  localHead,
  type Model,
  type ModelOptions,
  milOptions,
  mirrorMean,
  modelOptions,
  restore,
  restoreWeights,
} from "../../src/models/index.ts";
import { createWeights, disposeWeights } from "../../src/models/weights.ts";
import { drawBatch, paintBatch } from "../../src/train/batch.ts";
import { infoNce, localInfoNce, vicReg } from "../../src/train/losses/embeddings.ts";
import { type TaskName, trainOptions } from "../../src/train/options.ts";
import { groupSlices } from "../../src/train/sampler.ts";
import { brainBit, classShift, lesionBit, quantum, type TrainSlice } from "../../src/train/slices.ts";
import { createState, disposeState } from "../../src/train/state.ts";
import { makeTrainStep } from "../../src/train/step.ts";
import { networkShape } from "../../src/train/task.ts";
import { uploadBatch } from "../../src/train/upload.ts";

/** One way that an op was called: its name and the types it was given, by attribute (TensorFlow's numbers). */
export interface OpCall {
  readonly op: string;
  readonly types: ReadonlyMap<string, number>;
  count: number;
}

/** Every native op that `work` runs; of a traced function the ops that it was recorded from. Native TensorFlow must be current. */
export function recordOps(work: () => void): OpCall[] {
  const backend = tf.backend() as unknown as NativeBackend;
  const binding = backend.binding;
  const calls = new Map<string, OpCall>();
  const executeOp: Binding["executeOp"] = (op, attributes, ...rest) => {
    if (isTraced(op)) return binding.executeOp(op, attributes, ...rest);
    const types = attributes
      .filter(({ type }) => type === binding.TF_ATTR_TYPE)
      .map(({ name, value }) => [name, Number(value)] as const);
    const key = JSON.stringify([op, types]);
    const call = calls.get(key) ?? { op, types: new Map(types), count: 0 };
    call.count++;
    calls.set(key, call);
    return binding.executeOp(op, attributes, ...rest);
  };
  backend.binding = Object.create(binding, { executeOp: { value: executeOp } });
  try {
    work();
  } finally {
    backend.binding = binding;
  }
  return [...calls.values()].sort((a, b) => (a.op < b.op ? -1 : a.op > b.op ? 1 : b.count - a.count));
}

const levels = { channels: [4, 8, 8, 16] };
const many = { accumulate: 2, freeze: ["down0.conv0"], groups: [{ prefix: "up", rateFactor: 0.5 }] };
const classify = [["classify", { kind: "adamw" }, "batch"]] as const;
const pretrain = (["restore", "infoNce", "vicReg"] as const).map((task) => [task, { kind: "adamw" }, "batch"] as const);

/** Of each model that a config can train (a detector's step is in detect.ts; a hexanet is below): options that make it narrow, and the ways of training that differ in ops. */
const trained = {
  unet: {
    options: levels,
    ways: [
      ["lesion", { kind: "adamw" }, "batch"],
      ["lesion", { kind: "adam", clipNorm: null }, "slice"],
      ["lesion", { kind: "sgd", ...many }, "batch"],
      ["tissue", { kind: "adamw" }, "batch"],
      ["localInfoNce", { kind: "adamw" }, "batch"],
      ...pretrain,
    ],
  },
  nnunet: { options: levels, ways: [["lesion", { kind: "sgd" }, "batch"], ...pretrain] },
  autoencoder: { options: levels, ways: [["denoise", { kind: "adamw" }, "batch"]] },
  miniresnet: { options: { widths: [4, 8] }, ways: [...classify, ...pretrain] },
  resnet18: { options: { width: 4 }, ways: classify },
  resnet34: { options: { width: 4 }, ways: classify },
  resnet50: { options: { width: 4 }, ways: classify },
  mil: { options: { encoder: { kind: "miniresnet", widths: [4, 8] } }, ways: [["mil", { kind: "adamw" }, "batch"]] },
} as const satisfies Record<Exclude<ModelOptions["kind"], "yolov5" | "hexanet">, TrainedWays>;

interface TrainedWays {
  readonly options: object;
  readonly ways: readonly (readonly [TaskName, object, "batch" | "slice"])[];
}

/** A training step of our own kind, a prediction and heat maps, for each model and each way that the options make them differ in ops. */
export function trainAndPredict(): void {
  for (const [kind, { options, ways }] of Object.entries<TrainedWays>(trained)) {
    for (const [task, optimizer, diceOver] of ways) stepAndPredict(modelOptions.parse({ kind, ...options }), task, optimizer, diceOver); // biome-ignore format: one line
  }
}

function stepAndPredict(which: ModelOptions, task: TaskName, optimizer: object, diceOver: "batch" | "slice"): void {
  const hasOwnLoss = !["lesion", "tissue", "classify", "mil"].includes(task);
  const weight = hasOwnLoss ? 0 : 1;
  const options = trainOptions.parse({
    task,
    optimizer,
    batchSize: 2,
    cropSize: 16,
    loss: { diceOver, dicePower: 2, emptySliceWeight: 0.2, lesionPixelWeight: 2, focal: { weight }, tversky: { weight } },
    bags: { images: 3 },
    restore: { sidePixels: [2, 4] },
    contrast: { head: { hidden: [8], features: 6, batchNorm: task === "vicReg" }, regions: 4, regionPlaces: 2 },
    averageDecay: 0.9,
  });
  const model = buildModel(which, { ...networkShape(options), seed: 1 });
  const state = createState(model, options);
  const tensors = uploadBatch(paintBatch(drawBatch(seededRng(1), pool, 1, options)));
  const more = options.optimizer.accumulate > 1 ? [tensors] : [];
  makeTrainStep(state, options)(tensors, 1, more).dataSync();
  tf.tidy(() => tf.sigmoid(mirrorMean(model, tensors.image, "all")).dataSync());
  heat(model, tensors.image);
  tf.dispose([tensors.image, tensors.target]);
  disposeState(state);
  model.dispose();
}

/** Heat maps, where the model is a classifier. */
function heat({ maps, weights }: Model, image: Tensor4D): void {
  if (maps === undefined) return;
  for (const method of ["grad-cam", "grad-cam++"] as const) {
    tf.tidy(() => classActivation({ maps, weights }, image, 0, method).dataSync());
  }
}

/** Two cases of two slices, one of them with blood; every pixel has a tissue. */
const slices = [0, 1, 2, 3].map((n): TrainSlice => {
  const masks = Uint8Array.from(
    { length: 256 },
    (_, i) => brainBit | (n === 0 && i < 40 ? lesionBit : 0) | ((i % 3) << classShift),
  );
  const pixels = Uint16Array.from({ length: 256 }, (_, i) => (i * 37 * (n + 1)) % quantum);
  const counts = { lesionPixels: n === 0 ? 40 : 0, brainPixels: 256, maskedGain: 1 };
  return { caseId: n < 2 ? "ill" : "well", index: n % 2, width: 16, height: 16, pixels, masks, ...counts };
});
const pool = { slices, groups: groupSlices(slices) };

/** A gradient and a prediction of the networks that see sets of images, for each way that they pool, and of the autoencoder. */
export function gradientsOfSets(): void {
  const encoder = { kind: "miniresnet", widths: [4, 8], blocks: 1 } as const;
  const shape = { inChannels: 1, outChannels: 1, seed: 1 };
  const bags = ["attention", "mean", "max", "topk"].map((kind) =>
    buildMil(milOptions.parse({ kind: "mil", encoder, pooling: { kind } }), shape),
  );
  const regions = [true, false].map((shared) => buildHexaNet(hexanetOptions.parse({ kind: "hexanet", encoder, shared }), shape));
  tf.tidy(() => {
    const x = tf.reshape(noise([12, 16, 16, 1], 1), [2, 6, 16, 16, 1]) as Tensor5D;
    const real = tf.ones([2, 6]) as Tensor2D;
    for (const training of [true, false]) {
      for (const model of bags) gradientOf(model, () => model.apply(x, real, { training }).logits);
      for (const model of regions) gradientOf(model, () => model.apply(x, real, { training }));
    }
    for (const skips of [true, false]) {
      const model = buildAutoencoder(autoencoderOptions.parse({ kind: "autoencoder", channels: [4, 8], skips }), shape);
      gradientOf(model, () => model.apply(noise([2, 16, 16, 1], 1), { training: true }));
      anomalyMap(model, noise([2, 16, 16, 1], 1)).dataSync();
      model.dispose();
    }
  });
  for (const model of [...bags, ...regions]) model.dispose();
}

/** A gradient of each loss of pretraining, through the head that it is for. */
export function gradientsOfPretraining(): void {
  const [inside, channels] = [4, [4, 8, 4]];
  const vic = headOptions.parse({ hidden: [8], features: 6, batchNorm: true });
  const head = headOptions.parse({ hidden: [8], features: 6 });
  const weights = createWeights(
    [...headWeights("expander", inside, vic), ...headWeights("head", inside, head), ...restoreWeights(channels, 1)],
    1,
  );
  const trainable = [...weights.keys()].filter((name) => !name.includes("running_"));
  const scope = { weights, mode: { training: true } };
  const maps = (seed: number) => noise([2, 4, 4, inside], seed);
  const of = <T>(run: (x: Tensor4D) => T): [T, T] => [run(maps(1)), run(maps(2))];
  tf.tidy(() => {
    const losses = () => [
      infoNce(...of((x) => globalHead(scope, "head", x, head)), 0.1),
      localInfoNce(...of((x) => localHead(scope, "head", x, head)), 0.1),
      vicReg(...of((x) => globalHead(scope, "expander", x, vic))),
      tf.mean(tf.square(restore(scope, maps(1), channels))),
    ];
    gradientOf({ weights, trainable }, () => tf.stack(losses()));
  });
  disposeWeights(weights);
}

function gradientOf(
  { weights, trainable }: { weights: ReadonlyMap<string, Variable>; trainable: readonly string[] },
  run: () => Tensor,
): void {
  const moved = trainable.map((name) => weights.get(name)!);
  tf.variableGrads(() => tf.sum(tf.square(run())) as Scalar, moved).value.dataSync();
}

function noise(shape: [number, number, number, number], seed: number): Tensor4D {
  const rng = seededRng(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor4d(
    Float32Array.from({ length: size }, () => rng.uniform()),
    shape,
  );
}
