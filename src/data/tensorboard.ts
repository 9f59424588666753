import { crc32c } from "./crc32c.ts";

/** Numbers of one step, by tag, such as `{ "train/loss": 0.4 }`. */
export interface ScalarEvent {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/**
 * The first record of an event file. Wall time is 0 here and the step in every event after it:
 * the same training gives the same bytes, whenever it ran.
 */
export function eventFileHeader(): Uint8Array {
  return record(Buffer.concat([double(1, 0), text(3, "brain.Event:2")]));
}

/**
 * One record of an event file that TensorBoard reads.
 * Source: TFRecord framing and the protocol buffers event.proto and summary.proto of TensorFlow.
 */
export function encodeEvent({ step, values }: ScalarEvent): Uint8Array {
  const summary = Object.entries(values).map(([tag, value]) => message(1, Buffer.concat([text(1, tag), float(2, value)])));
  return record(Buffer.concat([double(1, step), varintField(2, step), message(5, Buffer.concat(summary))]));
}

/**
 * The records of an event file up to and with those of `lastStep`: what an uninterrupted run had written then.
 * A record that is torn or damaged ends the file.
 */
export function keepEvents(file: Uint8Array, lastStep: number): Uint8Array {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  let end = 0;
  for (;;) {
    const size = soundRecord(bytes, end);
    if (size === 0) return file.subarray(0, end);
    // The wall time, the first field of every event of ours, is its step.
    if (bytes.readDoubleLE(end + 12 + 1) > lastStep) return file.subarray(0, end);
    end += size;
  }
}

/** Bytes of the record at `at`, 0 if there is no whole one. */
function soundRecord(bytes: Buffer, at: number): number {
  if (at + 16 > bytes.length) return 0;
  const length = Number(bytes.readBigUInt64LE(at));
  if (length < 9 || at + length + 16 > bytes.length) return 0;
  if (bytes.readUInt32LE(at + 8) !== masked(bytes.subarray(at, at + 8))) return 0;
  const data = bytes.subarray(at + 12, at + 12 + length);
  return bytes.readUInt32LE(at + 12 + length) === masked(data) ? length + 16 : 0;
}

function record(data: Buffer): Uint8Array {
  const out = Buffer.alloc(data.length + 16);
  out.writeBigUInt64LE(BigInt(data.length));
  out.writeUInt32LE(masked(out.subarray(0, 8)), 8);
  data.copy(out, 12);
  out.writeUInt32LE(masked(data), 12 + data.length);
  return out;
}

/** The checksum of TFRecord: rotated and shifted, so that a file of checksums can be checksummed. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

const key = (field: number, wire: number): Buffer => varint((field << 3) | wire);
const varintField = (field: number, value: number): Buffer => Buffer.concat([key(field, 0), varint(value)]);
const message = (field: number, body: Buffer): Buffer => Buffer.concat([key(field, 2), varint(body.length), body]);
const text = (field: number, value: string): Buffer => message(field, Buffer.from(value, "utf8"));

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), bytes]);
}

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, 5), bytes]);
}
