import type { ForwardConstant, ForwardOp, ForwardValue } from "../backend/forward.ts";

/** Every op that an export knows how to say in another program's words: kernels of TensorFlow.js, and ops that `whole` names. */
export const kernels = [
  "Add", "Sub", "Multiply", "RealDiv", "Maximum", "Minimum",
  "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Exp", "Sqrt", "Rsqrt", "Square", "Neg", "Softmax",
  "Conv2D", "Conv2DBackpropInput", "BatchMatMul", "MaxPool", "AvgPool", "GroupNorm", "DoubleNearest",
  "Mean", "Sum", "Max", "PadV2", "Concat", "SplitV", "Reshape", "Transpose",
] as const; // biome-ignore format: a table
export type Kernel = (typeof kernels)[number];

/** @throws {RangeError} If no export knows the op; then it needs a line in each of them. */
export function kernelOf({ kernel }: ForwardOp): Kernel {
  const known = kernels.find((name) => name === kernel);
  if (known === undefined)
    throw new RangeError(`kernelOf: no export knows the op ${kernel}; add it to tfjs.ts and to onnx-ops.ts`);
  return known;
}

/** An attribute by its name. @throws {RangeError} If it is no such thing: then TensorFlow.js calls the kernel in another way than we know. */
export function numberOf(op: ForwardOp, name: string): number {
  const value = op.attributes[name];
  if (typeof value !== "number") throw wrong(op, name, "a number");
  return value;
}

export function numbersOf(op: ForwardOp, name: string): readonly number[] {
  const value = op.attributes[name];
  if (typeof value === "number") return [value];
  if (!Array.isArray(value) || !value.flat().every((v) => typeof v === "number")) throw wrong(op, name, "numbers");
  return value.flat() as number[];
}

/** Of a window that moves over a picture: its stride, the same down and across, and whether zeros are put around the picture. */
export function windowOf(op: ForwardOp): { stride: number; padding: "same" | "valid" } {
  const [down, across = down] = numbersOf(op, "strides") as [number, number?];
  const { pad, dataFormat = "NHWC", dilations = 1, dimRoundingMode = null } = op.attributes;
  const isPlain =
    down === across && dataFormat === "NHWC" && [dilations].flat().every((d) => d === 1) && dimRoundingMode === null;
  if (!isPlain || (pad !== "same" && pad !== "valid")) throw wrong(op, "pad", "same or valid, without dilation, strides alike");
  return { stride: down, padding: pad };
}

/** Side of the square window of a pooling. */
export function filterSize(op: ForwardOp): number {
  const [height, width = height] = numbersOf(op, "filterSize") as [number, number?];
  if (height !== width) throw wrong(op, "filterSize", "one number");
  return height;
}

/** Axes of a reduction, counted from the front. */
export function axesOf(op: ForwardOp, x: ForwardValue): number[] {
  const name = op.kernel === "Max" ? "reductionIndices" : "axis";
  return numbersOf(op, name).map((axis) => (axis < 0 ? axis + x.shape.length : axis));
}

/** A weight that must be there when the graph is made. @throws {RangeError} If it is computed from the input. */
export function constantOf(op: ForwardOp, input: string): { shape: readonly number[]; from: ForwardConstant } {
  const { from, shape } = op.inputs[input]!;
  if (from.kind !== "constant") throw wrong(op, input, "a weight");
  return { shape: shape as readonly number[], from };
}

/** The shape of a reshape, with one size at most that the input decides. */
export function oneUnknown(op: ForwardOp): readonly number[] {
  const shape = numbersOf(op, "shape");
  if (shape.filter((size) => size === -1).length <= 1) return shape;
  throw new RangeError(`export: a reshape may leave one size to the input; got ${shape.join(" x ")}; fix height and width`);
}

/** The kernel of a transposed convolution, side x side x out x in. @throws {RangeError} If its windows overlap or leave gaps. */
export function windowFilter(op: ForwardOp) {
  const { shape, from } = constantOf(op, "filter");
  const [height, width] = shape as [number, number, number, number];
  const { stride } = windowOf(op);
  if (height !== stride || width !== stride)
    throw new RangeError(`export: a transposed convolution must have a kernel as wide as its stride`);
  return { shape: shape as readonly [number, number, number, number], from };
}

/** The inputs of a group normalisation. @throws {RangeError} Unless each channel is a group of its own. */
export function channelwise({ inputs, attributes }: ForwardOp): { x: ForwardValue; scale: ForwardValue; shift: ForwardValue } {
  const { x, scale, shift } = inputs as { x: ForwardValue; scale: ForwardValue; shift: ForwardValue };
  if (attributes.groups === x.shape[3]) return { x, scale, shift };
  throw new RangeError(`export: group normalisation needs as many groups as channels; got ${attributes.groups} of ${x.shape[3]}`);
}

/** The values of an array with its axes in another order: axis i of the result is axis `order[i]`. */
export function transposed<T extends Float32Array | Int32Array>(
  values: T,
  shape: readonly number[],
  order: readonly number[],
): T {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const [sizes, steps] = [order.map((axis) => shape[axis]!), order.map((axis) => strides[axis]!)];
  const out = values.slice() as T;
  const at = sizes.map(() => 0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = values[from]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++at[axis]! < sizes[axis]!) break;
      from -= sizes[axis]! * steps[axis]!;
      at[axis] = 0;
    }
  }
  return out;
}

function wrong({ kernel }: ForwardOp, name: string, rule: string): RangeError {
  return new RangeError(`export: ${name} of ${kernel} must be ${rule}`);
}
