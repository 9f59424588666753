import { inflateRawSync } from "node:zlib";
import dicomParser from "dicom-parser";
import type { Vec3 } from "../core/affine.ts";
import { unitVector } from "../core/vector.ts";
import { dataFault } from "./faults.ts";

/** One slice as a DICOM file has it: where it lies and its rescaled values. Nothing of the patient is read. */
export interface DicomSlice {
  /** File name, for messages. */
  readonly where: string;
  /** Series Instance UID; for comparing, never shown. */
  readonly series: string;
  /** Such as CT or MR. */
  readonly modality: string;
  /** Centre of the first pixel in the patient, mm, LPS+ as DICOM has it. */
  readonly position: Vec3;
  /** Unit vectors along a row (from column to column) and along a column, LPS+. */
  readonly along: readonly [Vec3, Vec3];
  /** mm from column to column, and from row to row. */
  readonly pixelMm: readonly [number, number];
  /** Of the slice, mm; null where it is not told. */
  readonly thicknessMm: number | null;
  readonly width: number;
  readonly height: number;
  /** Slope and intercept applied: HU for CT. Row-major. */
  readonly values: Float32Array;
}

const tags = {
  transferSyntax: "x00020010",
  modality: "x00080060",
  series: "x0020000e",
  patient: "x00100020",
  thickness: "x00180050",
  position: "x00200032",
  orientation: "x00200037",
  samples: "x00280002",
  photometric: "x00280004",
  frames: "x00280008",
  rows: "x00280010",
  columns: "x00280011",
  spacing: "x00280030",
  allocated: "x00280100",
  stored: "x00280101",
  signed: "x00280103",
  intercept: "x00281052",
  slope: "x00281053",
  pixels: "x7fe00010",
} as const;

/** Syntaxes whose pixels are plain numbers. */
const plain = new Set(["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"]);
const bigEndian = "1.2.840.10008.1.2.2";

/** Names of the compressed syntaxes that are met, for messages. Source: DICOM PS3.6, annex A. */
const compressed: readonly (readonly [prefix: string, name: string])[] = [
  ["1.2.840.10008.1.2.4.50", "JPEG baseline"],
  ["1.2.840.10008.1.2.4.51", "JPEG extended"],
  ["1.2.840.10008.1.2.4.57", "JPEG lossless"],
  ["1.2.840.10008.1.2.4.70", "JPEG lossless"],
  ["1.2.840.10008.1.2.4.80", "JPEG-LS"],
  ["1.2.840.10008.1.2.4.81", "JPEG-LS"],
  ["1.2.840.10008.1.2.4.90", "JPEG 2000"],
  ["1.2.840.10008.1.2.4.91", "JPEG 2000"],
  ["1.2.840.10008.1.2.4.20", "high-throughput JPEG 2000"],
  ["1.2.840.10008.1.2.5", "RLE"],
];

/** Whether bytes are a DICOM file, by the mark after its preamble. */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length >= 132 && Buffer.from(bytes.subarray(128, 132)).toString("latin1") === "DICM";
}

const convert = "Convert it with dcm2niix, and give the NIfTI";

/**
 * Reads one slice: a DICOM Part 10 file with one frame of grey numbers, not compressed.
 *
 * @param where - File name, for messages.
 * @throws {UserError} (data) If it is no DICOM file, compressed, in colour, of several frames, without a place in the patient, or cut off.
 */
export function decodeDicomSlice(bytes: Buffer, where: string): DicomSlice {
  if (!isDicom(bytes)) {
    const got = bytes.length === 0 ? "an empty file" : "no DICM after 128 bytes";
    throw dataFault(where, "must be a DICOM file", got, "Leave it out, or export it again as DICOM Part 10");
  }
  const set = parse(bytes, where);
  checkSyntax(set, where);
  checkKind(set, where);
  const { rowDirection, columnDirection, ...place } = placeOf(set, where);
  const [width, height] = [set.uint16(tags.columns) ?? 0, set.uint16(tags.rows) ?? 0];
  if (width * height === 0) throw dataFault(where, "must have rows and columns", `${width} x ${height}`, "Export it again");
  return {
    where,
    series: set.string(tags.series) ?? "",
    modality: set.string(tags.modality) ?? "",
    along: [rowDirection, columnDirection],
    thicknessMm: numbers(set, tags.thickness, 1)?.[0] ?? null,
    ...place,
    ...{ width, height, values: valuesOf(set, width * height, where) },
  };
}

/**
 * Whose slice a file is: UIDs and patient number, for telling slices apart, never to be shown or kept. Reads no pixels: the begin of a file is enough.
 * @throws {UserError} (data) If it is no DICOM file, or does not say.
 */
export function dicomOwner(head: Buffer, where: string): { readonly series: string; readonly patient: string } {
  if (!isDicom(head)) throw dataFault(where, "must be a DICOM file", "no DICM after 128 bytes", "Download it again");
  const set = parse(head, where, tags.pixels);
  const [series, patient] = [set.string(tags.series), set.string(tags.patient)];
  if (series && patient) return { series, patient };
  throw dataFault(where, "must name its series and its patient", `no ${series ? "patient" : "series"}`, "Download it again");
}

type DataSet = ReturnType<typeof dicomParser.parseDicom>;

function parse(bytes: Buffer, where: string, untilTag?: string): DataSet {
  try {
    return dicomParser.parseDicom(bytes, { inflater: inflated as never, ...(untilTag && { untilTag }) });
  } catch (error) {
    // The parser throws strings and plain objects too.
    const reason = error instanceof Error ? error.message : String((error as { exception?: unknown }).exception ?? error);
    throw dataFault(where, "must be a whole DICOM file", reason.slice(0, 120), "Copy or export it again");
  }
}

/** What the parser asks for where all behind the head is deflated: the head, then the rest unpacked. */
function inflated(bytes: Uint8Array, position: number): Buffer {
  return Buffer.concat([bytes.subarray(0, position), inflateRawSync(bytes.subarray(position), { maxOutputLength: 2 ** 30 })]);
}

function checkSyntax(set: DataSet, where: string): void {
  const syntax = set.string(tags.transferSyntax) ?? "";
  if (plain.has(syntax)) return;
  const name = compressed.find(([prefix]) => syntax.startsWith(prefix))?.[1] ?? "an unknown transfer syntax";
  const wayOut = "Unpack it with gdcmconv --raw or dcmdjpeg, or convert it with dcm2niix and give the NIfTI";
  throw dataFault(where, "pixels must not be compressed", `${name} (${syntax})`, wayOut);
}

function checkKind(set: DataSet, where: string): void {
  const frames = set.intString(tags.frames) ?? 1;
  if (frames !== 1) throw dataFault(where, "must be one slice a file", `${frames} frames`, convert);
  const [samples, photometric] = [set.uint16(tags.samples) ?? 1, set.string(tags.photometric) ?? ""];
  if (samples !== 1 || photometric !== "MONOCHROME2")
    throw dataFault(where, "must be grey (MONOCHROME2)", photometric || "nothing", "Leave it out: it is no scan, but a picture");
}

/** The numbers of a tag of decimal strings, or null where there are not so many. */
function numbers(set: DataSet, tag: string, count: number): number[] | null {
  const values = Array.from({ length: count }, (_, i) => set.floatString(tag, i) ?? Number.NaN);
  return values.every(Number.isFinite) ? values : null;
}

function placeOf(set: DataSet, where: string) {
  const [position, orientation] = [numbers(set, tags.position, 3), numbers(set, tags.orientation, 6)];
  if (position === null || orientation === null) {
    const got = `no ${position === null ? "position" : "orientation"}`;
    throw dataFault(where, "must say where it lies in the patient", got, "Leave it out: it is no slice of a scan");
  }
  const [row, column] = [orientation.slice(0, 3), orientation.slice(3)] as unknown as [Vec3, Vec3];
  const square = row[0] * column[0] + row[1] * column[1] + row[2] * column[2];
  if (!(Math.hypot(...row) > 0.9 && Math.hypot(...column) > 0.9 && Math.abs(square) < 0.01))
    throw dataFault(where, "row and column must be at right angles", orientation.join(", "), "Export it again");
  const spacing = numbers(set, tags.spacing, 2);
  if (spacing === null || !(spacing[0]! > 0 && spacing[1]! > 0))
    throw dataFault(where, "must have a pixel spacing above 0", spacing?.join(" x ") ?? "none", "Export it again");
  return {
    position: position as unknown as Vec3,
    rowDirection: unitVector(row),
    columnDirection: unitVector(column),
    pixelMm: [spacing[1]!, spacing[0]!] as const,
  };
}

function valuesOf(set: DataSet, count: number, where: string): Float32Array {
  const allocated = set.uint16(tags.allocated) ?? 0;
  if (allocated !== 8 && allocated !== 16) throw dataFault(where, "pixels must have 8 or 16 bits", `${allocated} bits`, convert);
  const element = set.elements[tags.pixels];
  const [needed, got] = [(count * allocated) / 8, element?.length ?? 0];
  if (element === undefined || got < needed || element.dataOffset + needed > set.byteArray.length)
    throw dataFault(
      where,
      `must hold ${needed} bytes of pixels`,
      element === undefined ? "none" : got,
      "Copy or export it again",
    );
  const bytes = Buffer.from(set.byteArray.buffer, set.byteArray.byteOffset + element.dataOffset, needed);
  const stored = set.uint16(tags.stored) ?? allocated;
  const isSigned = set.uint16(tags.signed) === 1;
  const isBig = set.string(tags.transferSyntax) === bigEndian;
  const [slope, intercept] = [set.floatString(tags.slope) ?? 1, set.floatString(tags.intercept) ?? 0];
  if (!Number.isFinite(slope) || slope === 0 || !Number.isFinite(intercept))
    throw dataFault(where, "rescale slope and intercept must be numbers", `${slope} and ${intercept}`, "Export it again");
  const out = new Float32Array(count);
  const unused = 32 - stored; // bits above those stored may hold anything
  for (let i = 0; i < count; i++) {
    const raw = allocated === 8 ? bytes[i]! : isBig ? bytes.readUInt16BE(2 * i) : bytes.readUInt16LE(2 * i);
    out[i] = slope * (isSigned ? (raw << unused) >> unused : (raw << unused) >>> unused) + intercept;
  }
  return out;
}
