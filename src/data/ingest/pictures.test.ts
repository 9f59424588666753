import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { silentContext } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { slicePlane } from "../../core/volume.ts";
import { readDataset, readSplits } from "../dataset.ts";
import { encodeNifti, readLabels, readVolume } from "../nifti.ts";
import { encodeGreyPng } from "../png.ts";
import { splitOptions } from "../splits.ts";
import { folderOptions } from "./options.ts";
import { countImages, runIngest } from "./stage.ts";

const [width, height] = [50, 60];
const values = (seed: number) =>
  Uint16Array.from({ length: width * height }, seededRng(seed).uniform).map((_, i) => (i * (seed + 7919)) % 65521);
const grey = (data: Uint16Array | Uint8Array) => encodeGreyPng({ data, width, height } as Parameters<typeof encodeGreyPng>[0]);
const ids = Uint8Array.from({ length: width * height }, (_, i) => i % 8);
const circle = Uint8Array.from({ length: width * height }, (_, i) => ((i % width) ** 2 < 900 ? 255 : 0));

async function folderOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hemosynth-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function ingest(path: string, more: object = {}) {
  const out = join(await mkdtemp(join(tmpdir(), "hemosynth-")), "out");
  const options = folderOptions.parse({ kind: "folder", path, ...more });
  await runIngest({ out, options, split: splitOptions.parse({}), seed: 5 }, silentContext(2));
  return { out, dataset: await readDataset(out), splits: await readSplits(out) };
}
const axial = { pictures: { pixelMm: 0.8, plane: "axial", gestationalAge: 26 } };

test("pictures with label maps and masks become volumes one voxel thick, value for value, that readers of datasets read", async () => {
  const path = await folderOf({
    "p1_a.png": await grey(values(1)), "p1_a_dseg.png": await grey(ids), "p1_a_lesion.png": await grey(circle), "p1_b.png": await grey(values(2)),
    "p2_a.png": await grey(values(3)), "p2_a_brain.png": await grey(circle),
  }); // biome-ignore format: a list of files
  const { out, dataset, splits } = await ingest(path, { ...axial, subject: "^([^_]+)", labels: { scheme: "feta" } });
  expect(dataset.root).toBe(".");
  expect(dataset.cases.map((c) => [c.id, c.subject, c.gestationalAge, c.labels !== null, c.brainMask !== null, c.lesionMask !== null])).toEqual([
    ["p1_a", "p1", 26, true, false, true], ["p1_b", "p1", 26, false, false, false], ["p2_a", "p2", 26, false, true, false],
  ]); // biome-ignore format: a table
  expect([...splits.train, ...splits.val, ...splits.test].sort()).toEqual(["p1", "p2"]);
  const [first] = dataset.cases;
  expect([first!.shape, first!.spacing]).toEqual([[width, height, 1], [0.8, 0.8, 4]]); // biome-ignore format: short
  const image = await readVolume(join(out, first!.image.path), undefined, first!.image.sha256);
  expect([...image.data]).toEqual([...values(1)]);
  expect(slicePlane(image)).toBe("axial");
  expect([...(await readLabels(join(out, first!.labels!.path), undefined, first!.labels!.sha256)).data]).toEqual([...ids]);
  expect([...(await readLabels(join(out, first!.lesionMask!.path))).data]).toEqual([...circle].map((v) => (v ? 1 : 0)));
});

test("a pattern on the path goes before a row of slices.csv, and that before what is said of all", async () => {
  const rows = [
    "file;Subject;pixelMm;Plane;gestationalAge;side;mask",
    "a_0.5mm.png;A;0,7;sag;24+3;left;m.png",
    "b.png;B;0,7;coronal;;;",
  ];
  const path = await folderOf({
    "x/slices.csv": rows.join("\n"), "x/a_0.5mm.png": await grey(values(1)), "x/b.png": await grey(values(2)), "x/m.png": await grey(circle), "c.png": await grey(values(3)),
  }); // biome-ignore format: a list of files
  const { out, dataset } = await ingest(path, { pictures: { ...axial.pictures, pixelMmPattern: "_([\\d.]+)mm" } });
  const byId = Object.fromEntries(dataset.cases.map((c) => [c.id, c]));
  expect(Object.keys(byId).sort()).toEqual(["a_0.5mm", "b", "c"]);
  expect(["a_0.5mm", "b", "c"].map((id) => [byId[id]!.subject, byId[id]!.spacing[0], byId[id]!.gestationalAge])).toEqual([
    ["A", 0.5, 24 + 3 / 7], ["B", 0.7, 26], ["c", 0.8, 26],
  ]); // biome-ignore format: a table
  const a = await readVolume(join(out, byId["a_0.5mm"]!.image.path));
  expect([slicePlane(a), a.affine[3], byId["a_0.5mm"]!.lesionMask !== null]).toEqual(["sagittal", -10, true]);
});

const volume = encodeNifti({ data: Float32Array.from({ length: 8000 }, seededRng(9).uniform), shape: [20, 20, 20], affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] }, true); // biome-ignore format: one line

test("pictures in a folder of volumes are no images unless their pixel size is given; then both kinds are read", async () => {
  const path = await folderOf({ "v.nii.gz": volume, "v_dseg.png": await grey(ids), "s.png": await grey(values(1)) });
  expect((await ingest(path)).dataset.cases.map((c) => c.id)).toEqual(["v"]);
  await expect(ingest(path, axial)).rejects.toThrow(/v_dseg\.png: a label map must have an image/);
  const both = await ingest(path, { ...axial, exclude: ["v_dseg.png"] });
  expect(both.dataset.cases.map((c) => [c.id, c.shape[2]])).toEqual([["s", 1], ["v", 20]]); // biome-ignore format: short
  for (const c of both.dataset.cases)
    await readVolume(join(both.out, both.dataset.root, c.image.path), undefined, c.image.sha256);
});

test("what is not told, or is wrong, is one line", async () => {
  const [one, two] = [await grey(values(1)), await grey(values(2))];
  const bare = await folderOf({ "a.png": one, "b.png": two });
  await expect(ingest(bare)).rejects.toThrow(/pixel size is given; got 2 pictures without\. Set data\.pictures\.pixelMm and data\.pictures\.plane, or list them/);
  await expect(ingest(bare, { pictures: { pixelMm: 1 } })).rejects.toThrow(/a\.png: a picture does not tell its plane: .*; got none\. .* The same for 1 more\.$/);
  await expect(countImages(folderOptions.parse({ kind: "folder", path: bare, pictures: { pixelMm: 1, plane: "axial", axes: "LI" } }))).rejects.toThrow(/lie in its plane, axial; got LI/);
  const table = (rows: string) => folderOf({ "a.png": one, "slices.tsv": rows }).then((path) => ingest(path));
  await expect(table("image\tx_mm\tplane\na.png\t80\taxial")).rejects.toThrow(/a\.png: .* 0\.05 to 5 mm; got 80/);
  await expect(table("image\tx_mm\tplane\nb.png\t1\taxial")).rejects.toThrow(/slices\.tsv: its files must be there.*got b\.png/);
  await expect(table("x_mm\tplane\n1\taxial")).rejects.toThrow(/slices\.tsv: .*column image; got x_mm, plane/);
  await expect(table("image\tx_mm\na.png\t1\na.png\t1")).rejects.toThrow(/must have one row; got two for a\.png/);
  await expect(ingest(await folderOf({ "a.png": one, "a.nii.gz": volume }), axial)).rejects.toThrow(/a\.nii\.gz: case ids, which have no suffix, must differ.*got also a\.png/);
  const dot = await sharp(new Uint8Array(1), { raw: { width: 1, height: 1, channels: 1 } }).png().toBuffer(); // biome-ignore format: one line
  await expect(ingest(await folderOf({ "a.png": dot }), axial)).rejects.toThrow(/at least 16 x 16 pixels; got 1 x 1/);
  const small = await sharp(ids.slice(0, 1000), { raw: { width: 50, height: 20, channels: 1 } }).toColourspace("b-w").png().toBuffer(); // biome-ignore format: one line
  const other = await folderOf({ "a.png": one, "a_dseg.png": small });
  await expect(ingest(other, { ...axial, labels: { scheme: "feta" } })).rejects.toThrow(/a_dseg\.png: must have its image's shape, 50 x 60 x 1; got 50 x 20 x 1/);
}); // biome-ignore format: long messages

test("an unlikely size and a missing age are told", async () => {
  const path = await folderOf({ "a.png": await grey(values(1)) });
  const { dataset } = await ingest(path, { pictures: { pixelMm: 0.1, plane: "axial" } });
  const told = dataset.findings.filter((f) => f.rule !== "small-split").map((f) => [f.rule, f.severity]);
  expect(told).toEqual([["picture-size", "warning"], ["gestational-age", "warning"]]); // biome-ignore format: short
  expect(dataset.findings[0]!.message).toMatch(/got 5 x 6 mm with pixels of 0\.100 mm/);
});
