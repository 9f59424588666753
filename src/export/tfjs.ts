import type { Forward, ForwardOp, ForwardValue } from "../backend/forward.ts";
import { axesOf, channelwise, filterSize, type Kernel, kernelOf, numberOf, numbersOf, oneUnknown, transposed, windowFilter, windowOf } from "./kernels.ts"; // biome-ignore format: one line

// A graph model of TensorFlow.js is a GraphDef of TensorFlow in JSON, with its constants' values in files of their own.
// Source: github.com/tensorflow/tfjs, tfjs-converter: converters/tf_saved_model_conversion_v2.py writes it, operations/op_list says what its executor reads.

type Attribute =
  | { type: string }
  | { s: string }
  | { i: string }
  | { f: number }
  | { b: boolean }
  | { list: { i: string[] } }
  | { shape: ShapeJson };
interface ShapeJson {
  readonly dim: readonly { readonly size: string }[];
}
interface TfNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, unknown>>;
}

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly values: Float32Array | Int32Array;
}

/** A graph while it is written. */
interface Graph {
  readonly nodes: TfNode[];
  readonly weights: Weight[];
  /** Names of the nodes of ops, and of constants, that are there already. */
  readonly ops: Map<ForwardOp, string>;
  readonly constants: Map<object, string>;
}

/** Bytes of one weight file: browsers keep files of 4 MB in their cache. */
const shardBytes = 4 * 2 ** 20;

/**
 * The files of a graph model for `tf.loadGraphModel`: model.json and its weights, little-endian.
 * The input is called `image`, N x height x width x channels; outputs have the names of the recording.
 *
 * @param metadata - Comes back as `userDefinedMetadata` of the loaded model.
 * @throws {RangeError} If an op of the network has no counterpart.
 */
export function encodeTfjs(
  forward: Forward,
  generator: string,
  metadata: unknown,
): { path: string; content: string | Uint8Array }[] {
  const graph: Graph = { nodes: [], weights: [], ops: new Map(), constants: new Map() };
  const float = { dtype: { type: "DT_FLOAT" } };
  graph.nodes.push({ name: inputName, op: "Placeholder", attr: { ...float, shape: { shape: shapeJson(forward.input.shape) } } });
  const outputs = [...forward.outputs].map(([name, value]) => {
    const source = nameOf(graph, value);
    graph.nodes.push({ name, op: "Identity", input: [source], attr: { T: { type: "DT_FLOAT" } } });
    return [name, { name: `${name}:0`, dtype: "DT_FLOAT", tensorShape: shapeJson(value.shape) }] as const;
  });
  const input = { name: `${inputName}:0`, dtype: "DT_FLOAT", tensorShape: shapeJson(forward.input.shape) };
  const bytes = Buffer.concat(
    graph.weights.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  );
  const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const model = {
    format: "graph-model",
    generatedBy: generator,
    convertedBy: generator,
    signature: { inputs: { [inputName]: input }, outputs: Object.fromEntries(outputs) },
    userDefinedMetadata: metadata,
    modelTopology: { node: graph.nodes, library: {}, versions: { producer: 1645 } },
    weightsManifest: [{ paths, weights: graph.weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }],
  };
  const shards = paths.map((path, i) => ({ path, content: bytes.subarray(i * shardBytes, (i + 1) * shardBytes) }));
  return [...shards, { path: "model.json", content: `${JSON.stringify(model)}\n` }];
}

const inputName = "image";

/** `node` or `node:output` of a value; what is not there yet is written first. */
function nameOf(graph: Graph, value: ForwardValue): string {
  const { from, shape } = value;
  if (from.kind === "input") return inputName;
  if (from.kind === "constant") return weightNode(graph, from, { ...from, shape: shape as number[] });
  const name = graph.ops.get(from.op) ?? writers[kernelOf(from.op)](graph, from.op);
  graph.ops.set(from.op, name);
  return from.index === 0 ? name : `${name}:${from.index}`;
}

function weightNode(graph: Graph, key: object, weight: Weight): string {
  const known = graph.constants.get(key);
  if (known !== undefined) return known;
  const { name, shape, dtype, values } = weight;
  const type = dtype === "float32" ? "DT_FLOAT" : "DT_INT32";
  const tensor = { dtype: type, tensorShape: shapeJson(shape) };
  graph.nodes.push({ name, op: "Const", attr: { dtype: { type }, value: { tensor } } });
  graph.weights.push({ name, shape, dtype, values });
  graph.constants.set(key, name);
  return name;
}

/** Whole numbers that an op takes as an input. */
function integers(graph: Graph, values: readonly number[], shape: readonly number[] = [values.length]): string {
  return weightNode(
    graph,
    {},
    { name: `integers_${graph.nodes.length}`, shape, dtype: "int32", values: Int32Array.from(values) },
  );
}

function float(graph: Graph, value: number): string {
  return weightNode(
    graph,
    {},
    { name: `number_${graph.nodes.length}`, shape: [], dtype: "float32", values: Float32Array.of(value) },
  );
}

function add(graph: Graph, op: string, input: readonly string[], attr: Readonly<Record<string, Attribute>> = {}): string {
  const name = `${op}_${graph.nodes.length}`;
  graph.nodes.push({ name, op, input, attr: { T: { type: "DT_FLOAT" }, ...attr } });
  return name;
}

const text = (value: string): Attribute => ({ s: Buffer.from(value).toString("base64") });
const whole = (value: number): Attribute => ({ i: String(value) });
const wholes = (values: readonly number[]): Attribute => ({ list: { i: values.map(String) } });
const shapeJson = (shape: readonly (number | null)[]): ShapeJson => ({
  dim: shape.map((size) => ({ size: String(size ?? -1) })),
});

type Writer = (graph: Graph, op: ForwardOp) => string;

/** An op that differs in nothing but its name. */
const plain =
  (name: string): Writer =>
  (graph, { inputs }) =>
    add(
      graph,
      name,
      Object.values(inputs).map((value) => nameOf(graph, value)),
    );

const pooling =
  (name: string): Writer =>
  (graph, op) =>
    add(graph, name, [nameOf(graph, op.inputs.x!)], { ...moving(op), ksize: wholes([1, filterSize(op), filterSize(op), 1]) });

const reduction =
  (name: string): Writer =>
  (graph, op) => {
    const [x] = Object.values(op.inputs) as [ForwardValue];
    return reduce(graph, name, nameOf(graph, x), axesOf(op, x), op.attributes.keepDims === true);
  };

function reduce(graph: Graph, name: string, x: string, axes: readonly number[], keep: boolean): string {
  return add(graph, name, [x, integers(graph, axes)], { keep_dims: { b: keep }, Tidx: { type: "DT_INT32" } });
}

function moving(op: ForwardOp): Record<string, Attribute> {
  const { stride, padding } = windowOf(op);
  return { strides: wholes([1, stride, stride, 1]), padding: text(padding.toUpperCase()), data_format: text("NHWC") };
}

const writers: Readonly<Record<Kernel, Writer>> = {
  Add: plain("AddV2"),
  Sub: plain("Sub"),
  Multiply: plain("Mul"),
  RealDiv: plain("RealDiv"),
  Maximum: plain("Maximum"),
  Minimum: plain("Minimum"),
  Relu: plain("Relu"),
  LeakyRelu: (graph, op) => add(graph, "LeakyRelu", [nameOf(graph, op.inputs.x!)], { alpha: { f: numberOf(op, "alpha") } }),
  Sigmoid: plain("Sigmoid"),
  Tanh: plain("Tanh"),
  Exp: plain("Exp"),
  Sqrt: plain("Sqrt"),
  Rsqrt: plain("Rsqrt"),
  Square: plain("Square"),
  Neg: plain("Neg"),
  Softmax: plain("Softmax"),
  Conv2D: (graph, op) =>
    add(graph, "Conv2D", [nameOf(graph, op.inputs.x!), nameOf(graph, op.inputs.filter!)], {
      ...moving(op),
      dilations: wholes([1, 1, 1, 1]),
    }),
  Conv2DBackpropInput: enlarge,
  BatchMatMul(graph, op) {
    const turned = {
      transpose_a: { b: op.attributes.transposeA === true },
      transpose_b: { b: op.attributes.transposeB === true },
    };
    const inputs = [nameOf(graph, op.inputs.a!), nameOf(graph, op.inputs.b!)];
    if (op.inputs.a!.shape.length === 2) return add(graph, "MatMul", inputs, turned);
    return add(graph, "BatchMatMulV2", inputs, { adj_x: turned.transpose_a, adj_y: turned.transpose_b });
  },
  MaxPool: pooling("MaxPool"),
  AvgPool: pooling("AvgPool"),
  GroupNorm: normalise,
  DoubleNearest(graph, op) {
    const x = nameOf(graph, op.inputs.x!);
    const four = add(graph, "ConcatV2", [x, x, x, x, integers(graph, [3], [])], { N: whole(4), Tidx: { type: "DT_INT32" } });
    return add(graph, "DepthToSpace", [four], { block_size: whole(2), data_format: text("NHWC") });
  },
  Mean: reduction("Mean"),
  Sum: reduction("Sum"),
  Max: reduction("Max"),
  PadV2(graph, op) {
    const paddings = numbersOf(op, "paddings");
    const shape = [paddings.length / 2, 2];
    const inputs = [nameOf(graph, op.inputs.x!), integers(graph, paddings, shape), float(graph, numberOf(op, "constantValue"))];
    return add(graph, "PadV2", inputs, { Tpaddings: { type: "DT_INT32" } });
  },
  Concat(graph, op) {
    const values = Object.values(op.inputs).map((value) => nameOf(graph, value));
    const axis = integers(graph, [numberOf(op, "axis")], []);
    return add(graph, "ConcatV2", [...values, axis], { N: whole(values.length), Tidx: { type: "DT_INT32" } });
  },
  SplitV(graph, op) {
    const sizes = numbersOf(op, "numOrSizeSplits");
    const inputs = [nameOf(graph, op.inputs.x!), integers(graph, sizes), integers(graph, [numberOf(op, "axis")], [])];
    return add(graph, "SplitV", inputs, { num_split: whole(sizes.length), Tlen: { type: "DT_INT32" } });
  },
  Reshape: (graph, op) =>
    add(graph, "Reshape", [nameOf(graph, op.inputs.x!), integers(graph, oneUnknown(op))], { Tshape: { type: "DT_INT32" } }),
  Transpose: (graph, op) =>
    add(graph, "Transpose", [nameOf(graph, op.inputs.x!), integers(graph, numbersOf(op, "perm"))], {
      Tperm: { type: "DT_INT32" },
    }),
};

/**
 * A transposed convolution whose windows do not overlap: a 1 x 1 convolution to all pixels of a window as channels, which then become pixels.
 * TensorFlow's own op would have to be told the size of its result.
 */
function enlarge(graph: Graph, op: ForwardOp): string {
  const { shape, from } = windowFilter(op);
  const [side, , outside, inside] = shape;
  const values = transposed(from.values, shape, [3, 0, 1, 2]);
  const kernel = weightNode(graph, from, { ...from, values, shape: [1, 1, inside, side * side * outside] });
  const attributes = {
    strides: wholes([1, 1, 1, 1]),
    padding: text("VALID"),
    data_format: text("NHWC"),
    dilations: wholes([1, 1, 1, 1]),
  };
  const flat = add(graph, "Conv2D", [nameOf(graph, op.inputs.dy!), kernel], attributes);
  return add(graph, "DepthToSpace", [flat], { block_size: whole(side), data_format: text("NHWC") });
}

/** Instance normalisation with scale and shift. */
function normalise(graph: Graph, op: ForwardOp): string {
  const { scale, shift, x: input } = channelwise(op);
  const x = nameOf(graph, input);
  const mean = reduce(graph, "Mean", x, [1, 2], true);
  const centred = add(graph, "Sub", [x, mean]);
  const variance = reduce(graph, "Mean", add(graph, "Square", [centred]), [1, 2], true);
  const inverse = add(graph, "Rsqrt", [add(graph, "AddV2", [variance, float(graph, numberOf(op, "epsilon"))])]);
  const factor = add(graph, "Mul", [inverse, nameOf(graph, scale)]);
  return add(graph, "AddV2", [add(graph, "Mul", [centred, factor]), nameOf(graph, shift)]);
}
