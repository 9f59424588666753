import { type Tensor, type Tensor4D, tf } from "../../src/backend/tf.ts";

// An ONNX file read and run by other means than wrote it: fields of protocol buffers one by one, ops of ONNX by its own documentation.

type Field = { readonly field: number; readonly number: number; readonly bytes: Buffer };

function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    const size = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : 0;
    const number = wire === 0 ? varint() : 0;
    const body = bytes.subarray(at, at + size);
    fields.push({ field: tag >> 3, number: wire === 5 ? body.readFloatLE() : number, bytes: body });
    at += size;
  }
  return fields;
}

const all = (fields: readonly Field[], field: number) => fields.filter((f) => f.field === field);
const textOf = (fields: readonly Field[], field: number) => all(fields, field)[0]?.bytes.toString("utf8") ?? "";
const packed = (bytes: Buffer) => fieldsOf(Buffer.concat([...packedAsFields(bytes)])).map(({ number }) => number);

/** Each varint of a packed list behind a tag of its own. */
function* packedAsFields(bytes: Buffer): Generator<Buffer> {
  for (let start = 0, at = 0; at < bytes.length; at++)
    if (bytes[at]! < 128) {
      yield Buffer.concat([Buffer.of(8), bytes.subarray(start, at + 1)]);
      start = at + 1;
    }
}

function tensorOf(bytes: Buffer): { name: string; value: Tensor } {
  const fields = fieldsOf(bytes);
  const shape = all(fields, 1).map(({ number }) => number);
  const raw = Uint8Array.from(all(fields, 9)[0]!.bytes).buffer;
  const isFloat = all(fields, 2)[0]!.number === 1;
  const values = isFloat ? new Float32Array(raw) : Int32Array.from(new BigInt64Array(raw), Number);
  return { name: textOf(fields, 8), value: tf.tensor(values, shape, isFloat ? "float32" : "int32") };
}

interface Node {
  readonly type: string;
  readonly inputs: string[];
  readonly outputs: string[];
  /** An attribute's numbers, or its text. */
  readonly ints: (name: string) => number[] | undefined;
  readonly number: (name: string) => number;
}

function nodeOf(bytes: Buffer): Node {
  const fields = fieldsOf(bytes);
  const attributes = new Map(all(fields, 5).map(({ bytes: body }) => [textOf(fieldsOf(body), 1), fieldsOf(body)] as const));
  const texts = (field: number) => all(fields, field).map(({ bytes: body }) => body.toString("utf8"));
  return {
    type: textOf(fields, 4),
    inputs: texts(1),
    outputs: texts(2),
    ints: (name) => (attributes.has(name) ? packed(all(attributes.get(name)!, 8)[0]?.bytes ?? Buffer.alloc(0)) : undefined),
    number: (name) => (attributes.get(name) ?? []).find(({ field }) => field === 2 || field === 3)?.number ?? 0,
  };
}

const last = (x: Tensor) => tf.transpose(x, [0, 2, 3, 1]) as Tensor4D;
const first = (x: Tensor) => tf.transpose(x, [0, 3, 1, 2]);
const along = (axis: number, x: Tensor) => (axis < 0 ? axis + x.rank : axis);

function framedPicture(x: Tensor4D, { ints }: Node, filling: number): Tensor4D {
  const [top, left, bottom, right] = ints("pads") ?? [0, 0, 0, 0];
  return tf.pad(x, [[0, 0], [top!, bottom!], [left!, right!], [0, 0]], filling); // biome-ignore format: one line
}

/** What a node gives; `x` is its first input. */
function perform(node: Node, [x, a, b]: Tensor[]): Tensor[] {
  const { type, ints, number } = node;
  const stride = ints("strides")?.[0] ?? 1;
  switch (type) {
    case "Conv": {
      const y = tf.conv2d(
        framedPicture(last(x!), node, 0),
        tf.transpose(a!, [2, 3, 1, 0]) as Tensor4D,
        stride,
        ints("auto_pad") ? "same" : "valid",
      );
      return [first(b === undefined ? y : tf.add(y, b))];
    }
    case "ConvTranspose": {
      const [n, , height, width] = x!.shape as [number, number, number, number];
      const kernel = tf.transpose(a!, [2, 3, 1, 0]) as Tensor4D;
      const y = tf.conv2dTranspose(last(x!), kernel, [n, height * stride, width * stride, kernel.shape[2]], stride, "valid");
      return [first(b === undefined ? y : tf.add(y, b))];
    }
    case "MaxPool":
      return [
        first(tf.maxPool(framedPicture(last(x!), node, Number.NEGATIVE_INFINITY), ints("kernel_shape")![0]!, stride, "valid")),
      ];
    case "InstanceNormalization": {
      const { mean, variance } = tf.moments(x!, [2, 3], true);
      const normal = tf.div(tf.sub(x!, mean), tf.sqrt(tf.add(variance, number("epsilon"))));
      return [tf.add(tf.mul(normal, tf.reshape(a!, [-1, 1, 1])), tf.reshape(b!, [-1, 1, 1]))];
    }
    case "Resize":
      return [first(tf.image.resizeNearestNeighbor(last(x!), [2 * x!.shape[2]!, 2 * x!.shape[3]!]))];
    case "ReduceMean":
      return [tf.mean(x!, ints("axes"), number("keepdims") === 1)];
    case "Reshape":
      return [tf.reshape(x!, Array.from(a!.dataSync()))];
    case "Transpose":
      return [tf.transpose(x!, ints("perm"))];
    case "Split":
      return tf.split(x!, Array.from(a!.dataSync()), along(number("axis"), x!));
    default:
      return [simple(type, x!, a!, number)];
  }
}

function simple(type: string, x: Tensor, a: Tensor, number: Node["number"]): Tensor {
  const ops: Readonly<Record<string, () => Tensor>> = {
    Identity: () => x,
    Relu: () => tf.maximum(x, 0),
    LeakyRelu: () => tf.where(tf.greater(x, 0), x, tf.mul(x, number("alpha"))),
    Sigmoid: () => tf.div(1, tf.add(1, tf.exp(tf.neg(x)))),
    Tanh: () => tf.tanh(x),
    Softmax: () => tf.softmax(x),
    Add: () => tf.add(x, a),
    Sub: () => tf.sub(x, a),
    Mul: () => tf.mul(x, a),
    Div: () => tf.div(x, a),
    MatMul: () => tf.matMul(x, a),
  };
  const op = ops[type];
  if (op === undefined) throw new RangeError(`runOnnx: knows no ${type}; add it`);
  return op();
}

/** The outputs of an ONNX model by name, for pictures N x height x width x channels; pictures come back likewise. */
export function runOnnx(file: Buffer, image: Tensor4D): Map<string, Tensor> {
  const graph = fieldsOf(all(fieldsOf(file), 7)[0]!.bytes);
  const values = new Map<string, Tensor>([["image", first(image)]]);
  for (const { bytes } of all(graph, 5)) {
    const { name, value } = tensorOf(bytes);
    values.set(name, value);
  }
  for (const { bytes } of all(graph, 1)) {
    const node = nodeOf(bytes);
    const inputs = node.inputs.map((name) => (name === "" ? undefined : values.get(name)));
    const outputs =
      node.type === "Concat" ? [tf.concat(inputs as Tensor[], node.number("axis"))] : perform(node, inputs as Tensor[]);
    for (const [i, name] of node.outputs.entries()) values.set(name, outputs[i]!);
  }
  const names = all(graph, 12).map(({ bytes }) => textOf(fieldsOf(bytes), 1));
  return new Map(names.map((name) => [name, values.get(name)!.rank === 4 ? last(values.get(name)!) : values.get(name)!]));
}
