import { type Tensor4D, tf } from "../../src/backend/tf.ts";
import { seededRng } from "../../src/core/rng.ts";
import { buildModel, modelOptions } from "../../src/models/index.ts";
import { trainOptions } from "../../src/train/options.ts";
import { createState, disposeState } from "../../src/train/state.ts";
import { makeTrainStep } from "../../src/train/step.ts";

/** One way that an op was called: its name and the types it was given, by attribute (TensorFlow's numbers). */
export interface OpCall {
  readonly op: string;
  readonly types: ReadonlyMap<string, number>;
  count: number;
}

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

interface Binding {
  readonly TF_ATTR_TYPE: number;
  executeOp(op: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): unknown;
}

/** Every native op that `work` runs. Native TensorFlow must be current. */
export function recordOps(work: () => void): OpCall[] {
  const backend = tf.backend() as unknown as { binding: Binding };
  const binding = backend.binding;
  const calls = new Map<string, OpCall>();
  const executeOp: Binding["executeOp"] = (op, attributes, ...rest) => {
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
  const ways = [["adamw", "batch", 5], ["adam", "slice", null]] as const; // biome-ignore format: one way a pair
  for (const [kind, diceOver, clipNorm] of ways) {
    const options = trainOptions.parse({
      optimizer: { kind, clipNorm },
      loss: { diceOver, emptySliceWeight: 0.2 },
      averageDecay: 0.9,
    });
    const model = buildModel(modelOptions.parse({ kind: "unet", channels: [4, 8, 16] }), {
      inChannels: 1,
      outChannels: 2,
      seed: 1,
    });
    const state = createState(model, true);
    const [image, target] = [noise([2, 16, 16, 1], 1), tf.round(noise([2, 16, 16, 2], 2)) as Tensor4D];
    makeTrainStep(state, options)({ image, target }, 1).dataSync();
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
