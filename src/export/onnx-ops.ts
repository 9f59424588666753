import type { ForwardConstant, ForwardOp, ForwardValue } from "../backend/forward.ts";
import { axesOf, channelwise, constantOf, filterSize, type Kernel, kernelOf, numberOf, numbersOf, oneUnknown, windowFilter, windowOf } from "./kernels.ts"; // biome-ignore format: one line
import { constant, inFirst, isPicture, type Layout, nameOf, node, nodes, numbers, type OnnxGraph, toFirst, type Written } from "./onnx-graph.ts"; // biome-ignore format: one line

type Writer = (graph: OnnxGraph, op: ForwardOp) => Written;

/** Writes an op, and before it what it takes. Pictures stay in ONNX's order from op to op; they are turned only for what knows no pictures. */
export function writeOp(graph: OnnxGraph, op: ForwardOp): Written {
  return writers[kernelOf(op)](graph, op);
}

const first = (name: string): Written => ({ names: [name], layout: "first" });
const last = (name: string): Written => ({ names: [name], layout: "last" });

/** An op of each number alone. */
const unary =
  (write: (graph: OnnxGraph, x: string, op: ForwardOp) => string): Writer =>
  (graph, op) =>
    first(write(graph, nameOf(graph, Object.values(op.inputs)[0]!, "first"), op));

const named = (type: string): Writer => unary((graph, x) => node(graph, type, [x]));

/** An op of two tensors, the smaller repeated. A vector beside pictures is a number for each channel. */
const binary =
  (type: string): Writer =>
  (graph, op) => {
    const values = Object.values(op.inputs);
    const fits = (value: ForwardValue) =>
      isPicture(value) || value.shape.length === 0 || (value.shape.length === 1 && value.from.kind === "constant");
    const layout: Layout = values.some(isPicture) && values.every(fits) ? "first" : "last";
    const names = values.map((value) => (layout === "first" ? besidePictures(graph, value) : nameOf(graph, value, "last")));
    return { names: [node(graph, type, names)], layout };
  };

function besidePictures(graph: OnnxGraph, value: ForwardValue): string {
  const { from, shape } = value;
  if (from.kind !== "constant" || shape.length !== 1) return nameOf(graph, value, "first");
  return constant(graph, from, null, shape as number[], [shape[0]!, 1, 1]);
}

/** A sum; where it adds a number to each channel of a convolution, the convolution does it. */
function sum(graph: OnnxGraph, op: ForwardOp): Written {
  const { a, b } = op.inputs as { a: ForwardValue; b: ForwardValue };
  if (a.from.kind === "op" && b.from.kind === "constant" && b.shape.length === 1) {
    if (a.from.op.kernel === "Conv2D") return convolution(graph, a.from.op, b.from);
    if (a.from.op.kernel === "Conv2DBackpropInput") return enlarge(graph, a.from.op, b.from);
  }
  return binary("Add")(graph, op);
}

function convolution(graph: OnnxGraph, op: ForwardOp, bias?: ForwardConstant): Written {
  const { shape, from } = constantOf(op, "filter");
  const { x, attributes } = framed(graph, op, 0, shape[0]!);
  const kernel = constant(graph, from, [3, 2, 0, 1], shape);
  return first(node(graph, "Conv", [x, kernel, ...biasInput(graph, bias)], attributes));
}

function enlarge(graph: OnnxGraph, op: ForwardOp, bias?: ForwardConstant): Written {
  const { shape, from } = windowFilter(op);
  const kernel = constant(graph, from, [3, 2, 0, 1], shape);
  const inputs = [nameOf(graph, op.inputs.dy!, "first"), kernel, ...biasInput(graph, bias)];
  return first(node(graph, "ConvTranspose", inputs, { strides: [shape[0], shape[0]] }));
}

function biasInput(graph: OnnxGraph, bias: ForwardConstant | undefined): string[] {
  return bias === undefined ? [] : [constant(graph, bias, null, [bias.values.length])];
}

const pooling =
  (type: string): Writer =>
  (graph, op) => {
    const side = filterSize(op);
    const { x, attributes } = framed(graph, op, type === "MaxPool" ? Number.NEGATIVE_INFINITY : null, side);
    return first(node(graph, type, [x], { ...attributes, kernel_shape: [side, side] }));
  };

/**
 * What a window moves over, and its attributes. A frame of `filling` that was put around the picture before becomes the op's own.
 * @param filling - null: the op's own frame holds no number.
 */
function framed(graph: OnnxGraph, op: ForwardOp, filling: number | null, side: number) {
  const { stride, padding } = windowOf(op);
  const strides = [stride, stride];
  const x = op.inputs.x!;
  const before =
    x.from.kind === "op" && x.from.op.kernel === "PadV2" && x.from.op.attributes.constantValue === filling ? x.from.op : null;
  if (before !== null && padding === "valid") {
    const [, , top, bottom, left, right] = numbersOf(before, "paddings") as [number, number, number, number, number, number];
    return { x: nameOf(graph, before.inputs.x!, "first"), attributes: { strides, pads: [top, left, bottom, right] } };
  }
  const attributes = { strides, ...(padding === "valid" ? {} : samePadding(side, stride)) };
  return { x: nameOf(graph, x, "first"), attributes };
}

/** TensorFlow's "same": at stride 1 it is known beforehand, else it hangs on the picture's size. */
function samePadding(side: number, stride: number): { pads: number[] } | { auto_pad: string } {
  if (stride > 1) return { auto_pad: "SAME_UPPER" };
  const [before, after] = [(side - 1) >> 1, side >> 1];
  return { pads: [before, before, after, after] };
}

const reduction =
  (type: "ReduceMean" | "ReduceSum" | "ReduceMax"): Writer =>
  (graph, op) => {
    const [x] = Object.values(op.inputs) as [ForwardValue];
    const keep = op.attributes.keepDims === true;
    const own = axesOf(op, x);
    // Without height and width the order of what is left is the same in both layouts.
    const layout: Layout = isPicture(x) && (keep || (own.includes(1) && own.includes(2))) ? "first" : "last";
    const axes = layout === "first" ? own.map(inFirst) : own;
    const name = nameOf(graph, x, layout);
    const attributes = { keepdims: keep ? 1 : 0 };
    if (type === "ReduceSum") return { names: [node(graph, type, [name, numbers(graph, axes, "int64")], attributes)], layout };
    return { names: [node(graph, type, [name], { axes, ...attributes })], layout };
  };

const writers: Readonly<Record<Kernel, Writer>> = {
  Add: sum,
  Sub: binary("Sub"),
  Multiply: binary("Mul"),
  RealDiv: binary("Div"),
  Maximum: binary("Max"),
  Minimum: binary("Min"),
  Relu: named("Relu"),
  LeakyRelu: unary((graph, x, op) => node(graph, "LeakyRelu", [x], { alpha: { float: numberOf(op, "alpha") } })),
  Sigmoid: named("Sigmoid"),
  Tanh: named("Tanh"),
  Exp: named("Exp"),
  Sqrt: named("Sqrt"),
  Rsqrt: unary((graph, x) => node(graph, "Reciprocal", [node(graph, "Sqrt", [x])])),
  Square: unary((graph, x) => node(graph, "Mul", [x, x])),
  Neg: named("Neg"),
  Softmax: (graph, op) => last(node(graph, "Softmax", [nameOf(graph, Object.values(op.inputs)[0]!, "last")], { axis: -1 })),
  Conv2D: convolution,
  Conv2DBackpropInput: enlarge,
  BatchMatMul(graph, op) {
    const side = (name: "a" | "b", isTurned: boolean) => {
      const value = op.inputs[name]!;
      const axes = value.shape.map((_, axis) => axis);
      const own = nameOf(graph, value, "last");
      return isTurned ? node(graph, "Transpose", [own], { perm: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] }) : own;
    };
    return last(
      node(graph, "MatMul", [side("a", op.attributes.transposeA === true), side("b", op.attributes.transposeB === true)]),
    );
  },
  MaxPool: pooling("MaxPool"),
  AvgPool: pooling("AveragePool"),
  GroupNorm(graph, op) {
    const { x, scale, shift } = channelwise(op);
    const inputs = [x, scale, shift].map((value) => nameOf(graph, value, "first"));
    return first(node(graph, "InstanceNormalization", inputs, { epsilon: { float: numberOf(op, "epsilon") } }));
  },
  DoubleNearest(graph, op) {
    const inputs = [nameOf(graph, op.inputs.x!, "first"), "", numbers(graph, [1, 1, 2, 2], "float")];
    return first(
      node(graph, "Resize", inputs, { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }),
    );
  },
  Mean: reduction("ReduceMean"),
  Sum: reduction("ReduceSum"),
  Max: reduction("ReduceMax"),
  PadV2(graph, op) {
    const x = op.inputs.x!;
    const pairs = numbersOf(op, "paddings");
    const order = isPicture(x) ? toFirst : x.shape.map((_, axis) => axis);
    const pads = [0, 1].flatMap((end) => order.map((axis) => pairs[2 * axis + end]!));
    const filling = numbers(graph, [numberOf(op, "constantValue")], "float", []);
    return first(node(graph, "Pad", [nameOf(graph, x, "first"), numbers(graph, pads, "int64"), filling]));
  },
  Concat(graph, op) {
    const values = Object.values(op.inputs);
    return first(node(graph, "Concat", values.map((value) => nameOf(graph, value, "first")), { axis: axisOf(op, values[0]!) })); // biome-ignore format: one line
  },
  SplitV(graph, op) {
    const x = op.inputs.x!;
    const sizes = numbersOf(op, "numOrSizeSplits");
    const inputs = [nameOf(graph, x, "first"), numbers(graph, sizes, "int64")];
    return { names: nodes(graph, "Split", inputs, op.outputs, { axis: axisOf(op, x) }), layout: "first" };
  },
  Reshape: (graph, op) =>
    last(node(graph, "Reshape", [nameOf(graph, op.inputs.x!, "last"), numbers(graph, oneUnknown(op), "int64")])),
  Transpose: (graph, op) =>
    last(node(graph, "Transpose", [nameOf(graph, op.inputs.x!, "last")], { perm: numbersOf(op, "perm") })),
};

/** The axis that an op works along, in ONNX's order. */
function axisOf(op: ForwardOp, x: ForwardValue): number {
  const axis = numberOf(op, "axis");
  const own = axis < 0 ? axis + x.shape.length : axis;
  return isPicture(x) ? inFirst(own) : own;
}
