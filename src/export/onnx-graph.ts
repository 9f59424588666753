import type { ForwardOp, ForwardValue } from "../backend/forward.ts";
import { protoBytes, protoFloat, protoInt, protoInts, protoMessage, protoText } from "../core/protobuf.ts";
import { transposed } from "./kernels.ts";

// Source of the field numbers: onnx.proto of ONNX 1.12 (IR version 8, operator set 17), github.com/onnx/onnx.

/** The order of the axes of a picture: ours, N x height x width x channels, or ONNX's, N x channels x height x width. Other tensors have one order. */
export type Layout = "last" | "first";

/** Axis i of a picture in ONNX's order is axis `toFirst[i]` of it in ours; `toLast` is the way back. */
export const toFirst: readonly number[] = [0, 3, 1, 2];
const toLast: readonly number[] = [0, 2, 3, 1];

/** Where an axis of a picture in our order is in ONNX's. */
export const inFirst = (axis: number): number => toFirst.indexOf(axis);

/** What an op wrote: the names of what it gives, all in one layout. */
export interface Written {
  readonly names: readonly string[];
  readonly layout: Layout;
}

/** A graph while it is written. */
export interface OnnxGraph {
  readonly nodes: Buffer[];
  readonly initializers: Buffer[];
  readonly written: Map<ForwardOp, Written>;
  /** Names of what was made meanwhile: constants and turned pictures, by what they were made of. */
  readonly made: Map<string, string>;
  readonly ids: Map<object, number>;
  /** Writes an op that nothing asked for before. */
  readonly write: (graph: OnnxGraph, op: ForwardOp) => Written;
}

export function newGraph(write: OnnxGraph["write"]): OnnxGraph {
  return { nodes: [], initializers: [], written: new Map(), made: new Map(), ids: new Map(), write };
}

export const inputName = "image";
export const isPicture = (value: ForwardValue): boolean => value.shape.length === 4;

/** The name of a value in the layout wanted; an op that is not there yet is written first, and a picture in the other layout is turned, once. */
export function nameOf(graph: OnnxGraph, value: ForwardValue, layout: Layout): string {
  const { from, shape } = value;
  if (from.kind === "constant") {
    const turn = isPicture(value) && layout === "first";
    return constant(graph, from, turn ? toFirst : null, shape as number[]);
  }
  const [name, own] = from.kind === "input" ? [inputName, "first" as const] : resultOf(graph, from.op, from.index);
  if (!isPicture(value) || own === layout) return name;
  return once(graph, `${name} ${layout}`, () =>
    node(graph, "Transpose", [name], { perm: [...(layout === "first" ? toFirst : toLast)] }),
  );
}

function resultOf(graph: OnnxGraph, op: ForwardOp, index: number): [string, Layout] {
  const written = graph.written.get(op) ?? graph.write(graph, op);
  graph.written.set(op, written);
  return [written.names[index]!, written.layout];
}

function once(graph: OnnxGraph, key: string, make: () => string): string {
  const name = graph.made.get(key) ?? make();
  graph.made.set(key, name);
  return name;
}

/** A constant as it is, or with its axes in another order, or in another shape. */
export function constant(
  graph: OnnxGraph,
  from: { readonly name: string; readonly values: Float32Array | Int32Array },
  order: readonly number[] | null,
  shape: readonly number[],
  as: readonly number[] = order === null ? shape : order.map((axis) => shape[axis]!),
): string {
  const id = graph.ids.get(from) ?? graph.ids.size;
  graph.ids.set(from, id);
  return once(graph, `constant ${id} ${as.join()} ${order?.join()}`, () => {
    const values = order === null ? from.values : transposed(from.values, shape, order);
    const taken = graph.made.has(`name ${from.name}`) ? `${from.name}_${graph.initializers.length}` : from.name;
    graph.made.set(`name ${taken}`, taken);
    return initializer(graph, taken, values, as);
  });
}

/** Numbers of the op itself, as a constant of 64-bit integers or of floats. */
export function numbers(graph: OnnxGraph, values: readonly number[], type: "int64" | "float", shape = [values.length]): string {
  const name = `${type}_${graph.initializers.length}`;
  return initializer(graph, name, type === "float" ? Float32Array.from(values) : BigInt64Array.from(values, BigInt), shape);
}

function initializer(
  graph: OnnxGraph,
  name: string,
  values: Float32Array | Int32Array | BigInt64Array,
  shape: readonly number[],
): string {
  const type =
    values instanceof Float32Array ? dataTypes.float : values instanceof Int32Array ? dataTypes.int32 : dataTypes.int64;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const dims = shape.map((size) => protoInt(1, size));
  graph.initializers.push(protoMessage(5, [...dims, protoInt(2, type), protoText(8, name), protoBytes(9, bytes)]));
  return name;
}

const dataTypes = { float: 1, int32: 6, int64: 7 } as const;
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** An attribute: a whole number, whole numbers, a string, or a float. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** Adds a node with several outputs and gives their names. An input that is left out is "". */
export function nodes(
  graph: OnnxGraph,
  type: string,
  inputs: readonly string[],
  count: number,
  attributes: Record<string, Attribute> = {},
): string[] {
  const name = `${type}_${graph.nodes.length}`;
  const outputs = Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}_${i}`));
  pushNode(graph, type, inputs, outputs, attributes);
  return outputs;
}

/** Adds a node and gives the name of its output. */
export function node(
  graph: OnnxGraph,
  type: string,
  inputs: readonly string[],
  attributes: Record<string, Attribute> = {},
): string {
  return nodes(graph, type, inputs, 1, attributes)[0]!;
}

export function pushNode(
  graph: OnnxGraph,
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Record<string, Attribute> = {},
): void {
  const fields = [
    ...inputs.map((name) => protoText(1, name)),
    ...outputs.map((name) => protoText(2, name)),
    protoText(3, outputs[0]!),
    protoText(4, type),
    ...Object.entries(attributes).map(([name, value]) => protoMessage(5, encodeAttribute(name, value))),
  ];
  graph.nodes.push(protoMessage(1, fields));
}

function encodeAttribute(name: string, value: Attribute): Buffer[] {
  const of = (type: keyof typeof attributeTypes, field: Buffer) => [
    protoText(1, name),
    field,
    protoInt(20, attributeTypes[type]),
  ];
  if (typeof value === "number") return of("int", protoInt(3, value));
  if (typeof value === "string") return of("string", protoText(4, value));
  if ("float" in value) return of("float", protoFloat(2, value.float));
  return of("ints", protoInts(8, value));
}

/** The name, type and sizes of an input or output; a size with a name is whatever it is at run time. */
export function valueInfo(name: string, sizes: readonly (number | string)[]): Buffer[] {
  const dims = sizes.map((size) => protoMessage(1, [typeof size === "number" ? protoInt(1, size) : protoText(2, size)]));
  const tensor = protoMessage(1, [protoInt(1, dataTypes.float), protoMessage(2, dims)]);
  return [protoText(1, name), protoMessage(2, [tensor])];
}
