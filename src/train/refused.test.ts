import { cpSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../test/helpers/disc-dataset.ts";
import { readyBackend } from "../backend/index.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { readDataset, readSplits, writeDataset, writeSplits } from "../data/dataset.ts";
import { readLabels, readVolume, writeNifti } from "../data/nifti.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { modelOptions } from "../models/index.ts";
import { trainOptions } from "./options.ts";
import { runTrain } from "./stage.ts";

let data: string;
beforeAll(async () => {
  await readyBackend("auto", silentReporter);
  data = await temporaryFolder("discs");
  await writeDiscDataset(data, { cases: 6, shape: [48, 40, 8], seed: 2 });
});

const request = {
  model: modelOptions.parse({ kind: "unet", channels: [4, 6, 8] }),
  preprocess: preprocessOptions.parse({}),
  options: trainOptions.parse({ cropSize: 32 }),
  seed: 5,
  resume: false,
};

test("data that cannot be trained on is refused with its numbers", async () => {
  const refused = async (change: (folder: string) => Promise<void>, more: object = {}) => {
    const folder = join(await temporaryFolder("bad"), "data");
    cpSync(data, folder, { recursive: true });
    await change(folder);
    const out = await temporaryFolder("out");
    const error = await runTrain({ ...request, out, ...more, data: folder }, silentContext()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).not.toContain("\n");
    return error as UserError;
  };
  const splits = await readSplits(data);
  const dataset = await readDataset(data);
  const nothing = async () => {};
  const noVal = await refused((folder) => writeSplits(folder, { ...splits, val: [] }));
  expect([noVal.fault, noVal.message]).toEqual(["data", expect.stringMatching(/the val split must have a case; got none/)]);
  const noTrain = await refused((folder) => writeSplits(folder, { ...splits, train: [] }));
  expect([noTrain.fault, noTrain.message]).toEqual(["data", expect.stringMatching(/the train split must have a case; got none/)]);
  const noMask = await refused((folder) =>
    writeDataset(folder, { ...dataset, cases: dataset.cases.map((c) => ({ ...c, lesionMask: null })) }),
  );
  expect(noMask.message).toMatch(/every case needs a lesion mask to train on; sub-01_T2w has none/);
  const healthy = await refused(async (folder) => {
    const { shape, affine, data: voxels } = await readLabels(join(folder, dataset.cases[0]!.lesionMask!.path));
    const path = "images/none.nii.gz";
    const { sha256 } = await writeNifti(join(folder, path), { shape, affine, data: new Uint8Array(voxels.length) });
    await writeDataset(folder, { ...dataset, cases: dataset.cases.map((c) => ({ ...c, lesionMask: { path, sha256 } })) });
  });
  expect(healthy.message).toMatch(
    /the train split must have a slice with at least 4 lesion pixels; got none in 32 slices\. Make bleeds with synth\./,
  );
  const moved = await refused(async (folder) => {
    const file = join(folder, dataset.cases[1]!.brainMask!.path);
    const mask = await readLabels(file);
    const shape = [40, 48, 8] as const;
    const { sha256 } = await writeNifti(file, { ...mask, shape });
    const brainMask = { ...dataset.cases[1]!.brainMask!, sha256 };
    await writeDataset(folder, { ...dataset, cases: dataset.cases.map((c, n) => (n === 1 ? { ...c, brainMask } : c)) });
  });
  expect(moved.message).toMatch(/case sub-01_T2w: the brain mask must be on the image's grid of 48 x 40 x 8; got 40 x 48 x 8/);
  const changed = await refused(async (folder) => {
    const file = join(folder, dataset.cases[1]!.image.path);
    await writeNifti(file, await readVolume(file)); // as good, but not the same
  });
  expect(changed.message).toMatch(/sub-01_T2w\.nii\.gz: must be the file that the dataset was made with; got another content/);
  const leak = await refused((folder) => writeSplits(folder, { ...splits, val: [...splits.val, splits.train[0]!] }));
  expect(leak.message).toMatch(/a subject may be in one split only; got \S+ twice\. Remove it from one of them\./);
  const memory = await refused(nothing, {
    options: trainOptions.parse({ memoryMb: 1 }),
    preprocess: preprocessOptions.parse({ pixelMm: 0.3 }),
  });
  expect([memory.fault, memory.message]).toEqual([
    "usage",
    expect.stringMatching(
      /train\.memoryMb is 1, but the slices of 6 cases take 4 MB at preprocess\.pixelMm 0\.3\. Raise train\.memoryMb to 4/,
    ),
  ]);
  const size = await refused(nothing, { options: trainOptions.parse({ cropSize: 50 }) });
  expect([size.fault, size.message]).toEqual([
    "usage",
    "train.cropSize must be a multiple of 4 for a unet 4-6-8; got 50. Set it to 52, or use fewer model.channels.",
  ]);
});
