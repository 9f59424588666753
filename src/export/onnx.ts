import type { Forward, ForwardValue } from "../backend/forward.ts";
import { protoInt, protoMessage, protoText } from "../core/protobuf.ts";
import { inputName, isPicture, nameOf, newGraph, pushNode, toFirst, valueInfo } from "./onnx-graph.ts";
import { writeOp } from "./onnx-ops.ts";

/** The oldest operator set that has every op we write, so that old runtimes read it; and the IR version that came with it. */
const operatorSet = 17;
const irVersion = 8;

/**
 * The bytes of an ONNX model. Its input is called `image`, N x channels x height x width; outputs have the names of the recording, pictures among them
 * likewise with channels before height and width.
 *
 * @param metadata - Kept as the model's own properties (`metadata_props`).
 * @throws {RangeError} If an op of the network has no counterpart.
 *
 * Source: github.com/onnx/onnx, docs/IR.md and docs/Operators.md.
 */
export function encodeOnnx(
  forward: Forward,
  producer: { readonly name: string; readonly version: string },
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const graph = newGraph(writeOp);
  for (const [name, value] of forward.outputs) pushNode(graph, "Identity", [nameOf(graph, value, "first")], [name]);
  const body = [
    ...graph.nodes,
    protoText(2, producer.name),
    ...graph.initializers,
    protoMessage(11, valueInfo(inputName, sizesOf(forward.input, "image"))),
    ...[...forward.outputs].map(([name, value]) => protoMessage(12, valueInfo(name, sizesOf(value, name)))),
  ];
  const properties = Object.entries(metadata).map(([key, value]) => protoMessage(14, [protoText(1, key), protoText(2, value)]));
  const fields = [
    protoInt(1, irVersion),
    protoText(2, producer.name),
    protoText(3, producer.version),
    protoMessage(7, body),
    protoMessage(8, [protoText(1, ""), protoInt(2, operatorSet)]),
    ...properties,
  ];
  return Buffer.concat(fields);
}

/** The sizes of a value in ONNX's order; those that the input decides by a name. */
function sizesOf(value: ForwardValue, name: string): (number | string)[] {
  const words = isPicture(value) ? ["batch", `${name}_height`, `${name}_width`, `${name}_channels`] : ["batch"];
  const sizes = value.shape.map((size, axis) => size ?? words[axis] ?? `${name}_${axis}`);
  return isPicture(value) ? toFirst.map((axis) => sizes[axis]!) : sizes;
}
