import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { axisAlignedAffine, type Vec3 } from "../src/core/affine.ts";
import { silentContext } from "../src/core/context.ts";
import { UserError } from "../src/core/errors.ts";
import { readDataset } from "../src/data/dataset.ts";
import { folderOptions } from "../src/data/ingest/options.ts";
import { runIngest } from "../src/data/ingest/stage.ts";
import { encodeNifti, readLabels, readNifti, readVolume } from "../src/data/nifti.ts";
import { splitOptions } from "../src/data/splits.ts";
import { asNifti2, bigEndian, goodFile, withFields } from "./fixtures/nifti/bytes.ts";

// Bad files 1 to 52, numbered as in the project's list of inputs that must be survived. "refused" is an error of one line that
// names the file, the rule, what was got and the way out, fault "data", which the command line turns into exit code 3;
// "warned" goes on and says so; "read" is odd but right.

const good = goodFile();
const zipped = gzipSync(good);
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

function put(content: Uint8Array, name = "x.nii"): string {
  const file = join(mkdtempSync(join(tmpdir(), "hemosynth-")), name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

async function faultOf(action: Promise<unknown>): Promise<UserError> {
  const error = await action.then(
    () => new Error("it was accepted"),
    (e: unknown) => e,
  );
  if (!(error instanceof UserError)) throw error;
  expect(error.fault).toBe("data");
  return error;
}

/** One line: where, rule, got, way out. */
function expectOneLine(message: string, file: string): void {
  expect(message).not.toContain("\n");
  expect(message.startsWith(`${file}: `)).toBe(true);
  expect(message).toMatch(/(; got .+|could not read: .+)[.;] ?.*\.$/);
}

const extended = (esize: number) => {
  const out = Buffer.concat([
    withFields(good.subarray(0, 352), { vox_offset: 384, extension: 1 }),
    Buffer.alloc(32),
    good.subarray(352),
  ]);
  out.writeInt32LE(esize, 352);
  return out;
};
const nifti2Dim = (n: bigint) => {
  const out = asNifti2(good);
  out.writeBigInt64LE(n, 24);
  return out;
};
const flipped = (bytes: Buffer, at: number) => {
  const out = Buffer.from(bytes);
  out[at < 0 ? out.length + at : at]! ^= 0xff;
  return out;
};
const bomb = gzipSync(Buffer.concat([good, Buffer.alloc(200_000_000)]));

const refused: readonly (readonly [string, Uint8Array, RegExp, string?])[] = [
  ["1 empty", Buffer.alloc(0), /at least 348 bytes; got an empty file/],
  ["1 empty gz", Buffer.alloc(0), /at least 348 bytes; got an empty file/, "x.nii.gz"],
  ["1 gz of nothing", gzipSync(Buffer.alloc(0)), /at least 348 bytes; got 0/, "x.nii.gz"],
  ["2 short", good.subarray(0, 347), /at least 348 bytes; got 347/],
  ["2 short NIfTI-2", asNifti2(good).subarray(0, 539), /at least 540 bytes; got 539/],
  ["3 all zero", Buffer.alloc(348), /sizeof_hdr must be 348 or 540; got 0/],
  ["4 sizeof_hdr", withFields(good, { sizeof_hdr: 349 }), /sizeof_hdr must be 348 or 540; got 349/],
  ["5 magic", Buffer.concat([good.subarray(0, 344), Buffer.from("n+7\0"), good.subarray(348)]), /magic must be n\+1; got "n\+7/],
  [
    "6 ni1 pair",
    Buffer.concat([good.subarray(0, 344), Buffer.from("ni1\0"), good.subarray(348)]),
    /one half of a \.hdr\/\.img pair/,
  ],
  ["7 dim[0] = 0", withFields(good, { dim0: 0 }), /dim\[0\] must be 1 to 7; got 0/],
  ["8 dim[0] = 8", withFields(good, { dim0: 8 }), /dim\[0\] must be 1 to 7; got 8/],
  ["9 negative dim", withFields(good, { dim2: -3 }), /dim\[2\] must be at least 1; got -3/],
  ["9 negative dim, NIfTI-2", nifti2Dim(-5n), /dim\[1\] must be at least 1; got -/],
  ["10 zero dim", withFields(good, { dim3: 0 }), /dim\[3\] must be at least 1; got 0/],
  [
    "11 too many voxels",
    withFields(good, { dim1: 32767, dim2: 32767, dim3: 2 }),
    /at most 268435456 voxels; got 32767 x 32767 x 2/,
  ],
  [
    "12 product overflows",
    withFields(good, { dim0: 4, dim1: 32767, dim2: 32767, dim3: 32767, dim4: 32767 }),
    /at most 268435456 voxels/,
  ],
  ["12 NIfTI-2 dim 2^40", nifti2Dim(2n ** 40n), /at most 268435456 voxels; got 1099511627776/],
  ["13 a byte short", good.subarray(0, -1), /must hold 448 bytes by its header; got 447/],
  ["13 a byte short, gz", gzipSync(good.subarray(0, -1)), /must hold 448 bytes by its header; got 447/, "x.nii.gz"],
  ["15 datatype 77", withFields(good, { datatype: 77 }), /datatype must be one of uint8, .*; got unknown code 77/],
  ["16 RGB", withFields(good, { datatype: 128, bitpix: 24 }), /got RGB24/],
  ["16 complex", withFields(good, { datatype: 32, bitpix: 64 }), /got complex64/],
  ["16 int64", withFields(good, { datatype: 1024, bitpix: 64 }), /got int64/],
  ["16 float128", withFields(good, { datatype: 1536, bitpix: 128 }), /got float128/],
  ["17 bitpix", withFields(good, { bitpix: 16 }), /bitpix must be 32 for datatype float32; got 16/],
  ["18 vox_offset 0", withFields(good, { vox_offset: 0 }), /vox_offset must be a whole number of at least 352; got 0/],
  ["18 vox_offset NaN", withFields(good, { vox_offset: nan }), /vox_offset .*; got NaN/],
  ["18 vox_offset -1", withFields(good, { vox_offset: -1 }), /vox_offset .*; got -1/],
  ["18 vox_offset Inf", withFields(good, { vox_offset: infinity }), /vox_offset .*; got Infinity/],
  ["18 vox_offset beyond the end", withFields(good, { vox_offset: 4000 }), /must hold 4096 bytes by its header; got 448/],
  [
    "19 scl_inter NaN",
    withFields(good, { scl_slope: 2, scl_inter: nan }),
    /scl_inter must be finite beside scl_slope 2; got NaN/,
  ],
  ["20 pixdim negative", withFields(good, { pixdim2: -1.5 }), /pixdim\[2\] must be 0 to 1000 mm; got -1.5/],
  ["20 pixdim NaN", withFields(good, { pixdim1: nan }), /pixdim\[1\] must be 0 to 1000 mm; got NaN/],
  ["20 pixdim 1e30", withFields(good, { pixdim3: 1e30 }), /pixdim\[3\] must be 0 to 1000 mm; got 1/],
  ["21 qfac 0.5", withFields(good, { pixdim0: 0.5, sform_code: 0 }), /qfac \(pixdim\[0\]\) must be 1 or -1; got 0.5/],
  [
    "22 quaternion",
    withFields(good, { quatern_b: 1, quatern_c: 1, sform_code: 0 }),
    /quaternion must have a norm of at most 1; got 1.41/,
  ],
  [
    "23 singular affine",
    withFields(good, { srow1: -1.5, srow5: 0 }),
    /affine must be invertible; got axes that lie in one plane/,
  ],
  ["23 zero affine column", withFields(good, { srow0: 0 }), /voxels must be 0.001 to 1000 mm along each axis; got 0 x/],
  ["23 affine NaN", withFields(good, { srow5: nan }), /affine's numbers must be finite; got/],
  ["29 NaN voxel", withVoxel(nan), /voxels must be finite numbers; got 1/],
  ["29 infinite voxel", withVoxel(-infinity), /voxels must be finite numbers; got 1/],
  ["32 4-D", withFields(good, { dim0: 4, dim3: 1, dim4: 2 }), /must be one 3-D volume; got 4-D, 4 x 3 x 1 x 2/],
  ["35 esize 0", extended(0), /esize must be a multiple of 16, from 16 to the 32 bytes before the voxels; got 0/],
  ["35 esize negative", extended(-16), /esize .*; got -16/],
  ["35 esize 24", extended(24), /esize .*; got 24/],
  ["35 esize past the voxels", extended(48), /esize .*; got 48/],
  ["36 .nii is gzip", zipped, /a .nii file must not be zipped; got gzip/],
  ["36 .nii.gz is not", good, /a .gz file must be gzip; got a file that is not/, "x.nii.gz"],
  ["37 gz cut off", zipped.subarray(0, -12), /gzip stream must be complete; got a file that is cut off/, "x.nii.gz"],
  ["38 gz CRC", flipped(zipped, -8), /gzip stream must be intact; got a wrong checksum/, "x.nii.gz"],
  ["39 gz ISIZE", flipped(zipped, -1), /gzip stream must be intact; got a wrong length/, "x.nii.gz"],
  [
    "41 gz garbage after",
    Buffer.concat([zipped, Buffer.from("garbage")]),
    /gzip stream must be intact; got other bytes after/,
    "x.nii.gz",
  ],
  [
    "41 gz zeros, then garbage",
    Buffer.concat([zipped, Buffer.alloc(9), Buffer.from("x")]),
    /must end with the file; got other bytes/,
    "x.nii.gz",
  ],
  ["42 gz bomb", bomb, /must inflate to the 448 bytes that its header declares; got far more/, "x.nii.gz"],
  ["43 gz twice", gzipSync(zipped), /must be zipped once; got a gzip file inside a gzip file/, "x.nii.gz"],
  ["a DICOM file", Buffer.concat([Buffer.alloc(128), Buffer.from("DICM"), Buffer.alloc(400)]), /got a DICOM file/],
  ["units of metres", withFields(good, { xyzt_units: 1 }), /xyzt_units must be millimetres or unknown; got metres/],
];

function withVoxel(value: number): Buffer {
  const out = Buffer.from(good);
  out.writeFloatLE(value, 360);
  return out;
}

test.each(refused.map(([a, b, c, d = "x.nii"]) => [a, b, c, d] as const))("refuses %s", async (_, content, rule, name) => {
  const file = put(content, name);
  const { message } = await faultOf(readVolume(file));
  expectOneLine(message, file);
  expect(message).toMatch(rule);
});

test("a gzip bomb is refused before it is inflated", async () => {
  const file = put(bomb, "x.nii.gz");
  const before = process.memoryUsage().arrayBuffers;
  await faultOf(readVolume(file));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
});

const warned: readonly (readonly [string, Uint8Array, string, RegExp])[] = [
  ["14 trailing bytes", Buffer.concat([good, Buffer.alloc(5)]), "trailing-bytes", /5 bytes after the voxels/],
  [
    "18 vox_offset not of 16",
    Buffer.concat([withFields(good.subarray(0, 352), { vox_offset: 356 }), Buffer.alloc(4), good.subarray(352)]),
    "offset-not-16",
    /356/,
  ],
  ["19 slope 0", withFields(good, { scl_slope: 0 }), "no-scale", /scl_slope 0 means no scaling/],
  ["19 slope NaN", withFields(good, { scl_slope: nan, scl_inter: nan }), "no-scale", /scl_slope NaN means no scaling/],
  ["19 slope Inf", withFields(good, { scl_slope: infinity }), "no-scale", /scl_slope Infinity means no scaling/],
  ["20 pixdim 0", withFields(good, { pixdim1: 0 }), "pixdim-zero", /pixdim\[1\] is 0, read as 1 mm/],
  ["21 qfac 7 beside an sform", withFields(good, { pixdim0: 7 }), "qfac", /must be 1 or -1; got 7, read as 1/],
  ["24 sform and qform differ", withFields(good, { srow3: 9 }), "form-mismatch", /disagree by 4\.0 mm/],
  ["25 both codes 0", withFields(good, { sform_code: 0, qform_code: 0 }), "no-orientation", /left and right are a guess/],
  [
    "pixdim and affine differ",
    withFields(good, { pixdim1: 1.2, qform_code: 0 }),
    "spacing-mismatch",
    /pixdim says 1\.2 x 1\.5 x 3 mm, the affine 1 x 1\.5 x 3/,
  ],
  ["form code out of range", withFields(good, { qform_code: 12 }), "form-code", /qform_code must be 0 to 5; got 12/],
];

test.each(warned)("warns of %s and reads on", async (_, content, rule, text) => {
  const file = put(content);
  const { volume, warnings } = await readNifti(file);
  expect([...volume.data.slice(0, 3)]).toEqual([1, 2, 3]);
  const warning = warnings.find((w) => w.rule === rule)!;
  expect(warning.message).toMatch(text);
  expect(warning.message.startsWith(`${file}: `) && !warning.message.includes("\n")).toBe(true);
});

const turned = Object.fromEntries([0.6, -0.8, 0, 1, 0.8, 0.6, 0, 2, 0, 0, -3, 3].map((value, i) => [`srow${i}`, value]));
const oblique = { ...turned, qform_code: 0, pixdim1: 1, pixdim2: 1 };
const read: readonly (readonly [string, Uint8Array, string?])[] = [
  ["26 left-handed and oblique", withFields(good, oblique)],
  ["27 big-endian", bigEndian(good)],
  ["28 NIfTI-2", asNifti2(good)],
  ["35 a good extension", extended(32)],
  ["32 trailing singleton dims", withFields(good, { dim0: 5, dim4: 1, dim5: 1 })],
  ["dims above dim[0] are not looked at", withFields(good, { dim5: -7, dim7: 0 })],
  [
    "40 gz of several members",
    Buffer.concat([gzipSync(good.subarray(0, 100)), gzipSync(good.subarray(100, 400)), gzipSync(good.subarray(400))]),
    "x.nii.gz",
  ],
  ["gz padded with zeros", Buffer.concat([zipped, Buffer.alloc(512)]), "x.nii.gz"],
];

test.each(read.map(([a, b, c = "x.nii"]) => [a, b, c] as const))("reads %s without a word", async (_, content, name) => {
  const { volume, warnings } = await readNifti(put(content, name));
  expect(warnings).toEqual([]);
  expect([...volume.data]).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
});

test.each([
  ["33 a single slice", [5, 5, 1], [1, 1, 3]],
  ["33 one voxel", [1, 1, 1], [1, 1, 1]],
  ["33 odd sizes", [7, 13, 3], [1, 1, 3]],
  ["34 very thick slices", [4, 4, 3], [0.5, 0.5, 30]],
] as const)("reads %s", async (_, shape: Vec3, spacing: Vec3) => {
  const data = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => i);
  const file = put(encodeNifti({ data, shape, affine: axisAlignedAffine(shape, spacing) }, false));
  expect((await readVolume(file)).data).toEqual(data);
});

// From here on the whole folder is the input.

const affine = axisAlignedAffine([4, 3, 2], [1, 1, 3]);
const bytesOf = (values: ArrayLike<number>, shape: Vec3 = [4, 3, 2], at = affine) =>
  encodeNifti({ data: Float32Array.from(values), shape, affine: at }, false);
let drawn = 0;
const image = () => bytesOf(Array.from({ length: 24 }, (_, i) => ((i * 7919 + ++drawn * 104729) % 101) + 1));
const labels = (change: (i: number) => number | undefined = () => undefined) =>
  bytesOf(Array.from({ length: 24 }, (_, i) => change(i) ?? i % 8));

async function ingest(
  files: Readonly<Record<string, Uint8Array>>,
  more: object = {},
  prepare: (folder: string) => void = () => {},
) {
  const folder = mkdtempSync(join(tmpdir(), "hemosynth-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  prepare(folder);
  const options = folderOptions.parse({ kind: "folder", path: folder, labels: { scheme: "feta" }, ...more });
  const out = mkdtempSync(join(tmpdir(), "hemosynth-"));
  const job = { out, options, split: splitOptions.parse({}), seed: 1 };
  return runIngest(job, silentContext(2)).then(() => readDataset(out));
}

/** The lines of an ingest's error: a summary, then one line an error. */
async function linesOf(result: Promise<unknown>): Promise<string[]> {
  const [summary, ...lines] = (await faultOf(result)).message.split("\n");
  expect(summary).toMatch(/: \d+ errors? in the data; no dataset was written\.$/);
  for (const line of lines) expect(line).toMatch(/^ {2}\[[a-z-]+\] .+(; got .+|could not read: .+)\.$/);
  return lines;
}

test.each([
  [
    "30 a constant image",
    { "a.nii": bytesOf(new Float32Array(24).fill(7)) },
    /\[constant-image\] a\.nii: .*got 7 in every voxel/,
  ],
  [
    "44 labels that are not whole",
    { "a.nii": image(), "a_dseg.nii": labels((i) => (i === 5 ? 0.9999 : undefined)) },
    /\[label-not-integer\] a_dseg\.nii: .*got 0\.9999/,
  ],
  [
    "45 an unknown label",
    { "a.nii": image(), "a_dseg.nii": labels((i) => (i > 21 ? 9 : undefined)) },
    /\[unknown-label\] a_dseg\.nii: .*scheme feta; got 9 \(2 voxels\)/,
  ],
  [
    "46 another shape",
    { "a.nii": image(), "a_dseg.nii": bytesOf(new Float32Array(12).fill(1), [4, 3, 1]) },
    /\[shape-mismatch\] a_dseg\.nii: .*4 x 3 x 2; got 4 x 3 x 1/,
  ],
  [
    "47 another place",
    {
      "a.nii": image(),
      "a_dseg.nii": bytesOf(new Float32Array(24).fill(1), [4, 3, 2], axisAlignedAffine([4, 3, 2], [1, 1, 3], [0, 0, 2])),
    },
    /\[affine-mismatch\] a_dseg\.nii/,
  ],
  [
    "48 a label map without an image",
    { "a.nii": image(), "b_dseg.nii": labels() },
    /\[labels-without-image\] b_dseg\.nii: .*got none/,
  ],
  [
    "49 names that differ by case",
    { "A.nii": image(), "a.nii": image() },
    /\[duplicate-id\] A\.nii: paths of images .*got also a\.nii/,
  ],
  [
    "49 names that differ by Unicode form",
    { "caf\u00e9.nii": image(), "cafe\u0301.nii": image() },
    /\[duplicate-id\] cafe\u0301\.nii: paths of images .*Unicode form/,
  ],
  [
    "49 a stem twice",
    { "a.nii": image(), "a.nii.gz": gzipSync(image()) },
    /\[duplicate-id\] a\.nii: case ids, which have no suffix, must differ .*got also a\.nii\.gz/,
  ],
  ["50 a name with a newline", { "a\nb.nii": image() }, /\[file-name\] a\\nb\.nii: a name must have no control characters/],
  ["50 a name of 255 bytes", { [`${"n".repeat(251)}.nii`]: image() }, /\[file-name\] n+\.nii: .*at most 150 letters; got 251/],
  ["the same file under two subjects", { "a.nii": good, "b.nii": good }, /\[duplicate-image\] b\.nii: .*same bytes in a\.nii/],
])("ingest refuses %s", async (_, files, line) => {
  const lines = await linesOf(ingest(files as Record<string, Uint8Array>));
  expect(lines.filter((l) => line.test(l))).toHaveLength(1);
});

test("31 all negative, 47 a sloppy affine, 48 an image without a label map: ingest warns", async () => {
  const sloppy = affine.map((v, i) => (i === 3 ? v + 0.1 : v)) as unknown as typeof affine;
  const { findings } = await ingest({
    "a.nii": bytesOf(Array.from({ length: 24 }, (_, i) => -i - 1)),
    "b.nii": image(),
    "b_dseg.nii": bytesOf(new Float32Array(24).fill(1), [4, 3, 2], sloppy),
  });
  const rules = findings.map(({ severity, case: id, rule }) => `${severity} ${id} ${rule}`);
  expect(rules).toContain("warning a negative-image");
  expect(rules).toContain("warning b affine-differs");
  expect(rules).toContain("warning a image-without-labels");
});

test("48 where label maps are required, an image without one is refused", async () => {
  const lines = await linesOf(
    ingest({ "a.nii": image(), "b.nii": image(), "b_dseg.nii": labels() }, { labels: { scheme: "feta", required: true } }),
  );
  expect(lines).toEqual([expect.stringMatching(/\[image-without-labels\] a\.nii: /)]);
});

test("50 odd but usable names get ids that every file system takes", async () => {
  const { cases } = await ingest({ "-rf.nii": image(), "a..b.nii": image(), "🧠.nii": image(), "with space.nii": image() });
  expect(cases.map((c) => c.id)).toEqual(["x-rf", "a..b", "with_space", "x_"]);
});

test("51 a loop of links, a pipe, a device and a folder with the name of an image: an error each, and no hang", async () => {
  const prepare = (folder: string) => {
    symlinkSync("loop.nii", join(folder, "loop.nii"));
    execFileSync("mkfifo", [join(folder, "pipe.nii")]);
    symlinkSync("/dev/zero", join(folder, "zero.nii"));
    mkdirSync(join(folder, "folder.nii"));
    symlinkSync("..", join(folder, "up"));
    symlinkSync("../sub", join(folder, "sub", "again"));
  };
  const lines = await linesOf(ingest({ "a.nii": image(), "sub/b.nii": image().subarray(0, 9) }, {}, prepare));
  expect(lines).toEqual([
    expect.stringMatching(/\[unreadable\] folder\.nii: must be a regular file; got a folder/),
    expect.stringMatching(/\[unreadable\] loop\.nii: could not read: symbolic links form a loop/),
    expect.stringMatching(/\[unreadable\] pipe\.nii: must be a regular file; got a named pipe/),
    expect.stringMatching(/\[unreadable\] sub\/b\.nii: a NIfTI file has at least 348 bytes; got 9/), // once, though links lead there
    expect.stringMatching(/\[unreadable\] zero\.nii: must be a regular file; got a device/),
  ]);
});

const root = process.getuid?.() === 0;
if (root) console.log("skipped: 52, since root may read everything");
test.skipIf(root)("52 a file and a folder without permission", async () => {
  const prepare = (folder: string) => {
    chmodSync(join(folder, "a.nii"), 0);
    chmodSync(join(folder, "closed"), 0);
  };
  const lines = await linesOf(ingest({ "a.nii": image(), "b.nii": image(), "closed/c.nii": image() }, {}, prepare));
  expect(lines).toEqual([
    expect.stringMatching(/\[unreadable\] .*closed: could not read: permission denied/),
    expect.stringMatching(/\[unreadable\] a\.nii: could not read: permission denied/),
  ]);
});

test("a missing file and a label map of fractions, read alone", async () => {
  const missing = join(tmpdir(), "no-such-file.nii");
  expectOneLine((await faultOf(readVolume(missing))).message, missing);
  const file = put(labels(() => 0.5));
  expectOneLine((await faultOf(readLabels(file))).message, file);
});
