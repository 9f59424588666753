import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { hasShared, sharedData } from "../../test/fixtures/shared.ts";
import { type MadeSlice, madeDicom } from "../../test/helpers/dicom.ts";
import { applyAffine, type Vec3 } from "../core/affine.ts";
import { extractSlice } from "../core/volume.ts";
import { readDicomSeries, volumeOfSlices } from "./dicom.ts";
import { decodeDicomSlice } from "./dicom-slice.ts";

const slice = (made: MadeSlice, where = "a.dcm") => decodeDicomSlice(madeDicom(made), where);
const at = (...zs: readonly number[]) =>
  zs.map((z, i) => slice({ position: [0, 0, z], pixels: new Int16Array(30).fill(z) }, `s/${i}.dcm`));

test("sorts by position, rescales to HU and places voxels in RAS+", () => {
  const made = [3, 1, 2].map((k) =>
    slice({ position: [10, 20, 5 * k], spacing: [0.5, 0.25], slope: 2, intercept: -1000, pixels: new Int16Array(30).fill(k) }),
  );
  const { volume, warnings } = volumeOfSlices(made, "s");
  expect(warnings).toEqual([]);
  expect(volume.shape).toEqual([6, 5, 3]);
  expect([0, 1, 2].map((k) => extractSlice(volume, 2, k).data[7])).toEqual([-998, -996, -994]);
  // Columns run to the patient's left, 0.25 mm; rows to posterior, 0.5 mm; slices upwards.
  expect(applyAffine(volume.affine, [0, 0, 0])).toEqual([-10, -20, 5]);
  expect(applyAffine(volume.affine, [4, 2, 1])).toEqual([-11, -21, 10]);
});

test("bits above those stored do not count", () => {
  const bytes = madeDicom({ pixels: new Int16Array(30).fill(0x7fff) });
  bytes.writeUInt16LE(12, bytes.indexOf(Buffer.from([0x28, 0, 0x01, 0x01])) + 8);
  expect(decodeDicomSlice(bytes, "a").values[0]).toBe(-1);
});

test("a tilted gantry: what stands upright in the patient stands upright in the volume", () => {
  // A rod along z at y = 2 mm: each slice begins 0.3 mm further back for each mm upwards.
  const [c, s] = [Math.cos(Math.atan(0.3)), Math.sin(Math.atan(0.3))];
  const orientation = [1, 0, 0, 0, c, -s];
  const made = Array.from({ length: 6 }, (_, k) => {
    const position = [0, -20, 10 * k + 20 * (s / c)]; // a bed that moves along z
    const centre = (2 + 20) / c; // where the plane cuts the rod, mm along its rows
    const pixels = Int16Array.from({ length: 8 * 64 }, (_, i) =>
      Math.round(1000 * Math.exp(-(((Math.floor(i / 8) - centre) / 3) ** 2))),
    );
    return slice({ position, orientation, width: 8, height: 64, pixels });
  });
  const { volume, warnings } = volumeOfSlices(made, "s");
  expect(warnings.map(({ rule }) => rule)).toEqual(["gantry-tilt"]);
  expect(warnings[0]!.message).toContain("tilted by 16.7 degrees");
  for (let k = 0; k < 6; k++) {
    const values = extractSlice(volume, 2, k).data;
    const row = Array.from({ length: 64 }, (_, y) => values[3 + 8 * y]!);
    const total = row.reduce((a, b) => a + b, 0);
    const centre = row.reduce((sum, value, y) => sum + value * y, 0) / total;
    const world = applyAffine(volume.affine, [3, centre, k]);
    expect(-world[1]).toBeCloseTo(2, 1);
  }
  const [a, b] = [applyAffine(volume.affine, [0, 1, 0]), applyAffine(volume.affine, [0, 0, 1])].map((p) =>
    p.map((v, i) => v - applyAffine(volume.affine, [0, 0, 0])[i]!),
  );
  expect(a!.reduce((sum, v, i) => sum + v * b![i]!, 0)).toBeCloseTo(0, 9);
});

test("uneven distances are interpolated at the median one, what is linear stays linear", () => {
  const { volume, warnings } = volumeOfSlices(at(0, 4, 8, 12, 15, 22, 29), "s");
  expect(warnings[0]).toEqual({
    rule: "uneven-slices",
    message: "s: slices are 3.00 to 7.00 mm apart; 7 were interpolated to 8, 4.00 mm apart.",
  });
  expect(volume.shape[2]).toBe(8);
  for (let k = 0; k < 8; k++) expect(extractSlice(volume, 2, k).data[3]).toBeCloseTo(4 * k, 4);
});

test.each([
  [
    "a missing slice",
    () => volumeOfSlices(at(0, 5, 15, 20), "s"),
    /^s: slices must be as far apart as those beside them, 5\.00 mm; got 10\.00 mm between 1\.dcm and 2\.dcm: 1 missing\. Add/,
  ],
  [
    "a duplicate",
    () => volumeOfSlices(at(0, 5, 5, 10), "s"),
    /^s\/2\.dcm: each slice must lie in a place of its own; got the place of s\/1\.dcm\. Remove one of them\.$/,
  ],
  [
    "mixed series",
    () => volumeOfSlices([...at(0, 5), slice({ series: "9.9", position: [0, 0, 10] })], "s"),
    /^s: a folder must hold one series; got 2 \(2, 1 files\)\. Give each/,
  ],
  [
    "a localizer",
    () => volumeOfSlices([...at(0, 5), slice({ orientation: [0, 1, 0, 0, 0, -1], position: [0, 0, 10] }, "loc.dcm")], "s"),
    /^loc\.dcm: must be turned as the other slices are; got another orientation/,
  ],
  [
    "another size",
    () => volumeOfSlices([...at(0, 5), slice({ width: 7, position: [0, 0, 10] }, "w.dcm")], "s"),
    /^w\.dcm: must be as large as the other slices, 6 x 5 pixels of 1 mm; got 7 x 5/,
  ],
  [
    "JPEG 2000",
    () => slice({ syntax: "1.2.840.10008.1.2.4.90" }),
    /^a\.dcm: pixels must not be compressed; got JPEG 2000 \(1\.2\.840\.10008\.1\.2\.4\.90\)\. Unpack it with gdcmconv --raw/,
  ],
  ["RLE", () => slice({ syntax: "1.2.840.10008.1.2.5" }), /got RLE \(/],
  ["frames", () => slice({ frames: 30 }), /^a\.dcm: must be one slice a file; got 30 frames\. Convert it with dcm2niix/],
  ["colour", () => slice({ photometric: "RGB" }), /must be grey \(MONOCHROME2\); got RGB/],
  ["no position", () => slice({ position: null }), /must say where it lies in the patient; got no position/],
  [
    "pixels cut off",
    () => decodeDicomSlice(madeDicom().subarray(0, -20), "cut.dcm"),
    /^cut\.dcm: must (be a whole DICOM file|hold 60 bytes of pixels); got/,
  ],
  ["a header cut off", () => decodeDicomSlice(madeDicom().subarray(0, 300), "cut.dcm"), /^cut\.dcm: must/],
  [
    "text",
    () => decodeDicomSlice(Buffer.from("no DICOM"), "t.dcm"),
    /^t\.dcm: must be a DICOM file; got no DICM after 128 bytes/,
  ],
  ["nothing", () => volumeOfSlices([], "s"), /^s: must hold DICOM slices; got none/],
] as const)("refuses %s in one line", (_, act, message) => {
  expect(act).toThrow(message);
  expect(act).not.toThrow(/Doe|4711|1970/);
});

interface Fixture {
  readonly shape: Vec3;
  readonly corners: readonly { readonly index: Vec3; readonly world: Vec3 }[];
  readonly values: readonly { readonly index: Vec3; readonly value: number }[];
}
const fixtures = fileURLToPath(new URL("../../test/fixtures/dicom", import.meta.url));

test("agrees with SimpleITK on a series that pydicom wrote, oblique and out of order", async () => {
  const expected = JSON.parse(await readFile(join(fixtures, "oblique.json"), "utf8")) as Fixture;
  const { volume } = await readDicomSeries(join(fixtures, "oblique"), (await readdir(join(fixtures, "oblique"))).sort());
  expect(volume.shape).toEqual(expected.shape);
  for (const { index, world } of expected.corners)
    for (const [a, mm] of applyAffine(volume.affine, index).entries()) expect(mm).toBeCloseTo(world[a]!, 3);
  for (const { index, value } of expected.values) {
    const [x, y, z] = index;
    expect(volume.data[x + volume.shape[0] * (y + volume.shape[1] * z)]).toBeCloseTo(value, 3);
  }
});

const tilted = `${sharedData}head_ct/ge_gantry_tilt_dicom`;
test.skipIf(!hasShared("head_ct/ge_gantry_tilt_dicom"))(
  "a real tilted series with uneven slices becomes one straight volume",
  async () => {
    const files = (await readdir(tilted)).filter((name) => name.endsWith(".dcm"));
    const { volume, warnings, modality } = await readDicomSeries(tilted, files);
    expect(modality).toBe("CT");
    expect(warnings.map(({ rule }) => rule)).toEqual(["gantry-tilt", "uneven-slices"]);
    expect(warnings[0]!.message).toContain("18.5 degrees"); // as its header says
    expect(volume.shape.slice(0, 2)).toEqual([512, 512]);
  },
);

test.skipIf(!hasShared("head_ct/ge_gantry_tilt_dicom"))(
  "of a real tilted series, a slice that is missing, there twice, or of another series is named",
  async () => {
    const names = (await readdir(tilted)).filter((name) => name.endsWith(".dcm")).sort();
    const slices = await Promise.all(names.map(async (name) => decodeDicomSlice(await readFile(join(tilted, name)), name)));
    const without = (name: string) => volumeOfSlices(slices.filter(({ where }) => where !== name), "scan"); // biome-ignore format: one line
    expect(() => without("06.dcm")).toThrow(
      /^scan: slices must be as far apart as those beside them, \d\.\d\d mm; got \d+\.\d\d mm between 0[57]\.dcm and 0[57]\.dcm: 1 missing/,
    );
    expect(() => without("22.dcm")).toThrow(/ between 2[13]\.dcm and 2[13]\.dcm: 1 missing/);
    expect(() => volumeOfSlices([...slices, { ...slices[9]!, where: "copy.dcm" }], "scan")).toThrow(
      /^(copy|10)\.dcm: each slice must lie in a place of its own; got the place of (copy|10)\.dcm\. Remove one of them\.$/,
    );
    expect(() => volumeOfSlices([...slices, slice({})], "scan")).toThrow(
      /^scan: a folder must hold one series; got 2 \(28, 1 files\)/,
    );
  },
);

const pydicom = `${sharedData}readers/pydicom_mit`;
test.skipIf(!hasShared("readers/pydicom_mit")).each([
  ["693_J2KI.dcm", /got JPEG 2000/],
  ["JPEG-lossy.dcm", /got JPEG extended/],
  ["MR_small_RLE.dcm", /got RLE/],
  ["MR_small_jpeg_ls_lossless.dcm", /got JPEG-LS/],
  ["SC_rgb_small_odd.dcm", /got RGB/],
  ["examples_palette.dcm", /got PALETTE COLOR/],
  ["image_dfl.dcm", /must say where it lies/],
  ["nested_priv_SQ.dcm", /must/],
])("pydicom's %s is refused by name", async (name, message) => {
  const bytes = await readFile(join(pydicom, name));
  expect(() => decodeDicomSlice(bytes, name)).toThrow(message);
});

test.skipIf(!hasShared("readers/pydicom_mit"))("pydicom's CT and MR slices are read, implicit or explicit", async () => {
  const read = async (name: string) => decodeDicomSlice(await readFile(join(pydicom, name)), name);
  const { values, pixelMm, width } = await read("CT_small.dcm");
  expect([values[0], values[1], values.at(-1), width]).toEqual([-849, -844, -115, 128]);
  expect(pixelMm).toEqual([0.661468, 0.661468]);
  expect((await read("MR_small.dcm")).values).toEqual((await read("MR_small_implicit.dcm")).values);
});
