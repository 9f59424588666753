// The wire format of protocol buffers, as far as our writers need it: TensorBoard's events and ONNX.
// Source: protobuf.dev/programming-guides/encoding.

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value)); // a negative number takes ten bytes
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

const key = (field: number, wire: number): Buffer => varint((field << 3) | wire);

/** A field of whole numbers or enums. @param value - Whole, up to 2^53. */
export const protoInt = (field: number, value: number): Buffer => Buffer.concat([key(field, 0), varint(value)]);

/** A field that is a message of its own, or bytes. */
export const protoBytes = (field: number, body: Uint8Array): Buffer => Buffer.concat([key(field, 2), varint(body.length), body]);

/** A message of these fields, as a field. */
export const protoMessage = (field: number, fields: readonly Uint8Array[]): Buffer => protoBytes(field, Buffer.concat(fields));

/** A field of UTF-8. */
export const protoText = (field: number, value: string): Buffer => protoBytes(field, Buffer.from(value, "utf8"));

/** A field of several whole numbers, packed. */
export const protoInts = (field: number, values: readonly number[]): Buffer => protoMessage(field, values.map(varint));

export function protoDouble(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), bytes]);
}

export function protoFloat(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, 5), bytes]);
}
