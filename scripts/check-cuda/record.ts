import type { Binding, NativeBackend } from "../../src/backend/binding.ts";
import { type Tensor4D, tf } from "../../src/backend/tf.ts";
import { isTraced } from "../../src/backend/traced/index.ts";
import { seededRng } from "../../src/core/rng.ts";
import { buildModel, modelOptions } from "../../src/models/index.ts";
import { trainOptions } from "../../src/train/options.ts";
import { createState, disposeState } from "../../src/train/state.ts";
import { makeTrainStep } from "../../src/train/step.ts";
import { tasks } from "../../src/train/task.ts";

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

/** A training step of our own kind and a prediction, for each way that the options make them differ in ops. */
export function trainAndPredict(): void {
  const many = { accumulate: 2, freeze: ["down0.conv0"], groups: [{ prefix: "up", rateFactor: 0.5 }] };
  const ways = [
    ["lesion", { kind: "adamw" }, "batch", "unet"],
    ["lesion", { kind: "adam", clipNorm: null }, "slice", "unet"],
    ["lesion", { kind: "sgd", ...many }, "batch", "unet"],
    ["lesion", { kind: "sgd" }, "batch", "nnunet"],
    ["tissue", { kind: "adamw" }, "batch", "unet"],
    ["classify", { kind: "adamw" }, "batch", "resnet18"],
    ["classify", { kind: "adamw" }, "batch", "resnet50"],
  ] as const;
  for (const [task, optimizer, diceOver, kind] of ways) {
    const options = trainOptions.parse({
      task,
      optimizer,
      loss: { diceOver, dicePower: 2, emptySliceWeight: 0.2, lesionPixelWeight: 2, focal: { weight: 1 }, tversky: { weight: 1 } },
      averageDecay: 0.9,
    });
    const model = buildModel(
      modelOptions.parse(kind.startsWith("resnet") ? { kind, width: 4 } : { kind, channels: [4, 8, 8, 16] }),
      {
        inChannels: 1,
        outChannels: tasks[task].outputs.length,
        seed: 1,
      },
    );
    const state = createState(model, options);
    const side = tasks[task].perSlice ? 1 : 16;
    const [image, target] = [
      noise([2, 16, 16, 1], 1),
      tf.round(noise([2, side, side, tasks[task].outputs.length], 2)) as Tensor4D,
    ];
    const more = options.optimizer.accumulate > 1 ? [{ image, target }] : [];
    makeTrainStep(state, options)({ image, target }, 1, more).dataSync();
    tf.tidy(() => tf.sigmoid(model.apply(image, { training: false })).dataSync());
    tf.dispose([image, target]);
    disposeState(state);
    model.dispose();
  }
}

function noise(shape: [number, number, number, number], seed: number): Tensor4D {
  const rng = seededRng(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor4d(
    Float32Array.from({ length: size }, () => rng.uniform()),
    shape,
  );
}
