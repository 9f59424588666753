import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { asNifti2, bigEndian, fixture, goodFile, withFields } from "../../test/fixtures/nifti/bytes.ts";
import { writtenVolumes } from "../../test/fixtures/nifti/written.ts";
import type { Vec3 } from "../core/affine.ts";
import { type Affine, determinant } from "../core/affine.ts";
import { sha256 } from "../core/hash.ts";
import type { Volume, Voxels } from "../core/volume.ts";
import { parseHeader } from "./nifti/header.ts";
import { decodeNifti, encodeNifti, inspectNifti, readLabels, readVolume, writeNifti } from "./nifti.ts";

const folder = () => mkdtemp(join(tmpdir(), "hemosynth-"));

test("the affine of 200 generated headers is nibabel's, NIfTI-1 and 2, both byte orders, every mix of codes", () => {
  const { cases } = fixture<{ cases: { header: string; affine: number[] }[] }>("affines.json");
  expect(cases).toHaveLength(200);
  for (const { header, affine } of cases) {
    const bytes = Buffer.concat([inflateSync(Buffer.from(header, "base64")), Buffer.alloc(4)]);
    const ours = parseHeader(bytes, "x.nii").affine;
    for (let i = 0; i < 12; i++) expect(Math.abs(ours[i]! - affine[i]!)).toBeLessThan(1e-12 * Math.max(1, Math.abs(affine[i]!)));
  }
});

interface Written {
  readonly sha256: string;
  readonly shape: number[];
  readonly dtype: string;
  readonly zooms: number[];
  readonly units: string[];
  readonly slope: number[];
  readonly codes: number[];
  readonly qform: number[] | null;
  readonly sform: number[];
  readonly descrip: string;
  readonly voxels: number[];
}

test("nibabel reads what we write: these bytes have been read by it, and it saw our voxels, affines, units and types", () => {
  const { files } = fixture<{ files: Record<string, Written> }>("written.json");
  for (const [name, volume] of Object.entries(writtenVolumes())) {
    const seen = files[name]!;
    const bytes = encodeNifti(volume, name.endsWith(".gz"));
    expect(sha256(name.endsWith(".gz") ? gunzipSync(bytes) : bytes)).toBe(seen.sha256);
    expect(seen.voxels).toEqual([...volume.data]);
    expect(seen.sform).toEqual(volume.affine.map(Math.fround));
    expect([seen.shape, seen.dtype]).toEqual([[...volume.shape], name.split("_")[0]]);
    expect([seen.units, seen.slope, seen.descrip]).toEqual([["mm", "unknown"], [1, 0], "hemosynth"]);
    if (name.includes("sheared")) expect([seen.qform, seen.codes]).toEqual([null, [0, 1]]);
    else {
      expect(seen.codes).toEqual([1, 1]);
      for (let i = 0; i < 12; i++) expect(seen.qform![i]).toBeCloseTo(volume.affine[i]!, 5);
    }
  }
});

const shapes: fc.Arbitrary<Vec3> = fc.tuple(
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 6 }),
);
const entry = fc.float({ min: -4, max: 4, noNaN: true });
const affines = fc
  .array(entry, { minLength: 12, maxLength: 12 })
  .map((a) => a as unknown as Affine)
  .filter((a) => Math.abs(determinant(a)) > 0.5);
const arrays = (n: number): fc.Arbitrary<Voxels> =>
  fc.oneof(
    fc.float32Array({ minLength: n, maxLength: n, noNaN: true, noDefaultInfinity: true }),
    fc.uint8Array({ minLength: n, maxLength: n }),
    fc.uint16Array({ minLength: n, maxLength: n }),
  );
const volumes: fc.Arbitrary<Volume<Voxels>> = fc
  .tuple(shapes, affines)
  .chain(([shape, affine]) => arrays(shape[0] * shape[1] * shape[2]).map((data) => ({ data, shape, affine })));

test("any volume comes back with the same voxels, shape and affine, zipped or not, in either byte order", async () => {
  await fc.assert(
    fc.asyncProperty(volumes, async (volume) => {
      const plain = encodeNifti(volume, false);
      for (const [bytes, name] of [
        [encodeNifti(volume, true), "x.nii.gz"],
        [plain, "x.nii"],
        [bigEndian(plain), "x.nii"],
        [asNifti2(plain), "x.nii"],
      ] as const) {
        const { volume: back } = await decodeNifti(Buffer.from(bytes), name);
        expect(back.data).toEqual(Float32Array.from(volume.data));
        expect(back.shape).toEqual(volume.shape);
        expect(back.affine).toEqual(volume.affine);
      }
    }),
    { numRuns: 60 },
  );
});

test("the same volume is the same bytes, and the gzip header holds no time and no system", async () => {
  const volume = writtenVolumes()["float32_axial.nii"]!;
  const root = await folder();
  const { sha256: first } = await writeNifti(join(root, "a", "x.nii.gz"), volume);
  await writeNifti(join(root, "y.nii.gz"), volume);
  const bytes = await readFile(join(root, "y.nii.gz"));
  expect(sha256(bytes)).toBe(first);
  expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, bytes[8], 255]);
  expect((await inspectNifti(join(root, "y.nii.gz"))).sha256).toBe(first);
});

test("scl_slope and scl_inter are applied in float64 and rounded once", async () => {
  const raw = Uint16Array.from({ length: 500 }, (_, i) => 7 + 131 * i);
  const file = encodeNifti({ data: raw, shape: [500, 1, 1], affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] }, false);
  const { volume } = await decodeNifti(withFields(file, { scl_slope: 0.1, scl_inter: -0.7 }), "x.nii");
  const [slope, inter] = [Math.fround(0.1), Math.fround(-0.7)];
  expect([...volume.data]).toEqual([...raw].map((v) => Math.fround(slope * v + inter)));
});

test("the qform alone tells the same place as the sform, for any rotation, either hand", async () => {
  const unit = fc.double({ min: -1, max: 1, noNaN: true });
  const quaternions = fc.tuple(unit, unit, unit, unit).filter((q) => Math.hypot(...q) > 0.1);
  await fc.assert(
    fc.asyncProperty(quaternions, fc.boolean(), async ([w, x, y, z], mirrored) => {
      const n = w * w + x * x + y * y + z * z;
      const [a, b, c] = [1, 1.5, mirrored ? -3 : 3];
      const affine: Affine = [
        (a * (w * w + x * x - y * y - z * z)) / n, (2 * b * (x * y - w * z)) / n, (2 * c * (x * z + w * y)) / n, 11,
        (2 * a * (x * y + w * z)) / n, (b * (w * w - x * x + y * y - z * z)) / n, (2 * c * (y * z - w * x)) / n, -7,
        (2 * a * (x * z - w * y)) / n, (2 * b * (y * z + w * x)) / n, (c * (w * w - x * x - y * y + z * z)) / n, 40,
      ]; // biome-ignore format: a matrix reads by rows
      const file = encodeNifti({ data: new Uint8Array(24), shape: [4, 3, 2], affine }, false);
      const { volume, warnings } = await decodeNifti(withFields(file, { sform_code: 0 }), "x.nii");
      expect(warnings).toEqual([]); // no "no-orientation": the qform is there
      for (let i = 0; i < 12; i++) expect(volume.affine[i]).toBeCloseTo(affine[i]!, 2);
    }),
  );
});

test.each([
  ["int8", 256, 8, (b: Buffer, i: number, v: number) => b.writeInt8(v, i), [-128, 0, 127]],
  ["int16", 4, 16, (b: Buffer, i: number, v: number) => b.writeInt16LE(v, 2 * i), [-32768, 0, 32767]],
  ["int32", 8, 32, (b: Buffer, i: number, v: number) => b.writeInt32LE(v, 4 * i), [-70000, 0, 70000]],
  ["uint32", 768, 32, (b: Buffer, i: number, v: number) => b.writeUInt32LE(v, 4 * i), [0, 7, 4294967040]],
  ["float64", 64, 64, (b: Buffer, i: number, v: number) => b.writeDoubleLE(v, 8 * i), [-1.5, 0, 1e6]],
] as const)("reads %s voxels", async (_, datatype, bitpix, write, values) => {
  const header = encodeNifti(
    { data: new Uint8Array(3), shape: [3, 1, 1], affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] },
    false,
  ).subarray(0, 352);
  const voxels = Buffer.alloc((3 * bitpix) / 8);
  for (const [i, value] of values.entries()) write(voxels, i, value);
  const bytes = withFields(Buffer.concat([header, voxels]), { datatype, bitpix });
  const { volume } = await decodeNifti(bytes, "x.nii");
  expect([...volume.data]).toEqual([...values]);
});

test("labels come through float32 and a rounded slope; readVolume refuses NaN and says how many", async () => {
  const root = await folder();
  const file = join(root, "x.nii");
  const bytes = withFields(goodFile(), { scl_slope: 1 / 24 });
  bytes.writeFloatLE(24 * 24, 352);
  await writeFile(file, bytes.subarray(0)); // voxels 24, 2/24 …: not whole
  await expect(readLabels(file)).rejects.toThrow(/labels must be whole numbers from 0 to 65535; got 0\.08/);
  await writeFile(file, goodFile());
  expect([...(await readLabels(file)).data]).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  const holes = goodFile();
  holes.writeFloatLE(Number.NaN, 352);
  holes.writeFloatLE(Number.POSITIVE_INFINITY, 360);
  await writeFile(file, holes);
  await expect(readVolume(file)).rejects.toThrow(`${file}: voxels must be finite numbers; got 2 that are NaN or infinite.`);
});

test("free text of the header, which can name a patient, is in no message and no result", async () => {
  const bytes = withFields(goodFile(), { sform_code: 0, qform_code: 0 });
  for (const offset of [4, 14, 148, 228, 328]) bytes.write("DOE JANE", offset, "latin1");
  const reading = await decodeNifti(bytes, "x.nii");
  expect(reading.warnings.length).toBeGreaterThan(0);
  expect(JSON.stringify([reading.header, reading.warnings])).not.toContain("DOE");
});
