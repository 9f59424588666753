import { isNative } from "./execute.ts";
import { type Tensor, type Tensor4D, tf } from "./tf.ts";

/** A tensor of a recorded forward pass; a size of null is whatever the input makes it. */
export interface ForwardValue {
  readonly shape: readonly (number | null)[];
  readonly from: ForwardInput | ForwardConstant | { readonly kind: "op"; readonly op: ForwardOp; readonly index: number };
}

export interface ForwardInput {
  readonly kind: "input";
}

/** A weight, by its name; what is computed from weights alone; or numbers of the code. */
export interface ForwardConstant {
  readonly kind: "constant";
  readonly name: string;
  readonly dtype: "float32" | "int32";
  readonly values: Float32Array | Int32Array;
}

/** One kernel of TensorFlow.js as it was called, or an op that {@link whole} names. */
export interface ForwardOp {
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, ForwardValue>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Number of tensors that it gives. */
  readonly outputs: number;
}

/** What a network does to an input, whatever its numbers. */
export interface Forward {
  readonly input: ForwardValue;
  /** By the names that the function gave them. */
  readonly outputs: ReadonlyMap<string, ForwardValue>;
}

/** What a network takes: N x height x width x channels. */
export interface ForwardShape {
  readonly channels: number;
  /** Height and width are multiples of this. */
  readonly multiple: number;
  /** Height and width where they must not vary; null where they may. */
  readonly fixed: readonly [number, number] | null;
}

/** A function from one picture batch to named tensors. It must take every number that matters from the batch or from `weights`. */
export type ForwardFunction = (x: Tensor4D) => Readonly<Record<string, Tensor>>;

type Note = (kernel: string, inputs: object, attributes: object, outputs: Tensor | Tensor[]) => void;

/** The recording that is under way. */
let current: Note | null = null;

/**
 * An op made of several: in a recording it is one, by its own name, which other programs may have as one op, too. Elsewhere it just runs.
 * @param attributes - With `inputs` all that the result depends on.
 */
export function whole<T extends Tensor>(
  kernel: string,
  inputs: Readonly<Record<string, Tensor>>,
  attributes: object,
  run: () => T,
): T {
  const note = current;
  if (note === null) return run();
  current = null;
  try {
    const output = run();
    note(kernel, inputs, attributes, output);
    return output;
  } finally {
    current = note;
  }
}

/**
 * Records what a function does, for sizes of input that it has not seen: it runs twice, with another batch, height and width, and what differs between
 * the two is what hangs on the size. Ops on weights alone are done here and become constants.
 *
 * @param weights - Names for the tensors that are weights.
 * @throws {RangeError} On the native backend, some of whose ops are not kernels of TensorFlow.js; or if the function does not do the same for all sizes,
 *   which `fixed` may mend.
 */
export function recordForward(run: ForwardFunction, shape: ForwardShape, weights: ReadonlyMap<string, Tensor>): Forward {
  if (isNative()) throw new RangeError("recordForward: needs the backend cpu or wasm; got native TensorFlow");
  const { channels, multiple, fixed } = shape;
  const unit = multiple * Math.ceil(16 / multiple); // so that no level of a network of today comes down to nothing
  const first = recordOnce(run, [1, ...(fixed ?? [2 * unit, 3 * unit]), channels], weights);
  const second = recordOnce(run, [2, ...(fixed ?? [3 * unit, 4 * unit]), channels], weights);
  const merge = merger();
  const outputs = new Map([...first.outputs].map(([name, value]) => [name, merge(value, second.outputs.get(name)!)] as const));
  return { input: merge(first.input, second.input), outputs };
}

function recordOnce(
  run: ForwardFunction,
  shape: [number, number, number, number],
  weights: ReadonlyMap<string, Tensor>,
): Forward {
  let recorded: Forward | undefined;
  tf.tidy(() => {
    const names = new Map([...weights].map(([name, tensor]) => [tensor.id, name]));
    const x = tf.tensor4d(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i + shape[1])),
      shape,
    );
    const values = new Map<number, ForwardValue>([[x.id, { shape, from: { kind: "input" } }]]);
    const known = (tensor: Tensor): ForwardValue => {
      const value = values.get(tensor.id) ?? constantOf(tensor, names.get(tensor.id) ?? `constant_${values.size}`);
      values.set(tensor.id, value);
      return value;
    };
    const note: Note = (kernel, inputs, attributes, outputs) => {
      const taken = Object.entries(inputs) as [string, Tensor][];
      if (!taken.some(([, { id }]) => values.has(id) && values.get(id)!.from.kind !== "constant")) return; // what weights alone make is a constant
      const given = [outputs].flat();
      const op: ForwardOp = {
        kernel,
        inputs: Object.fromEntries(taken.map(([name, tensor]) => [name, known(tensor)])),
        attributes: { ...attributes },
        outputs: given.length,
      };
      for (const [index, { id, shape }] of given.entries()) values.set(id, { shape, from: { kind: "op", op, index } });
    };
    const results = listen(note, () => run(x));
    recorded = { input: values.get(x.id)!, outputs: new Map(Object.entries(results).map(([name, t]) => [name, known(t)])) };
  });
  return recorded!;
}

/** Every kernel that `run` calls is noted. */
function listen<T>(note: Note, run: () => T): T {
  const engine = tf.engine() as unknown as { runKernel(kernel: string, inputs: object, attributes?: object): Tensor | Tensor[] };
  const { runKernel } = engine;
  engine.runKernel = (kernel, inputs, attributes = {}) => {
    const outputs = runKernel.call(engine, kernel, inputs, attributes);
    current?.(kernel, inputs, attributes, outputs);
    return outputs;
  };
  current = note;
  try {
    return run();
  } finally {
    engine.runKernel = runKernel;
    current = null;
  }
}

function constantOf(tensor: Tensor, name: string): ForwardValue {
  if (tensor.dtype !== "float32" && tensor.dtype !== "int32")
    throw new RangeError(`recordForward: ${name} must be float32 or int32; got ${tensor.dtype}`);
  const values = tensor.dataSync().slice() as Float32Array | Int32Array;
  return { shape: tensor.shape, from: { kind: "constant", name, dtype: tensor.dtype, values } };
}

/** Attributes that may hang on the input's size: what is there left to say of them is -1. */
const sizes: Readonly<Record<string, string>> = { Reshape: "shape", Conv2DBackpropInput: "inputShape" };

/** Makes one value of two that were recorded at different sizes; of each op once. */
function merger(): (a: ForwardValue, b: ForwardValue) => ForwardValue {
  const values = new Map<ForwardValue, ForwardValue>();
  const ops = new Map<ForwardOp, ForwardOp>();
  const merge = (a: ForwardValue, b: ForwardValue): ForwardValue => {
    const done = values.get(a);
    if (done !== undefined) return done;
    const shape = a.shape.map((size, axis) => (size === b.shape[axis] ? size : null));
    const merged = { shape, from: origin(a.from, b.from) };
    values.set(a, merged);
    return merged;
  };
  const origin = (a: ForwardValue["from"], b: ForwardValue["from"]): ForwardValue["from"] => {
    if (a.kind === "op" && b.kind === "op" && a.index === b.index) return { ...a, op: mergeOp(a.op, b.op) };
    if (a.kind === "input" && b.kind === "input") return a;
    if (
      a.kind === "constant" &&
      b.kind === "constant" &&
      a.values.length === b.values.length &&
      a.values.every((v, i) => v === b.values[i])
    )
      return a;
    throw sizeBound(a.kind === "op" ? a.op.kernel : a.kind === "constant" ? a.name : "its input");
  };
  const mergeOp = (a: ForwardOp, b: ForwardOp): ForwardOp => {
    const done = ops.get(a);
    if (done !== undefined) return done;
    if (a.kernel !== b.kernel || Object.keys(a.inputs).length !== Object.keys(b.inputs).length) throw sizeBound(a.kernel);
    const inputs = Object.fromEntries(Object.entries(a.inputs).map(([name, value]) => [name, merge(value, b.inputs[name]!)]));
    const attributes = Object.fromEntries(
      Object.entries(a.attributes).map(([name, value]) => [name, mergeAttribute(a.kernel, name, value, b.attributes[name])]),
    );
    const merged = { ...a, inputs, attributes };
    ops.set(a, merged);
    return merged;
  };
  return merge;
}

function mergeAttribute(kernel: string, name: string, a: unknown, b: unknown): unknown {
  if (JSON.stringify(a) === JSON.stringify(b)) return a;
  if (sizes[kernel] !== name || !Array.isArray(a) || !Array.isArray(b) || a.length !== b.length)
    throw sizeBound(`${kernel}.${name}`);
  return a.map((size, axis) => (size === b[axis] ? size : -1));
}

function sizeBound(what: string): RangeError {
  return new RangeError(
    `recordForward: what the network does must not hang on the input's size, but ${what} does; fix height and width`,
  );
}
