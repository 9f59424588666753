import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { readyBackend } from "../backend/index.ts";
import { tf } from "../backend/tf.ts";
import { silentReporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { seededRng } from "../core/rng.ts";
import { buildModel, type Model, modelOptions, readWeights } from "../models/index.ts";
import type { Batch } from "./batch.ts";
import { trainOptions } from "./options.ts";
import { type Progress, type StepLoss, type TrainRun, train, type ValidationRow } from "./run.ts";
import { createState, disposeState, type TrainState } from "./state.ts";
import type { ValidationFigures } from "./validate.ts";

beforeAll(async () => void (await readyBackend("auto", silentReporter)));

const figures: ValidationFigures = { loss: 1, dice: 0.5, auroc: null, map50: null, brainDice: null };
const start: Progress = { step: 0, lossSum: 0, lossCount: 0, kept: [] };
let model: Model;
let state: TrainState;
const seen = {
  losses: [] as StepLoss[],
  rows: [] as ValidationRow[],
  best: [] as number[],
  saved: [] as Progress[],
  files: new Set<number>(),
};

function noisyBatch(step: number): Batch {
  const rng = seededRng(3).fork(step);
  const image = Float32Array.from({ length: 2 * 64 }, () => rng.normal());
  const target = Float32Array.from({ length: 4 * 64 }, () => rng.below(2));
  return { count: 2, size: 8, image, target: { shape: [2, 8, 8, 2], data: target }, ids: [`a#${step}`, `b#${step}`] };
}

function newRun(options: object, more: Partial<TrainRun> = {}): TrainRun {
  model = buildModel(modelOptions.parse({ kind: "unet", channels: [2, 3] }), { inChannels: 1, outChannels: 2, seed: 4 });
  for (const list of [seen.losses, seen.rows, seen.best, seen.saved]) list.length = 0;
  seen.files.clear();
  for (const row of more.start?.kept ?? []) seen.files.add(row.step);
  const parsed = trainOptions.parse({ cropSize: 16, batchSize: 2, ...options });
  state = createState(model, parsed);
  return {
    state,
    options: parsed,
    start,
    signal: new AbortController().signal,
    batch: noisyBatch,
    validate: async () => figures,
    onLosses: async (losses) => void seen.losses.push(...losses),
    onValidation: async (row, standing) => {
      seen.rows.push(row);
      if (standing.best) seen.best.push(row.step);
      if (standing.kept) seen.files.add(row.step);
      if (standing.dropped !== null) expect(seen.files.delete(standing.dropped)).toBe(true);
    },
    onCheckpoint: async (progress) => void seen.saved.push(progress),
    ...more,
  };
}

afterEach(() => {
  disposeState(state);
  model.dispose();
});

/** The weights as one list. */
async function weights(): Promise<number[]> {
  return [...(await readWeights(model)).values()].flatMap(({ data }) => [...data]);
}

test("validating more often, on the averaged weights, changes no weight", async () => {
  await train(newRun({ steps: 6, validateEvery: 1 }));
  const often = await weights();
  disposeState(state);
  model.dispose();
  await train(newRun({ steps: 6, validateEvery: 6 }));
  expect(await weights()).toEqual(often);
  expect(seen.rows.map((r) => r.step)).toEqual([6]);
});

test("validation sees the averaged weights, the checkpoint the weights themselves", async () => {
  const averaged: number[][] = [];
  const plain: number[][] = [];
  const run = newRun(
    { steps: 4, validateEvery: 2, checkpointEvery: 2 },
    {
      validate: async () => {
        averaged.push(await weights());
        return figures;
      },
      onCheckpoint: async () => void plain.push(await weights()),
    },
  );
  await train(run);
  const average = [...(await state.average!.parameters.data())];
  expect(averaged[1]!.filter((v) => average.includes(v)).length).toBeGreaterThan(average.length - 1);
  expect(plain[1]).toEqual(await weights());
  expect(plain[1]).not.toEqual(averaged[1]);
});

test("every loss is told once and in order, and a row holds their mean since the row before", async () => {
  await train(newRun({ steps: 25, validateEvery: 12, checkpointEvery: 7 }));
  expect(seen.losses.map((l) => l.step)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
  expect(seen.rows.map((r) => r.step)).toEqual([12, 24, 25]);
  const mean = (from: number, to: number) => seen.losses.slice(from, to).reduce((sum, l) => sum + l.loss, 0) / (to - from);
  expect(seen.rows.map((r) => r.trainLoss)).toEqual([mean(0, 12), mean(12, 24), mean(24, 25)].map((v) => expect.closeTo(v, 10)));
  expect(seen.saved.map((p) => [p.step, p.lossCount])).toEqual([[7, 7], [14, 2], [21, 9], [25, 0]]); // biome-ignore format: one line
});

describe("the best validation", () => {
  const told = async (dice: (number | null)[], loss: number[]) => {
    let i = 0;
    await train(
      newRun(
        { steps: dice.length, validateEvery: 1 },
        { validate: async () => ({ ...figures, dice: dice[i]!, loss: loss[i++]! }) },
      ),
    );
    return seen.best;
  };
  test("is the first with the highest Dice", async () => {
    expect(await told([0.2, 0.5, 0.5, 0.4, 0.6], [1, 2, 1, 1, 9])).toEqual([1, 2, 5]);
  });
  test("has the lowest loss where Dice is undefined", async () => {
    expect(await told([null, null, null, null], [3, 4, 2, 2])).toEqual([1, 3]);
  });
});

describe("early stopping", () => {
  const trained = async (dice: number[], options: object, from: Progress = start) => {
    let i = from.step;
    const validate = async () => ({ ...figures, dice: dice[i++]! });
    const end = await train(newRun({ steps: dice.length, validateEvery: 1, ...options }, { validate, start: from }));
    return { end: end.step, best: end.kept[0]!.step };
  };
  test("ends after as many validations without a better one as its patience, and saves there", async () => {
    const dice = [0.2, 0.5, 0.4, 0.5, 0.3, 0.9];
    expect(await trained(dice, { patience: 3 })).toEqual({ end: 5, best: 2 });
    expect(seen.saved.at(-1)!.step).toBe(5);
    expect(await trained(dice, { patience: 4 })).toEqual({ end: 6, best: 6 });
    expect(await trained(dice, {})).toEqual({ end: 6, best: 6 });
  });
  test("a training that has ended so does nothing when it is resumed; one with patience left goes on", async () => {
    const dice = [0.5, 0.4, 0.4, 0.6];
    await trained(dice, { patience: 2 });
    const saved = seen.saved.at(-1)!;
    expect(await trained(dice, { patience: 2 }, saved)).toEqual({ end: 3, best: 1 });
    expect(seen.losses).toEqual([]);
    expect(await trained(dice, { patience: 3 }, saved)).toEqual({ end: 4, best: 4 });
  });
  test("counts validations, not steps", async () => {
    let i = 0;
    const validate = async () => ({ ...figures, dice: [0.5, 0.4, 0.3, 0.2][i++]! });
    const end = await train(newRun({ steps: 20, validateEvery: 4, patience: 2, checkpointEvery: 3 }, { validate }));
    expect([end.step, end.kept[0]!.step]).toEqual([12, 4]);
  });
});

test("the weights of the best validations are kept, best first, and what falls out is dropped", async () => {
  let i = 0;
  const dice = [0.3, 0.1, 0.5, 0.3, 0.2, 0.4, 0.5];
  const validate = async () => ({ ...figures, dice: dice[i++]! });
  const end = await train(newRun({ steps: 7, validateEvery: 1, keepBest: 3 }, { validate }));
  expect(end.kept.map((row) => row.step)).toEqual([3, 7, 6]);
  expect([...seen.files].sort()).toEqual([3, 6, 7]);
});

test("a loss that is not finite stops the training, names step and slices, and saves nothing more", async () => {
  const batch = (step: number) =>
    step === 13 ? { ...noisyBatch(step), image: new Float32Array(128).fill(Number.NaN) } : noisyBatch(step);
  const error = await train(newRun({ steps: 30, checkpointEvery: 10, validateEvery: 100 }, { batch })).catch((e) => e);
  expect(error).toBeInstanceOf(UserError);
  expect(error.fault).toBe("numeric");
  expect(error.message).toBe(
    "train: the loss must be finite; got NaN at step 13, slices a#13, b#13. Look at these slices, or lower train.optimizer.learningRate.",
  );
  expect(seen.saved.map((p) => p.step)).toEqual([10]);
});

test("a step of several batches takes the next ones in turn, and a loss that is not finite names the slices of all", async () => {
  const asked: number[] = [];
  const batch = (n: number) => {
    asked.push(n);
    return n === 5 ? { ...noisyBatch(n), image: new Float32Array(128).fill(Number.NaN) } : noisyBatch(n);
  };
  const error = await train(newRun({ steps: 4, optimizer: { accumulate: 3 } }, { batch })).catch((e) => e);
  expect(asked.slice(0, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(error.message).toContain("got NaN at step 2, slices a#4, b#4, a#5, b#5, a#6, b#6. Look");
});

test("steps leak no tensors", async () => {
  const counts: number[] = [];
  const batch = (step: number) => {
    counts.push(tf.memory().numTensors - ((step - 1) % 10)); // up to ten losses wait to be read
    return noisyBatch(step);
  };
  await train(newRun({ steps: 24, validateEvery: 1000 }, { batch }));
  expect(new Set(counts).size).toBe(1);
});
