/** One kernel of an op: the device it runs on and, for each type attribute that it is bound to, the types it takes (TensorFlow's numbers). */
export interface RegisteredKernel {
  readonly device: string;
  readonly types: ReadonlyMap<string, readonly number[]>;
}

interface Field {
  readonly number: number;
  /** A varint's value. */
  readonly value: number;
  /** A length-delimited field's content, else empty. */
  readonly bytes: Uint8Array;
}

/**
 * Decodes a serialised tensorflow.KernelList, as far as {@link RegisteredKernel} goes.
 * Source: tensorflow/core/framework/kernel_def.proto and attr_value.proto.
 */
export function decodeKernelList(bytes: Uint8Array): RegisteredKernel[] {
  return fieldsOf(bytes, 1).map((kernel) => {
    const device = text(fieldsOf(kernel.bytes, 2)[0]);
    const constraints = fieldsOf(kernel.bytes, 3).map(
      ({ bytes: constraint }) => [text(fieldsOf(constraint, 1)[0]), allowedTypes(constraint)] as const,
    );
    return { device, types: new Map(constraints.filter(([, types]) => types.length > 0)) };
  });
}

/** AttrConstraint.allowed_values.list.type, packed or not. */
function allowedTypes(constraint: Uint8Array): number[] {
  const lists = fieldsOf(constraint, 2).flatMap((value) => fieldsOf(value.bytes, 1));
  const types = lists.flatMap((list) => fieldsOf(list.bytes, 6));
  return types.flatMap(({ value, bytes }) => (bytes.length > 0 ? varints(bytes) : [value]));
}

function text(field: Field | undefined): string {
  return new TextDecoder().decode(field?.bytes ?? new Uint8Array());
}

function varints(bytes: Uint8Array): number[] {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, next] = varint(bytes, at);
    out.push(value);
    at = next;
  }
  return out;
}

function varint(bytes: Uint8Array, start: number): [value: number, next: number] {
  let value = 0;
  for (let at = start, shift = 1; ; at++, shift *= 128) {
    const byte = bytes[at];
    if (byte === undefined) throw new RangeError("decodeKernelList: the message ends early");
    value += (byte & 127) * shift;
    if (byte < 128) return [value, at + 1];
  }
}

/** All fields of one number in a message; only varints and length-delimited fields occur in these messages. */
function fieldsOf(message: Uint8Array, wanted: number): Field[] {
  const out: Field[] = [];
  for (let at = 0; at < message.length; ) {
    const [tag, content] = varint(message, at);
    const [value, next] = varint(message, content);
    const kind = tag % 8;
    if (kind !== 0 && kind !== 2) throw new RangeError(`decodeKernelList: wire type ${kind} is not expected`);
    at = kind === 2 ? next + value : next;
    if (at > message.length) throw new RangeError("decodeKernelList: the message ends early");
    if (Math.floor(tag / 8) === wanted)
      out.push({ number: wanted, value, bytes: kind === 2 ? message.subarray(next, at) : new Uint8Array() });
  }
  return out;
}
