import { NIFTI1, NIFTI2 } from "nifti-reader-js";
import { type Affine, affineSpacing, type Vec3 } from "../../core/affine.ts";
import { dataFault, oneLine } from "../faults.ts";
import { affineProblem, bestAffine, cornerDistance, knownCode, qformAffine } from "./affine.ts";
import { type Datatype, datatypeOf, readableNames } from "./datatypes.ts";

/** Something odd that was mended or passed over: a short stable rule name, and a line for the user. */
export interface NiftiWarning {
  readonly rule: string;
  readonly message: string;
}

/** What a NIfTI header says, checked. Free text of the header (it can name a patient) is never kept. */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  readonly shape: Vec3;
  readonly datatype: Datatype;
  /** Byte at which the voxels start. */
  readonly voxOffset: number;
  readonly slope: number;
  readonly inter: number;
  /** Voxel → world mm by nibabel's rule. */
  readonly affine: Affine;
  readonly warnings: readonly NiftiWarning[];
}

/** Voxels in one volume at most: 1 GiB as float32. */
export const maxVoxels = 2 ** 28;

/** Bytes that hold every header, NIfTI-2 with its extension flag being the longest. */
export const headerBytes = 544;

type Parsed = NIFTI1 | NIFTI2;
type Warn = (rule: string, message: string) => void;

/**
 * Reads and checks a header. All that would make the voxels or their place in space wrong is refused;
 * what has one sensible meaning is mended and warned of.
 *
 * @param bytes - The start of the file, unzipped: the whole file, or at least {@link headerBytes} of it.
 * @param where - The file's name for messages.
 * @throws {UserError} (data) Naming the first broken rule.
 */
export function parseHeader(bytes: Buffer, where: string): NiftiHeader {
  const { version, littleEndian } = sniff(bytes, where);
  const size = version === 1 ? 348 : 540;
  const parsed: Parsed = version === 1 ? new NIFTI1() : new NIFTI2();
  // Without the bytes after the header it never walks the extensions, which it would trust.
  const exact = Uint8Array.from(bytes.subarray(0, size)).buffer;
  parsed.readHeader(exact);
  const warnings: NiftiWarning[] = [];
  const warn: Warn = (rule, message) => warnings.push({ rule, message: `${oneLine(where)}: ${message}.` });
  const shape = checkDims(parsed.dims, where);
  const datatype = checkDatatype(parsed, where);
  const voxOffset = checkOffset(parsed.vox_offset, size + 4, where, warn);
  const scale = checkScale(parsed, where, warn);
  const affine = checkAffine(parsed, readSrow(exact, version, littleEndian), version, shape, where, warn);
  return { version, littleEndian, shape, datatype, voxOffset, ...scale, affine, warnings };
}

function sniff(bytes: Buffer, where: string): { version: 1 | 2; littleEndian: boolean } {
  const getNifti = "Convert it with dcm2niix or your viewer's export to NIfTI";
  if (bytes.length < 348)
    throw dataFault(where, "a NIfTI file has at least 348 bytes", bytes.length, "Copy or download it again");
  const sizes: readonly [1 | 2, number, boolean][] = [
    [1, bytes.readInt32LE(0), true],
    [1, bytes.readInt32BE(0), false],
    [2, bytes.readInt32LE(0), true],
    [2, bytes.readInt32BE(0), false],
  ];
  const match = sizes.find(([version, value]) => value === (version === 1 ? 348 : 540));
  if (!match) throw dataFault(where, "sizeof_hdr must be 348 or 540", looksLike(bytes) ?? sizes[0]![1], getNifti);
  const [version, , littleEndian] = match;
  if (version === 2 && bytes.length < 540)
    throw dataFault(where, "a NIfTI-2 file has at least 540 bytes", bytes.length, "Copy it again");
  const magic = version === 1 ? bytes.toString("latin1", 344, 348) : bytes.toString("latin1", 4, 12);
  if (magic.startsWith(`ni${version}`)) {
    const wayOut = "Merge the pair into one .nii.gz, for example with fslchfiletype NIFTI_GZ";
    throw dataFault(where, "header and voxels must be in one file", "one half of a .hdr/.img pair", wayOut);
  }
  if (magic !== (version === 1 ? "n+1\0" : "n+2\0\r\n\x1a\n")) {
    const shown = magic === "\0\0\0\0" ? "none (Analyze 7.5?)" : JSON.stringify(magic);
    throw dataFault(where, `the magic must be n+${version}`, shown, getNifti);
  }
  return { version, littleEndian };
}

function looksLike(bytes: Buffer): string | null {
  if (bytes.toString("latin1", 128, 132) === "DICM") return "a DICOM file";
  if (bytes.readUInt32BE(0) === 0x89504e47) return "a PNG image";
  if (bytes.readUInt16BE(0) === 0xffd8) return "a JPEG image";
  if (bytes.readUInt16BE(0) === 0x504b) return "a zip archive";
  return null;
}

function checkDims(dims: readonly number[], where: string): Vec3 {
  const rank = dims[0]!;
  if (!Number.isInteger(rank) || rank < 1 || rank > 7) {
    throw dataFault(where, "dim[0] must be 1 to 7", rank, "Write the file again with the tool that made it");
  }
  const sizes = dims.slice(1, rank + 1);
  const bad = sizes.findIndex((n) => !(n >= 1));
  if (bad >= 0)
    throw dataFault(where, `dim[${bad + 1}] must be at least 1`, sizes[bad]!, "Write the file again with the tool that made it");
  const voxels = sizes.reduce((product, n) => product * n, 1);
  if (voxels > maxVoxels) {
    throw dataFault(where, `the dims must multiply to at most ${maxVoxels} voxels`, sizes.join(" x "), "Crop or resample it");
  }
  if (sizes.slice(3).some((n) => n > 1)) {
    const wayOut = "Split it into volumes, for example with fslsplit or nibabel.four_to_three";
    throw dataFault(where, "must be one 3-D volume", `${rank}-D, ${sizes.join(" x ")}`, wayOut);
  }
  return [sizes[0] ?? 1, sizes[1] ?? 1, sizes[2] ?? 1];
}

function checkDatatype(parsed: Parsed, where: string): Datatype {
  const type = datatypeOf(parsed.datatypeCode);
  if ("unreadable" in type)
    throw dataFault(where, `datatype must be one of ${readableNames}`, type.unreadable, "Save it as float32 or int32");
  if (parsed.numBitsPerVoxel !== 8 * type.bytes) {
    const wayOut = "Write the file again with the tool that made it";
    throw dataFault(where, `bitpix must be ${8 * type.bytes} for datatype ${type.name}`, parsed.numBitsPerVoxel, wayOut);
  }
  return type;
}

function checkOffset(offset: number, least: number, where: string, warn: Warn): number {
  if (!Number.isSafeInteger(offset) || offset < least) {
    const wayOut = "Write the file again with the tool that made it";
    throw dataFault(where, `vox_offset must be a whole number of at least ${least}`, offset, wayOut);
  }
  if (offset % 16 !== 0) warn("offset-not-16", `vox_offset should be a multiple of 16; got ${offset}, read as it stands`);
  return offset;
}

function checkScale(parsed: Parsed, where: string, warn: Warn): { slope: number; inter: number } {
  const { scl_slope: slope, scl_inter: inter } = parsed;
  if (slope === 0 || !Number.isFinite(slope)) {
    warn("no-scale", `scl_slope ${slope} means no scaling; values are taken as stored`);
    return { slope: 1, inter: 0 };
  }
  if (!Number.isFinite(inter)) {
    throw dataFault(
      where,
      `scl_inter must be finite beside scl_slope ${slope}`,
      inter,
      "Set scl_inter to 0, or save the file again",
    );
  }
  return { slope, inter };
}

function checkAffine(parsed: Parsed, srow: Affine, version: 1 | 2, shape: Vec3, where: string, warn: Warn): Affine {
  const sformCode = knownCode(parsed.sform_code);
  const qformCode = knownCode(parsed.qform_code);
  const pixdim = checkPixdim(parsed.pixDims, sformCode === 0 && qformCode > 0, where, warn);
  checkUnits(parsed.xyzt_units, where);
  for (const [name, raw] of [
    ["sform_code", parsed.sform_code],
    ["qform_code", parsed.qform_code],
  ] as const) {
    if (raw !== 0 && knownCode(raw) === 0) warn("form-code", `${name} must be 0 to 5; got ${raw}, read as 0`);
  }
  const quaternion: Vec3 = [parsed.quatern_b, parsed.quatern_c, parsed.quatern_d];
  const qoffset: Vec3 = [parsed.qoffset_x, parsed.qoffset_y, parsed.qoffset_z];
  const fields = { version, dims: parsed.dims, pixdim, qformCode, sformCode, quaternion, qoffset, srow };
  const affine = bestAffine(fields);
  const wayOut = "Correct the orientation in the header, for example with nibabel or fslorient";
  if ("rule" in affine) throw dataFault(where, affine.rule, affine.got, wayOut);
  const problem = affineProblem(affine);
  if (problem) throw dataFault(where, problem.rule, problem.got, wayOut);
  if (sformCode === 0 && qformCode === 0) {
    warn("no-orientation", "sform_code and qform_code are 0, so left and right are a guess; the grid is centred, x to the left");
  }
  if (sformCode > 0 && qformCode > 0) {
    const other = qformAffine(fields);
    const apart = "rule" in other ? Number.NaN : cornerDistance(affine, other, shape);
    if (!(apart <= 0.1))
      warn("form-mismatch", `sform and qform disagree by ${apart.toFixed(1)} mm at a corner; the sform is used`);
  }
  warnOfSpacing(affine, pixdim, warn);
  return affine;
}

function warnOfSpacing(affine: Affine, pixdim: readonly number[], warn: Warn): void {
  const spacing = affineSpacing(affine);
  if (spacing.every((s, axis) => Math.abs(s - pixdim[axis + 1]!) <= 0.01 * s)) return;
  const shown = (values: readonly number[]) => values.map((s) => Number(s.toPrecision(4))).join(" x ");
  warn("spacing-mismatch", `pixdim says ${shown(pixdim.slice(1, 4))} mm, the affine ${shown(spacing)} mm; the affine is used`);
}

function checkPixdim(raw: readonly number[], qformDecides: boolean, where: string, warn: Warn): readonly number[] {
  const pixdim = [...raw];
  for (const axis of [1, 2, 3]) {
    const value = pixdim[axis]!;
    if (value === 0) {
      warn("pixdim-zero", `pixdim[${axis}] is 0, read as 1 mm`);
      pixdim[axis] = 1;
    } else if (!(value > 0 && value <= 1e3)) {
      throw dataFault(where, `pixdim[${axis}] must be 0 to 1000 mm`, value, "Correct the voxel size in the header");
    }
  }
  if (pixdim[0] !== 1 && pixdim[0] !== -1) {
    if (pixdim[0] !== 0 && qformDecides) {
      throw dataFault(where, "qfac (pixdim[0]) must be 1 or -1", pixdim[0]!, "Set it to 1, or to -1 for a left-handed grid");
    }
    if (pixdim[0] !== 0) warn("qfac", `qfac (pixdim[0]) must be 1 or -1; got ${pixdim[0]}, read as 1`);
    pixdim[0] = 1;
  }
  return pixdim;
}

function checkUnits(xyzt: number, where: string): void {
  const unit = xyzt & 7;
  if (unit === 0 || unit === 2) return;
  const name = unit === 1 ? "metres" : unit === 3 ? "micrometres" : `code ${unit}`;
  throw dataFault(where, "xyzt_units must be millimetres or unknown", name, "Convert the spacing and the affine to mm");
}

/** srow_x, srow_y and srow_z. Read here: the parser keeps them only where it prefers the sform, which is not nibabel's rule. */
function readSrow(header: ArrayBuffer, version: 1 | 2, littleEndian: boolean): Affine {
  const view = new DataView(header);
  const at = (i: number) =>
    version === 1 ? view.getFloat32(280 + 4 * i, littleEndian) : view.getFloat64(400 + 8 * i, littleEndian);
  return Array.from({ length: 12 }, (_, i) => at(i)) as unknown as Affine;
}

/**
 * Checks the extensions between header and voxels without reading them: their text can name a patient.
 *
 * @param bytes - The file, unzipped, at least up to the voxels.
 * @throws {UserError} (data) If their chain of sizes does not fit.
 */
export function checkExtensions(bytes: Buffer, header: NiftiHeader, where: string): void {
  const start = header.version === 1 ? 352 : 544;
  if (bytes[start - 4] === 0) return;
  let at = start;
  while (at < header.voxOffset) {
    const rest = header.voxOffset - at;
    const size = rest < 8 ? 0 : header.littleEndian ? bytes.readInt32LE(at) : bytes.readInt32BE(at);
    if (size < 16 || size % 16 !== 0 || size > rest) {
      const rule = `a header extension's esize must be a multiple of 16, from 16 to the ${rest} bytes before the voxels`;
      throw dataFault(where, rule, size, "Save the file again without extensions");
    }
    at += size;
  }
}
