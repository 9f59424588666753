import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../test/helpers/disc-dataset.ts";
import { backends, usable } from "../../test/helpers/torch-cases.ts";
import { silentContext } from "../core/context.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { modelOptions } from "../models/index.ts";
import { trainOptions } from "./options.ts";
import { runTrain } from "./stage.ts";

/** Losses of every step, and of the validation after it, of the model and training of configs/smoke.yaml. */
async function lossesOf(data: string): Promise<number[]> {
  const out = await temporaryFolder("train");
  const optimizer = { learningRate: 0.01, schedule: { kind: "constant", warmupSteps: 0 } };
  const options = trainOptions.parse({ steps: 8, batchSize: 2, cropSize: 32, validateEvery: 1, validationSlices: 4, optimizer });
  const model = modelOptions.parse({ kind: "unet", channels: [4, 8, 8] });
  const preprocess = preprocessOptions.parse({ pixelMm: 2 });
  await runTrain({ data, out, model, preprocess, options, seed: 5, resume: false }, silentContext());
  const [names, ...rows] = readFileSync(join(out, "metrics.csv"), "utf8").trim().split("\n").map((line) => line.split(",")); // biome-ignore format: one line
  const columns = ["train_loss", "val_loss"].map((name) => names!.indexOf(name));
  return rows.flatMap((row) => columns.map((column) => Number(row[column])));
}

test("a tiny training has the same losses on every backend, step by step", async () => {
  const data = await temporaryFolder("discs");
  await writeDiscDataset(data, { cases: 4, shape: [48, 40, 8], seed: 2 });
  const found = new Map<string, number[]>();
  for (const backend of backends) if (await usable(backend)) found.set(backend, await lossesOf(data));
  const [[, first], ...others] = [...found] as [[string, number[]], ...[string, number[]][]];
  expect(first).toHaveLength(16);
  expect(first.at(-2)).toBeLessThan(first[0]! - 0.1); // it learns
  for (const [backend, losses] of others)
    expect(Math.max(...losses.map((loss, i) => Math.abs(loss - first[i]!))), backend).toBeLessThan(1e-3);
});
