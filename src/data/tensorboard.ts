import { protoDouble, protoFloat, protoInt, protoMessage, protoText } from "../core/protobuf.ts";
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
  return record(Buffer.concat([protoDouble(1, 0), protoText(3, "brain.Event:2")]));
}

/**
 * One record of an event file that TensorBoard reads.
 * Source: TFRecord framing and the protocol buffers event.proto and summary.proto of TensorFlow.
 */
export function encodeEvent({ step, values }: ScalarEvent): Uint8Array {
  const summary = Object.entries(values).map(([tag, value]) => protoMessage(1, [protoText(1, tag), protoFloat(2, value)]));
  return record(Buffer.concat([protoDouble(1, step), protoInt(2, step), protoMessage(5, summary)]));
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
