import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modelFolder } from "../../data/model-folder.ts";
import type { Session } from "../session.ts";
import { exportModel } from "./export-model.ts";

test("a run of folds has no model of its own: export-model names one of its folds, as predict does", async () => {
  const run = await mkdtemp(join(tmpdir(), "hemosynth-folds-"));
  const ask = () => exportModel(run, { format: "onnx", out: join(run, "out") }, {} as Session);
  const refusal = `${run}: no trained model (model.json) here or in train/; `;
  await expect(ask()).rejects.toThrow(`${refusal}run \`hemosynth train CONFIG --out ${run}\` first.`);
  await mkdir(join(run, "folds/0/train"), { recursive: true });
  await writeFile(join(run, "folds/0/train/model.json"), "{}");
  const message = `${refusal}name one of its folds, such as ${join(run, "folds", "0")}.`;
  for (const refused of [ask(), modelFolder(run)]) await expect(refused).rejects.toMatchObject({ fault: "data", message });
});
