/** A voxel type that we read, by its NIfTI code. */
export interface Datatype {
  readonly code: number;
  readonly name: string;
  readonly bytes: 1 | 2 | 4 | 8;
  /** Views native-endian bytes, aligned to the type's size, as numbers. */
  readonly view: (buffer: ArrayBuffer, count: number) => ArrayLike<number>;
}

const readable: readonly Datatype[] = [
  { code: 2, name: "uint8", bytes: 1, view: (b, n) => new Uint8Array(b, 0, n) },
  { code: 256, name: "int8", bytes: 1, view: (b, n) => new Int8Array(b, 0, n) },
  { code: 4, name: "int16", bytes: 2, view: (b, n) => new Int16Array(b, 0, n) },
  { code: 512, name: "uint16", bytes: 2, view: (b, n) => new Uint16Array(b, 0, n) },
  { code: 8, name: "int32", bytes: 4, view: (b, n) => new Int32Array(b, 0, n) },
  { code: 768, name: "uint32", bytes: 4, view: (b, n) => new Uint32Array(b, 0, n) },
  { code: 16, name: "float32", bytes: 4, view: (b, n) => new Float32Array(b, 0, n) },
  { code: 64, name: "float64", bytes: 8, view: (b, n) => new Float64Array(b, 0, n) },
];

/** Types of the standard that we do not read: no single number a voxel, or numbers that a double cannot hold. */
const unreadable: ReadonlyMap<number, string> = new Map([
  [1, "1-bit binary"],
  [32, "complex64"],
  [128, "RGB24"],
  [1024, "int64"],
  [1280, "uint64"],
  [1536, "float128"],
  [1792, "complex128"],
  [2048, "complex256"],
  [2304, "RGBA32"],
]);

const byCode = new Map(readable.map((type) => [type.code, type]));

export const readableNames: string = readable.map((type) => type.name).join(", ");

/** The type of a NIfTI code, or the name of what it is instead. */
export function datatypeOf(code: number): Datatype | { readonly unreadable: string } {
  return byCode.get(code) ?? { unreadable: unreadable.get(code) ?? `unknown code ${code}` };
}

/**
 * Voxels as float32, `slope * raw + inter` computed in float64 and rounded once.
 *
 * @param bytes - At least `count` voxels in the file's byte order; not modified.
 */
export function decodeVoxels(
  bytes: Buffer,
  type: Datatype,
  count: number,
  littleEndian: boolean,
  { slope, inter }: { readonly slope: number; readonly inter: number },
): Float32Array {
  const copy = new ArrayBuffer(count * type.bytes);
  const target = Buffer.from(copy);
  bytes.copy(target, 0, 0, count * type.bytes);
  if (littleEndian !== hostIsLittleEndian) swap(target, type.bytes);
  const raw = type.view(copy, count);
  if (slope === 1 && inter === 0) return raw instanceof Float32Array ? raw : new Float32Array(raw);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = slope * raw[i]! + inter;
  return out;
}

const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function swap(buffer: Buffer, bytes: 1 | 2 | 4 | 8): void {
  if (bytes === 2) buffer.swap16();
  else if (bytes === 4) buffer.swap32();
  else if (bytes === 8) buffer.swap64();
}
