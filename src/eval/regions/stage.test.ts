import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/helpers/disc-dataset.ts";
import { shapes, writeLabelledDataset } from "../../../test/helpers/labelled-dataset.ts";
import { writeModelFolder } from "../../../test/helpers/model-folder.ts";
import { readyBackend } from "../../backend/ready.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
import { readDataset, readSplits, writeDataset, writeSplits } from "../../data/dataset.ts";
import { readVolume, writeNifti } from "../../data/nifti.ts";
import { modelOptions } from "../../models/index.ts";
import { evalOptions } from "../options.ts";
import { cropOptions } from "./options.ts";
import { runRegions } from "./stage.ts";

test("the headline says how many regions were found of how many; that none was is a warning", async () => {
  await readyBackend("auto", silentReporter);
  const [data, detector] = [await temporaryFolder("pictures"), await temporaryFolder("detector")];
  await writeLabelledDataset(data, 9, 4);
  await writeModelFolder(detector, modelOptions.parse({ kind: "yolov5", width: 0.125 }), [...shapes]);
  const warnings: string[] = [];
  const context = { ...silentContext(), reporter: { ...silentReporter, warn: (line: string) => void warnings.push(line) } };
  const { bootstrap } = evalOptions.parse({ bootstrap: { resamples: 100 } });
  const cut = async (by: string | null) => {
    const options = cropOptions.parse({ names: [...shapes], boxes: by === null ? "given" : "detected", scoreThreshold: 1 });
    const out = await temporaryFolder("regions");
    return await runRegions({ data, detector: by, out, options, side: 24, pixelMm: 1, bootstrap, seed: 1 }, context);
  };
  expect((await cut(null)).headline).toBe("15 of 18 regions found in 9 examinations by given boxes");
  expect(warnings).toEqual([]);
  expect((await cut(detector)).headline).toMatch(/^0 of 18 regions found in 9 examinations by detected boxes/);
  expect(warnings).toEqual([
    "regions: at least one region must be found for its crop to show something; got none of 18, so that every crop is black. Train the detector longer (regions.detector.train.steps) or lower regions.scoreThreshold, now 1.",
  ]);
});

const { bootstrap } = evalOptions.parse({ bootstrap: { resamples: 100 } });
const given = {
  detector: null,
  options: cropOptions.parse({ names: [...shapes], boxes: "given" }),
  side: 24,
  pixelMm: 1,
  bootstrap,
  seed: 1,
};

test("subjects of any name give crops that read back, an id for each examination", async () => {
  const [data, out] = [await temporaryFolder("pictures"), await temporaryFolder("crops")];
  await writeLabelledDataset(data, 9, 4);
  const [dataset, splits] = [await readDataset(data), await readSplits(data)];
  const renamed = (subject: string) => `Patient ${subject} / A`;
  await writeDataset(data, { ...dataset, cases: dataset.cases.map((c) => ({ ...c, subject: renamed(c.subject) })) });
  await writeSplits(data, {
    ...splits,
    train: splits.train.map(renamed),
    val: splits.val.map(renamed),
    test: splits.test.map(renamed),
  });
  await runRegions({ ...given, data, out }, silentContext());
  const { cases } = await readDataset(out);
  expect(cases).toHaveLength(9);
  expect(cases.every(({ subject }) => subject.startsWith("Patient "))).toBe(true);
});

test.each([-5, 0.5, 70000])("a picture with a grey value of %f is refused: crops could not hold it", async (value) => {
  const [data, out] = [await temporaryFolder("pictures"), await temporaryFolder("crops")];
  await writeLabelledDataset(data, 9, 4);
  const dataset = await readDataset(data);
  const [first] = dataset.cases;
  const file = join(data, first!.image.path);
  const volume = await readVolume(file);
  const { sha256 } = await writeNifti(file, { ...volume, data: volume.data.map((v, i) => (i === 7 ? value : v)) });
  const cases = dataset.cases.map((c) => (c === first ? { ...c, image: { ...c.image, sha256 } } : c));
  await writeDataset(data, { ...dataset, cases });
  await expect(runRegions({ ...given, data, out }, silentContext())).rejects.toThrow(
    `${file}: grey values of pictures that regions are cut out of must be whole numbers from 0 (black) to 65535; got ${value}. Store them so.`,
  );
});
