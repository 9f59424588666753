import { UserError } from "../core/errors.ts";
import { duplicateKey } from "./json-keys.ts";

/** Bytes of one element, by the format's name of the type. */
const elementBytes = {
  BOOL: 1, U8: 1, I8: 1, I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, F64: 8, I64: 8, U64: 8,
} as const; // biome-ignore format: a table
export type SafetensorType = keyof typeof elementBytes;

/** One tensor of a file: little-endian bytes, row-major. */
export interface StoredTensor {
  readonly dtype: SafetensorType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The content of a safetensors file, tensors in the order of the file. */
export interface Safetensors {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** A tensor to write. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const headerLimit = 100_000_000;
const tensorLimit = 100_000;

/**
 * Encodes float32 tensors, in the order given. Equal input gives equal bytes; the data starts at a multiple of 8.
 * @throws {RangeError} If a shape and its data disagree in size.
 *
 * Source: the safetensors format, github.com/huggingface/safetensors.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let size = 0;
  for (const [name, { shape, data }] of tensors) {
    if (shape.reduce((a, b) => a * b, 1) !== data.length)
      throw new RangeError(`encodeSafetensors: ${name} of shape [${shape.join(", ")}] cannot hold ${data.length} values`);
    header[name] = { dtype: "F32", shape, data_offsets: [size, size + data.byteLength] };
    size += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header), "utf8");
  const start = 8 + 8 * Math.ceil(json.length / 8);
  const out = Buffer.alloc(start + size, " ");
  out.writeBigUInt64LE(BigInt(start - 8));
  json.copy(out, 8);
  let at = start;
  for (const { data } of tensors.values()) {
    out.set(littleEndian(data), at);
    at += data.byteLength;
  }
  return out;
}

/**
 * Decodes and checks a safetensors file. Nothing is copied: the tensors are windows of `file`.
 *
 * @param where - Names the file in messages.
 * @throws {UserError} (data) If the file breaks the format anywhere: header longer than the file or 100 MB, not JSON, a key twice,
 *   unknown type, shape and offsets that disagree, holes, overlaps, bytes left over; or if it is another format, such as a pickle.
 */
export function decodeSafetensors(file: Uint8Array, where: string): Safetensors {
  const broken = brokenFile(where);
  refuseOtherFormats(file, where);
  const { header, start } = readHeader(file, where);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, StoredTensor>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      for (const [key, value] of Object.entries(asObject(entry, "__metadata__", broken))) {
        if (typeof value !== "string") throw broken("metadata values must be strings", `${key} is not`);
        metadata.set(key, value);
      }
      continue;
    }
    const { dtype, shape, begin, end } = readEntry(name, entry, file.length - start, broken);
    ranges.push({ name, begin, end });
    tensors.set(name, { dtype, shape, bytes: file.subarray(start + begin, start + end) });
  }
  checkCoverage(ranges, file.length - start, broken);
  return { metadata, tensors };
}

type Broken = (rule: string, got: string) => UserError;

const brokenFile =
  (where: string): Broken =>
  (rule, got) =>
    new UserError("data", `${where}: not a sound safetensors file: ${rule}; got ${got}. Restore the file or write it again.`);

function refuseOtherFormats(file: Uint8Array, where: string): void {
  if (file[8] === 0x7b) return; // a header length may look like another format's first bytes
  const starts = (...bytes: number[]) => bytes.every((byte, i) => file[i] === byte);
  if (starts(0x50, 0x4b, 0x03, 0x04) || (starts(0x80) && file[1]! >= 2 && file[1]! <= 5))
    throw new UserError(
      "data",
      `${where}: weights must be safetensors; got a Python pickle or zip (.pt, .pth), which can run code when it is opened. ` +
        `Convert it in Python: safetensors.torch.save_file(torch.load("in.pt", weights_only=True), "out.safetensors").`,
    );
  if (starts(0x89, 0x48, 0x44, 0x46))
    throw new UserError(
      "data",
      `${where}: weights must be safetensors; got HDF5. Convert it in Python: safetensors.numpy.save_file.`,
    );
}

function readHeader(file: Uint8Array, where: string): { header: Record<string, unknown>; start: number } {
  const broken = brokenFile(where);
  if (file.length < 10) throw broken("at least 10 bytes", `${file.length}`);
  const length = new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true);
  if (length < 2n || length > BigInt(headerLimit)) throw broken(`header of 2 to ${headerLimit} bytes`, `${length}`);
  const start = 8 + Number(length);
  if (start > file.length)
    throw broken(`header within the file of ${file.length} bytes`, `${length} bytes (is the file cut off?)`);
  if (file[8] !== 0x7b) throw broken("header starts with {", `byte ${file[8]}`);
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file.subarray(8, start));
    header = JSON.parse(text);
  } catch {
    throw broken("header is a JSON object in UTF-8", "something else");
  }
  const twice = duplicateKey(text);
  if (twice !== null) throw broken("a key may occur once", `${JSON.stringify(twice)} twice`);
  const object = asObject(header, "header", broken);
  if (Object.keys(object).length > tensorLimit) throw broken(`at most ${tensorLimit} tensors`, `${Object.keys(object).length}`);
  return { header: object, start };
}

function asObject(value: unknown, what: string, broken: Broken): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw broken(`${what} is an object`, JSON.stringify(value)?.slice(0, 40) ?? "nothing");
}

interface Entry {
  readonly dtype: SafetensorType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(name: string, value: unknown, available: number, broken: Broken): Entry {
  const entry = asObject(value, name, broken);
  const { dtype, shape, data_offsets: offsets } = entry;
  const extra = Object.keys(entry).find((key) => key !== "dtype" && key !== "shape" && key !== "data_offsets");
  if (extra !== undefined) throw broken(`${name} has dtype, shape and data_offsets only`, extra);
  if (typeof dtype !== "string" || !Object.hasOwn(elementBytes, dtype))
    throw broken(`dtype of ${name} is one of ${Object.keys(elementBytes).join(", ")}`, String(dtype));
  if (!isCounts(shape)) throw broken(`shape of ${name} is a list of whole numbers`, String(JSON.stringify(shape)).slice(0, 60));
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]! || offsets[1]! > available)
    throw broken(
      `offsets of ${name} are [begin, end] within ${available} bytes of data`,
      String(JSON.stringify(offsets)).slice(0, 60),
    );
  const [begin, end] = offsets as [number, number];
  const size = shape.reduce((product, side) => product * BigInt(side), BigInt(elementBytes[dtype as SafetensorType]));
  if (size !== BigInt(end - begin))
    throw broken(`${name}, ${dtype} [${shape.join(", ")}], takes ${size} bytes`, `${end - begin}`);
  return { dtype: dtype as SafetensorType, shape, begin, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function checkCoverage(ranges: { name: string; begin: number; end: number }[], size: number, broken: Broken): void {
  let at = 0;
  for (const { name, begin, end } of ranges.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      throw broken("tensors follow each other without hole or overlap", `${name} at ${begin} where ${at} was due`);
    at = end;
  }
  if (at !== size) throw broken(`tensors fill the ${size} bytes of data`, `${at} (bytes missing or left over)`);
}

/** The tensors of a file by name, each read as {@link floatsOf} when it is asked for. */
export function lazyFloats(
  { tensors }: Safetensors,
  where: string,
): Map<string, { shape: readonly number[]; read(): Float32Array }> {
  return new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, read: () => floatsOf(t, name, where) }]));
}

/** Tensors by name, all read as {@link floatsOf}. */
export function allFloats(tensors: Iterable<readonly [string, StoredTensor]>, where: string): Map<string, FloatTensor> {
  return new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, data: floatsOf(t, name, where) }]));
}

/**
 * The values of a tensor as float32; F16 and BF16 exactly, other numbers rounded to it.
 * @throws {UserError} (data) If the type holds no real numbers that float32 could stand for (64-bit integers).
 */
export function floatsOf({ dtype, bytes }: StoredTensor, name: string, where: string): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (size: number, get: (at: number) => number) =>
    Float32Array.from({ length: bytes.length / size }, (_, i) => get(size * i));
  switch (dtype) {
    case "F32":
      return read(4, (at) => view.getFloat32(at, true));
    case "F64":
      return read(8, (at) => view.getFloat64(at, true));
    case "F16":
      return read(2, (at) => halfToFloat(view.getUint16(at, true)));
    case "BF16": {
      const bits = Uint32Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true) << 16);
      return new Float32Array(bits.buffer);
    }
    default:
      throw new UserError("data", `${where}: ${name} must hold floating-point numbers; got ${dtype}. Convert it to F32.`);
  }
}

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Little-endian bytes of the values, whatever the machine's order. */
function littleEndian(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return bytes;
  return Buffer.from(bytes).swap32();
}
