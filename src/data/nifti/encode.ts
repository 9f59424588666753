import { gzipSync } from "node:zlib";
import { type Affine, affineSpacing, determinant, type Vec3 } from "../../core/affine.ts";
import { type Volume, type Voxels, voxelCount } from "../../core/volume.ts";
import { cornerDistance, qformAffine } from "./affine.ts";

const headerSize = 352; // 348 and the four bytes that say "no extension"

/**
 * The bytes of a NIfTI-1 file (magic `n+1`, little-endian, mm, no scaling): float32, int16, uint8 or uint16 by the volume's array.
 * sform and qform both say where the voxels are; of a sheared grid, which no qform can describe, only the sform does.
 * The same volume gives the same bytes; zipped, with the same Node.js release.
 *
 * @throws {RangeError} If the array does not fit the shape, or an axis is longer than the 32767 voxels that the format holds.
 */
export function encodeNifti(volume: Volume<Voxels>, gz: boolean): Uint8Array {
  const { data, shape } = volume;
  if (data.length !== voxelCount(shape))
    throw new RangeError(`encodeNifti: ${data.length} voxels do not fit ${shape.join(" x ")}`);
  if (shape.some((n) => n > 32767))
    throw new RangeError(`encodeNifti: an axis holds at most 32767 voxels; got ${shape.join(" x ")}`);
  const out = Buffer.alloc(headerSize + data.byteLength);
  writeHeader(out, volume);
  writeVoxels(out.subarray(headerSize), data);
  return gz ? zip(out) : out;
}

/** Level 4 packs volumes as well as the usual 6 to within 2 % in half the time. */
function zip(bytes: Buffer): Buffer {
  const zipped = gzipSync(bytes, { level: 4 });
  zipped.writeUInt32LE(0, 4); // no modification time
  zipped[9] = 255; // "unknown" operating system, on all of them
  return zipped;
}

function writeHeader(out: Buffer, { data, shape, affine }: Volume<Voxels>): void {
  const spacing = affineSpacing(affine);
  const [code, bits] = datatypeOf(data);
  out.writeInt32LE(348, 0);
  out[38] = "r".charCodeAt(0); // "regular", which Analyze readers ask for
  for (const [i, n] of [3, ...shape, 1, 1, 1, 1].entries()) out.writeInt16LE(n, 40 + 2 * i);
  out.writeInt16LE(code, 70);
  out.writeInt16LE(bits, 72);
  const qform = qformOf(affine, spacing, shape);
  writeFloats(out, 76, [qform?.qfac ?? 1, ...spacing, 1, 1, 1, 1]);
  out.writeFloatLE(headerSize, 108);
  out.writeFloatLE(1, 112); // scl_slope
  out[123] = 2; // mm
  out.write("hemosynth", 148, "latin1");
  out.writeInt16LE(qform ? 1 : 0, 252);
  out.writeInt16LE(1, 254);
  writeFloats(out, 256, [...(qform?.quaternion ?? [0, 0, 0]), affine[3], affine[7], affine[11]]);
  writeFloats(out, 280, affine);
  out.write("n+1\0", 344, "latin1");
}

/** NIfTI code of an array's type, and its bits. */
function datatypeOf(data: Voxels): readonly [code: number, bits: number] {
  if (data instanceof Float32Array) return [16, 32];
  if (data instanceof Int16Array) return [4, 16];
  return data instanceof Uint16Array ? [512, 16] : [2, 8];
}

function writeFloats(out: Buffer, offset: number, values: readonly number[]): void {
  for (const [i, value] of values.entries()) out.writeFloatLE(value, offset + 4 * i);
}

function writeVoxels(out: Buffer, data: Voxels): void {
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return;
  if (data.BYTES_PER_ELEMENT === 2) out.swap16();
  else if (data.BYTES_PER_ELEMENT === 4) out.swap32();
}

/** Quaternion b, c, d and the sign of the third axis, or null for a grid with shear. */
function qformOf(affine: Affine, spacing: Vec3, shape: Vec3): { quaternion: Vec3; qfac: 1 | -1 } | null {
  const qfac = determinant(affine) < 0 ? -1 : 1;
  const scale = [spacing[0], spacing[1], spacing[2] * qfac] as const;
  const rotation = [0, 1, 2].flatMap((r) => [0, 1, 2].map((c) => affine[4 * r + c]! / scale[c]!));
  const quaternion = quaternionOf(rotation).map(Math.fround) as unknown as Vec3;
  const fields = { version: 1, dims: [3, ...shape], pixdim: [qfac, ...spacing], qformCode: 1, sformCode: 0 } as const;
  const back = qformAffine({ ...fields, quaternion, qoffset: [affine[3], affine[7], affine[11]], srow: affine });
  return "rule" in back || cornerDistance(affine, back, shape) > 0.05 ? null : { quaternion, qfac };
}

/**
 * Rotation matrix (row-major) → quaternion b, c, d with a >= 0, by the largest of the four, so that none is divided by nearly 0.
 * Source: nifti1_io.c `nifti_mat44_to_quatern`.
 */
function quaternionOf(r: readonly number[]): Vec3 {
  const [m00, m01, m02, m10, m11, m12, m20, m21, m22] = r as unknown as readonly [
    number, number, number, number, number, number, number, number, number,
  ]; // biome-ignore format: a matrix reads by rows
  const squares = [1 + m00 + m11 + m22, 1 + m00 - m11 - m22, 1 - m00 + m11 - m22, 1 - m00 - m11 + m22];
  const largest = squares.indexOf(Math.max(...squares));
  const rows = [
    [squares[0]!, m21 - m12, m02 - m20, m10 - m01],
    [m21 - m12, squares[1]!, m01 + m10, m02 + m20],
    [m02 - m20, m01 + m10, squares[2]!, m12 + m21],
    [m10 - m01, m02 + m20, m12 + m21, squares[3]!],
  ];
  const row = rows[largest]!;
  const length = Math.hypot(...row) * (row[0]! < 0 ? -1 : 1);
  return [row[1]! / length, row[2]! / length, row[3]! / length];
}
