import { copyFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { StageResult } from "../core/context.ts";
import { many } from "../core/words.ts";
import { readDataset, readSplits, type Splits, writeDataset, writeSplits } from "../data/dataset.ts";
import { makeFolder } from "../data/files.ts";
import { readModelFolder } from "../data/model-folder.ts";
import { splitWords } from "../data/splits.ts";
import { inputHash } from "./sources.ts";
import { none, type Stage, type StageName } from "./stage.ts";

/** In place of a stage whose result many runs share: its cases, by where they lie, and its splits; or its model, which is copied. */
export function pointTo(name: StageName, shared: string): Stage {
  const isModel = name === "pretrain" || name === "detect";
  return {
    ...none,
    name,
    reads: [],
    backend: false,
    resumes: "never",
    options: () => null,
    sources: async () => ({ [sharedInput]: await inputHash(shared, "run it again", true) }),
    plan: () => "what many runs share",
    run: async ({ out }) =>
      isModel ? await copyModel(out, shared) : await writePointer(out, shared, await readSplits(shared), "that many runs share"),
  };
}

/** What a stage that only points to another calls what it reads. */
export const sharedInput = "what is shared";

/** In place of the stage that makes them: the cases that all folds share, by where they lie, with the splits of one fold. */
export function foldCases(name: "synth" | "data", shared: string, splits: Splits): Stage {
  return {
    ...pointTo(name, shared),
    options: () => ({ splits }),
    plan: () => "the cases of all folds, with the splits of this one",
    run: async ({ out }) => await writePointer(out, shared, splits, "that all folds share"),
  };
}

async function copyModel(out: string, shared: string): Promise<StageResult> {
  const { file } = await readModelFolder(shared);
  await makeFolder(join(out, dirname(file.weights.path)));
  for (const path of [file.weights.path, "model.json"]) await copyFile(join(shared, path), join(out, path));
  return { headline: `a network trained for ${file.task} that many runs share`, summary: {} };
}

async function writePointer(out: string, shared: string, splits: Splits, whose: string): Promise<StageResult> {
  const dataset = await readDataset(shared);
  const root = join(relative(out, shared), dataset.root).replaceAll("\\", "/");
  await writeSplits(out, splits);
  await writeDataset(out, { ...dataset, root });
  const what = dataset.cases.some(({ sources }) => sources.length > 0) ? "stack" : "case";
  const headline = `${many(dataset.cases.length, what)} ${whose} (${splitWords(splits, { folds: null })})`;
  return { headline, summary: { splits: { ...splits } } };
}
