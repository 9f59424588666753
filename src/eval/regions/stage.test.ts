import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/helpers/disc-dataset.ts";
import { shapes, writeLabelledDataset } from "../../../test/helpers/labelled-dataset.ts";
import { writeModelFolder } from "../../../test/helpers/model-folder.ts";
import { readyBackend } from "../../backend/ready.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
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
