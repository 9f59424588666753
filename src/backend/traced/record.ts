import type { Binding, NativeBackend, OpAttribute, OutputInfo } from "../binding.ts";
import { type Tensor, tf } from "../tf.ts";
import { type ConstantValue, encodeGraph, type GraphNode } from "./graph.ts";

/** What one run of a function did, as a graph. */
export interface Recording {
  readonly nodes: readonly GraphNode[];
  /** The nodes as a GraphDef. */
  readonly graph: Buffer;
  /** Names of the nodes that take the inputs, and of those that give the outputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A function of tensors alone: the same ops in the same order whatever the values. */
export type TensorFunction = (inputs: readonly Tensor[]) => readonly Tensor[];

/** A graph while it is recorded. */
interface Notes {
  readonly binding: Binding;
  readonly nodes: GraphNode[];
  /** By the addon's number of a tensor: the node and output (`name:index`) that it comes from. */
  readonly sources: Map<number, string>;
  /** By the same: values made of JavaScript numbers, which are a node only once something takes them. */
  readonly constants: Map<number, ConstantValue>;
  /** Arrays that became tensors meanwhile. */
  readonly made: WeakSet<object>;
  /** How many nodes of each op there are, for their names. */
  readonly counts: Map<string, number>;
}

/**
 * Runs a function once, op by op, and writes down what it did; its results are thrown away.
 *
 * Every op of TensorFlow.js on the native backend is one call of the addon, and those are caught. What an op takes is either an input, or the
 * result of an op before it, or made of JavaScript numbers meanwhile, which become constants of the graph.
 *
 * @throws {RangeError} If the function takes a tensor from outside that is not among its inputs, or reads a tensor.
 */
export function record(run: TensorFunction, given: readonly Tensor[]): Recording {
  const backend = tf.backend() as unknown as NativeBackend;
  const { binding, move } = backend;
  const inputs = apart(backend, given);
  const notes: Notes = { binding, nodes: [], sources: new Map(), constants: new Map(), made: new WeakSet(), counts: new Map() };
  const ids = backend.getInputTensorIds(inputs);
  const inputNames = inputs.map((tensor, i) => addInput(notes, ids[i]!, tensor));
  let outputNames: string[] = [];
  backend.binding = overheard(notes);
  backend.move = (dataId, values, ...rest) => {
    notes.made.add(values);
    move.call(backend, dataId, values, ...rest);
  };
  try {
    tf.tidy(() => {
      const results = run(inputs);
      outputNames = backend.getInputTensorIds(results).map((id, i) => addOutput(notes, id, results[i]!));
    });
  } finally {
    backend.binding = binding;
    backend.move = move;
    tf.dispose(inputs.filter((tensor, i) => tensor !== given[i]));
  }
  return { nodes: notes.nodes, graph: encodeGraph(binding, notes.nodes), inputs: inputNames, outputs: outputNames };
}

/** The inputs, with copies for those that share their values with one before: recorded, the two could not be told apart. */
function apart(backend: NativeBackend, inputs: readonly Tensor[]): Tensor[] {
  const ids = backend.getInputTensorIds(inputs);
  return inputs.map((tensor, i) => {
    if (ids.indexOf(ids[i]!) === i) return tensor;
    return backend.executeMultipleOutputs("Identity", [typeAttribute(backend, "T", tensor.dtype)], [tensor], 1)[0]!;
  });
}

/** The addon, every op of which is noted. */
function overheard(notes: Notes): Binding {
  const { executeOp, createTensor, TF_INT64 } = notes.binding;
  const own: Pick<Binding, "executeOp" | "createTensor" | "tensorDataSync"> = {
    executeOp(op, attributes, ids, count) {
      const outputs = executeOp(op, attributes, ids, count);
      addOp(notes, op, attributes, ids, outputs);
      return outputs;
    },
    createTensor(shape, dtype, values) {
      const id = createTensor(shape, dtype, values);
      // Values that became a tensor before the recording began come from outside, although they reach the addon only now. Sizes of
      // 64 bits are made within kernels.
      if (notes.made.has(values) || dtype === TF_INT64) notes.constants.set(id, copyOf(shape, dtype, values));
      return id;
    },
    tensorDataSync() {
      throw new RangeError(
        "a traced function must not read a tensor (data, dataSync, arraySync); give what it needs as an input",
      );
    },
  };
  return Object.create(notes.binding, Object.getOwnPropertyDescriptors(own)) as Binding;
}

/** A copy, as bytes: whoever made the array may change it. */
function copyOf(shape: readonly number[], dtype: number, values: NodeJS.TypedArray): ConstantValue {
  return { shape: [...shape], dtype, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice() };
}

function addInput(notes: Notes, id: number, { shape, dtype }: Tensor): string {
  const attributes = [typeAttribute(notes, "dtype", dtype)];
  const name = addNode(notes, { op: "Placeholder", inputs: [], attributes, shape });
  notes.sources.set(id, `${name}:0`);
  return name;
}

/** A node of its own for each output, since an output may be an input or a constant as well. */
function addOutput(notes: Notes, id: number, { dtype }: Tensor): string {
  const inputs = [sourceOf(notes, id, "the result")];
  return addNode(notes, { op: "Identity", inputs, attributes: [typeAttribute(notes, "T", dtype)] });
}

function addOp(
  notes: Notes,
  op: string,
  attributes: readonly OpAttribute[],
  ids: readonly number[],
  outputs: readonly OutputInfo[],
): void {
  const name = addNode(notes, { op, inputs: ids.map((id) => sourceOf(notes, id, op)), attributes });
  for (const [i, { id }] of outputs.entries()) notes.sources.set(id, `${name}:${i}`);
}

function sourceOf(notes: Notes, id: number, user: string): string {
  const known = notes.sources.get(id);
  if (known !== undefined) return known;
  const value = notes.constants.get(id);
  if (value === undefined)
    throw new RangeError(`a traced function must get every tensor as an input; ${user} takes one from outside`);
  const attributes = [{ name: "dtype", type: notes.binding.TF_ATTR_TYPE, value: value.dtype }];
  const source = `${addNode(notes, { op: "Const", inputs: [], attributes, value })}:0`;
  notes.sources.set(id, source);
  return source;
}

function typeAttribute({ binding }: Pick<Notes, "binding">, name: string, dtype: string): OpAttribute {
  const types = new Map([
    ["float32", binding.TF_FLOAT],
    ["int32", binding.TF_INT32],
    ["bool", binding.TF_BOOL],
  ]);
  const value = types.get(dtype);
  if (value === undefined) throw new RangeError(`a traced function cannot take or give tensors of type ${dtype}`);
  return { name, type: binding.TF_ATTR_TYPE, value };
}

function addNode(notes: Notes, node: Omit<GraphNode, "name">): string {
  const count = notes.counts.get(node.op) ?? 0;
  notes.counts.set(node.op, count + 1);
  const name = `${node.op.replace(/^_/, "")}_${count}`; // a name may not start with an underscore
  notes.nodes.push({ name, ...node });
  return name;
}
