import { cp, mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { writeFakeModel } from "../../../test/helpers/fake-model.ts";
import { writeFakeRun } from "../../../test/helpers/fake-run.ts";
import { tf } from "../../backend/tf.ts";
import { type StageContext, silentContext } from "../../core/context.ts";
import { type SplitName, writeDataset } from "../../data/dataset.ts";
import { readVolume, writeNifti } from "../../data/nifti.ts";
import { readPicture } from "../../data/png.ts";
import { parseScores } from "../scores.ts";
import { predictOptions } from "./options.ts";
import { runPredict } from "./stage.ts";

const fresh = () => mkdtemp(join(tmpdir(), "hemosynth-predict-"));
let model: string;
let run: Awaited<ReturnType<typeof writeFakeRun>>;

beforeAll(async () => {
  await tf.setBackend("cpu");
  model = await fresh();
  await writeFakeModel(model, ["lesion", "brain"]);
  run = await writeFakeRun(await fresh(), { seed: 1, subjects: 1, effect: 5 });
});

interface Try {
  readonly splits?: readonly SplitName[] | null;
  readonly out?: string;
  readonly model?: string;
  readonly context?: StageContext;
}
const predict = async (input: string, changes: object = {}, given: Try = {}) => {
  const out = given.out ?? (await fresh());
  const options = predictOptions.parse({ overlays: { slices: 2, tilePx: 64 }, ...changes });
  const request = { model: given.model ?? model, input, splits: given.splits ?? null, out, options };
  const result = await runPredict(request, given.context ?? silentContext());
  const rows = parseScores(await readFile(join(out, "scores.csv"), "utf8"), "scores.csv");
  return { out, result, rows, files: (await readdir(out)).sort() };
};
const image = (name: string) => join(run.data, "images", `${name}.nii.gz`);

test("of ultrasound no plane is told but the one that a case says; of all else the affine tells it", async () => {
  const planes = async (dataset: typeof run.dataset) => {
    await writeDataset(run.data, dataset);
    const { out } = await predict(run.data, { overlays: { slices: 0 } }, { splits: ["test"] });
    const { volumes } = JSON.parse(await readFile(join(out, "predict.json"), "utf8")) as { volumes: { plane: string | null }[] };
    return volumes.slice(0, 3).map(({ plane }) => plane);
  };
  const [first] = run.dataset.cases.filter(({ subject }) => subject === "sub-test0");
  const viewed = run.dataset.cases.map((c) => (c.id === first!.id ? { ...c, plane: "transcerebellar" } : c));
  expect(await planes(run.dataset)).toEqual(["axial", "coronal", "sagittal"]);
  expect(await planes({ ...run.dataset, modality: "US", cases: viewed })).toEqual(["transcerebellar", null, null]);
  await writeDataset(run.data, run.dataset);
});

test("a dataset limited to a split: volumes on the input's grid, overlays, and one row for each slice, stack and examination", async () => {
  const { out, rows, files, result } = await predict(run.data, { writeBrain: true }, { splits: ["test"] });
  const ids = run.dataset.cases.filter((c) => c.subject === "sub-test0").map((c) => c.id);
  expect(files).toEqual(
    [
      ...ids.flatMap((id) => [`${id}_brainprob.nii.gz`, `${id}_lesionprob.nii.gz`]),
      "overlays",
      "predict.json",
      "scores.csv",
    ].sort(),
  );
  expect((await readdir(join(out, "overlays"))).sort()).toEqual(ids.map((id) => `${id}.png`).sort());
  for (const id of ids) {
    const [input, lesion] = [await readVolume(image(id)), await readVolume(join(out, `${id}_lesionprob.nii.gz`))];
    expect([lesion.shape, lesion.affine]).toEqual([input.shape, input.affine]);
    expect(lesion.data.every((p) => p >= 0 && p <= 1)).toBe(true);
  }
  const count = (level: string) => rows.filter((row) => row.level === level).length;
  expect([count("slice"), count("stack"), count("subject")]).toEqual([54, 6, 2]);
  expect(rows.every((row) => row.split === "test" && row.subject === "sub-test0")).toBe(true);
  expect(rows.filter((row) => row.level === "subject").map((row) => row.case)).toEqual(["copy01", "copy02"]);
  expect(result.headline).toBe("predicted 6 volumes of 1 subject");
});

test("twice the same, byte for byte", async () => {
  const [a, b] = [await predict(image("sub-test0_copy01_axial")), await predict(image("sub-test0_copy01_axial"))];
  expect(a.files).toEqual(b.files);
  for (const name of a.files.filter((f) => f !== "overlays"))
    expect(await readFile(join(a.out, name))).toEqual(await readFile(join(b.out, name)));
  for (const name of await readdir(join(a.out, "overlays")))
    expect(await readFile(join(a.out, "overlays", name))).toEqual(await readFile(join(b.out, "overlays", name)));
});

test("a plain folder: any names, colliding ones kept apart, what is no image passed over", async () => {
  const folder = await fresh();
  const source = image("sub-test0_copy01_axial");
  for (const name of ["sub-7_ses-2 (näch).nii.gz", "sub-7_ses-2 [näch].nii.gz", "-lead.nii.gz", ".hidden.nii.gz"])
    await cp(source, join(folder, name));
  await writeFile(join(folder, "notes.txt"), "x");
  await sharp(new Uint8Array(40 * 30).fill(90), { raw: { width: 40, height: 30, channels: 1 } })
    .png()
    .toFile(join(folder, "slice.PNG"));
  const warned: string[] = [];
  const context = {
    ...silentContext(),
    reporter: { ...silentContext().reporter, warn: (line: string) => void warned.push(line) },
  };
  const { rows, out } = await predict(folder, {}, { context });
  const stacks = rows.filter((row) => row.level === "stack");
  expect(stacks.map((row) => [row.case, row.subject])).toEqual([
    ["case-lead", "case-lead"], ["slice", "slice"], ["sub-7_ses-2__n_ch_", "sub-7"], ["sub-7_ses-2__n_ch_-2", "sub-7"],
  ]); // biome-ignore format: a table
  expect(rows.filter((row) => row.level === "subject").map((row) => row.case)).toEqual(["", "", "ses-2"]);
  expect(warned.join()).toMatch(
    /slice\.PNG: a picture does not tell its pixel size; 1 mm is taken\. Set predict\.picturePixelMm/,
  );
  const { shape, data } = await readVolume(join(out, "slice_lesionprob.nii.gz"));
  expect(shape).toEqual([40, 30, 1]);
  const picture = await readPicture(join(out, "slice_lesionprob.png")); // lies as the input, 65535 is 1
  expect([picture.width, picture.height]).toEqual([40, 30]);
  for (const [i, value] of picture.data.entries()) expect(value / 65535).toBeCloseTo(data[i]!, 4);
  await cp(join(out, "slice_lesionprob.png"), join(folder, "slice_lesionprob.png"));
  expect((await predict(folder)).rows.filter((row) => row.level === "stack").length).toBe(4); // a map is no input
});

test("a mask beside the input gates it, and is no input itself", async () => {
  const folder = await fresh();
  await cp(image("sub-test0_copy01_axial"), join(folder, "scan.nii.gz"));
  await expect(predict(folder, { gate: "given" })).rejects.toThrow(
    /scan\.nii\.gz: gate: given needs a brain mask; got none.*<stem>_brain\.nii\.gz/,
  );
  await cp(join(run.data, "sub-test0_copy01_axial_brain.nii.gz"), join(folder, "scan_brain.nii.gz"));
  const { rows, out } = await predict(folder, { gate: "given" });
  expect(rows.filter((row) => row.level === "stack").length).toBe(1);
  const brain = await readVolume(join(folder, "scan_brain.nii.gz"));
  const { data } = await readVolume(join(out, "scan_lesionprob.nii.gz"));
  expect(data.every((p, i) => p === 0 || brain.data[i] === 1)).toBe(true);
  const scale = (volume: typeof brain, mm: number) => ({
    ...volume,
    affine: volume.affine.map((v, i) => (i === 0 || i === 5 ? Math.sign(v) * mm : v)) as unknown as typeof brain.affine,
  });
  await writeNifti(join(folder, "scan.nii.gz"), scale(await readVolume(join(folder, "scan.nii.gz")), 1.524));
  const scores = async (mm: number) => {
    await writeNifti(join(folder, "scan_brain.nii.gz"), scale(brain, mm));
    return (await predict(folder, { gate: "given" })).rows.map((row) => row.score);
  };
  expect(await scores(1.53)).toEqual(await scores(1.524)); // 40 of these pixels round to 30 and 31 of the network's 2 mm
  await writeNifti(join(folder, "scan_brain.nii.gz"), {
    ...brain,
    shape: [20, 40, 9],
    data: brain.data.subarray(0, brain.data.length / 2),
  });
  await expect(predict(folder, { gate: "given" })).rejects.toThrow(
    /scan_brain\.nii\.gz: must be on its image's grid of 40 x 40 x 9; got 20 x 40 x 9/,
  );
});

test("a dataset's file that is not the one it was made with is refused", async () => {
  const copy = join(await fresh(), "data");
  await cp(run.data, copy, { recursive: true });
  const { image: ref, brainMask } = run.dataset.cases[0]!;
  for (const path of [brainMask!.path, ref.path]) {
    const volume = await readVolume(join(copy, path));
    await writeNifti(join(copy, path), { ...volume, data: volume.data.map((v) => (v === 0 ? 1 : v)) });
    await expect(predict(copy, { gate: "given" })).rejects.toThrow(
      `${join(copy, path)}: must be the file that the dataset was made with; got another content. Restore it, or make the dataset again.`,
    );
  }
});

test("output into the input's folder is refused, also by another path; so are splits of a plain input, and nothing to do", async () => {
  const folder = await fresh();
  await cp(image("sub-test0_copy01_axial"), join(folder, "scan.nii.gz"));
  const link = join(await fresh(), "link");
  await symlink(folder, link);
  for (const out of [folder, link]) {
    await expect(predict(folder, {}, { out })).rejects.toThrow(/the output must not be the input's folder/);
    await expect(predict(join(folder, "scan.nii.gz"), {}, { out })).rejects.toThrow(/the output must not be the input's folder/);
  }
  expect(await readdir(folder)).toEqual(["scan.nii.gz"]);
  await expect(predict(folder, {}, { splits: ["test"] })).rejects.toThrow(/only a dataset has splits/);
  await expect(predict(await fresh())).rejects.toThrow(
    /must be, or hold, \.nii, \.nii\.gz, \.png, \.jpg or \.tif files, or DICOM slices; got/,
  );
  await expect(predict(join(folder, "none"))).rejects.toThrow(/could not read: no such file or folder/);
  await expect(predict(run.data, {}, { splits: ["train"] })).rejects.toThrow(/must have cases in train; got none/);
});

test("a model without brain output needs another gate; a stop leaves no scores.csv", async () => {
  const bare = await fresh();
  await writeFakeModel(bare, ["lesion"]);
  const raw = join(await fresh(), "raw.nii.gz");
  const volume = await readVolume(image("sub-test0_copy01_axial"));
  await writeNifti(raw, { ...volume, data: volume.data.map((v) => v + 100) });
  await expect(predict(raw, {}, { model: bare })).rejects.toThrow(/needs a network with a brain output/);
  const out = await fresh();
  await predict(raw, { gate: "none" }, { model: bare, out });
  const controller = new AbortController();
  controller.abort();
  await expect(predict(raw, {}, { out, context: { ...silentContext(), signal: controller.signal } })).rejects.toThrow("stopped");
  expect((await readdir(out)).includes("scores.csv")).toBe(false);
});

test("a folder that is no model is named with the way out", async () => {
  const empty = await fresh();
  await mkdir(join(empty, "x"));
  await expect(predict(run.data, {}, { model: empty })).rejects.toThrow(/model\.json: could not read.*hemosynth train/);
});
