import { expect, test } from "vitest";
import { UserError } from "../core/errors.ts";
import { modelOptions } from "../models/index.ts";
import { checkMemory, trainingBytes } from "./memory.ts";
import { trainOptions } from "./options.ts";

/** Peaks of resident memory, MB, as `npx tsx bench/memory.ts` measured them on native TensorFlow's CPU, 2 cores: kind, channels, slices, pixels a side. */
const measured = [
  ["unet", [16, 32, 64, 128, 256], 8, 128, 1117],
  ["unet", [32, 64, 128, 256], 4, 256, 2467],
  ["unet", [32, 64, 128, 256, 512, 512], 2, 128, 3190],
  ["unet", [8, 16, 32, 64], 16, 96, 842],
  ["unet", [16, 32, 64, 128, 256], 8, 256, 2740],
  ["nnunet", [32, 64, 128, 256], 4, 256, 4617],
  ["nnunet", [32, 64, 128, 256, 512], 8, 128, 3100],
] as const;

test.each(measured)(
  "%s %j, %d slices of %d: the estimate is within a fifth of the measured peak",
  (kind, channels, batchSize, cropSize, peak) => {
    const estimate = trainingBytes(modelOptions.parse({ kind, channels }), trainOptions.parse({ batchSize, cropSize })) / 1e6;
    expect(Math.abs(estimate / peak - 1)).toBeLessThan(0.2);
  },
);

/** The same of classifiers: kind, width, slices, pixels a side. */
const classifiers = [
  ["resnet18", 64, 16, 224, 2237],
  ["resnet34", 64, 16, 224, 3197],
  ["resnet50", 64, 8, 224, 3944],
  ["resnet18", 32, 32, 224, 1823],
] as const;

test.each(classifiers)("%s of width %d, %d slices of %d: the same", (kind, width, batchSize, cropSize, peak) => {
  const options = trainOptions.parse({ task: "classify", batchSize, cropSize });
  expect(Math.abs(trainingBytes(modelOptions.parse({ kind, width }), options) / 1e6 / peak - 1)).toBeLessThan(0.2);
});

function fault(options: object, limit: number): string {
  try {
    checkMemory(modelOptions.parse({ kind: "unet", channels: [16, 32, 64, 128, 256] }), trainOptions.parse(options), limit);
  } catch (error) {
    expect([error instanceof UserError, (error as UserError).fault]).toEqual([true, "usage"]);
    return (error as UserError).message;
  }
  return "fits";
}

test("what cannot fit is refused with what it needs, what there is, and the batch that fits", () => {
  expect(fault({}, 4e9)).toBe("fits");
  expect(fault({ batchSize: 64, cropSize: 256 }, 8e9)).toBe(
    "train: 64 slices of 256 x 256 pixels in a unet 16-32-64-128-256 take about 17.4 GB; the machine has 8.0 GB. " +
      "Lower train.batchSize to 27 (with train.optimizer.accumulate 3 a step learns from as many slices), or train.cropSize.",
  );
  expect(fault({ batchSize: 27, cropSize: 256 }, 8e9)).toBe("fits");
  expect(fault({ batchSize: 2, cropSize: 2048 }, 4e9)).toMatch(
    /has 4\.0 GB\. Lower train\.cropSize, or use fewer model\.channels\.$/,
  );
});
