import { expect, test } from "vitest";
import { temporaryFolder, writeDiscDataset } from "../../test/helpers/disc-dataset.ts";
import { backends, usable } from "../../test/helpers/torch-cases.ts";
import { tf } from "../backend/tf.ts";
import { silentContext, silentReporter } from "../core/context.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { type ModelOptions, modelOptions } from "../models/index.ts";
import { trainOptions } from "./options.ts";
import { runTrain } from "./stage.ts";

const epochs = 6;

/** Tensors that are alive at the end of each epoch of two steps, a validation and a checkpoint. */
async function tensorsOf(data: string, task: string, model: ModelOptions): Promise<number[]> {
  const counts: number[] = [];
  const options = trainOptions.parse({
    task,
    steps: 2 * epochs,
    batchSize: 2,
    cropSize: 32,
    validateEvery: 2,
    validationSlices: 4,
    checkpointEvery: 2,
    optimizer: { accumulate: 2 },
    bags: { images: 4 },
    restore: { sidePixels: [3, 8] },
    contrast: { head: { hidden: [8], features: 6 }, level: 1 },
  });
  const progress = (label: string) => void (label === "train" && counts.push(tf.memory().numTensors));
  const context = { ...silentContext(), reporter: { ...silentReporter, progress } };
  const preprocess = preprocessOptions.parse({ pixelMm: 2 });
  await runTrain({ data, out: await temporaryFolder("train"), model, preprocess, options, seed: 5, resume: false }, context);
  return counts;
}

const learners = {
  lesion: { kind: "unet", channels: [4, 8] },
  tissue: { kind: "unet", channels: [4, 8] },
  classify: { kind: "miniresnet", widths: [4, 8] },
  detect: { kind: "yolov5", width: 0.0625 },
  mil: { kind: "mil", encoder: { kind: "miniresnet", widths: [4, 8] } },
  denoise: { kind: "autoencoder", channels: [4, 8] },
  restore: { kind: "nnunet", channels: [4, 8, 8] },
  infoNce: { kind: "miniresnet", widths: [4, 8] },
  localInfoNce: { kind: "unet", channels: [4, 8, 8] },
  vicReg: { kind: "unet", channels: [4, 8] },
} as const;

for (const backend of backends.slice(0, 2)) {
  test.each(Object.entries(learners))(`on ${backend} no epoch of task %s leaves a tensor behind`, async (task, model) => {
    if (!(await usable(backend))) return;
    const data = await temporaryFolder("discs");
    await writeDiscDataset(data, {
      cases: 3,
      shape: [48, 40, 8],
      seed: 2,
      labels: true,
      isHealthy: (i) => task === "denoise" || (task === "mil" && i === 1),
    });
    const before = tf.memory().numTensors;
    const counts = await tensorsOf(data, task, modelOptions.parse(model));
    expect(counts).toEqual(Array(epochs).fill(counts[0]));
    expect(counts[0]).toBeGreaterThan(before);
    expect(tf.memory().numTensors).toBe(before);
  });
}
