import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentReporter } from "../../core/context.ts";
import { predict } from "./stages.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-commands-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** What `predict --model MODEL --in scan.nii --dry-run` would do, and what it warns of. */
async function plan(model: string): Promise<{ states: unknown; warnings: string[] }> {
  const warnings: string[] = [];
  const reporter = { ...silentReporter, warn: (line: string) => void warnings.push(line) };
  const options = { out: join(folder, "out"), set: [], workers: 1, dryRun: true, model, in: join(folder, "scan.nii") };
  const { json } = await predict(options, { reporter, signal: new AbortController().signal });
  return { states: (json as { stages: { state: string }[] }).stages.map(({ state }) => state), warnings };
}

test("predict needs a model's model.json, not that its run's config can still be read", async () => {
  const run = join(folder, "run");
  await mkdir(join(run, "train"), { recursive: true });
  await writeFile(join(run, "train/model.json"), "{}");
  await writeFile(join(folder, "scan.nii"), "scan");
  await writeFile(join(run, "config.yaml"), "data: { kind: phantom }\ntrain: { iterations: 5 }\n");
  expect(await plan(run)).toEqual({ states: ["would run"], warnings: [] });
  expect(await plan(join(run, "train"))).toEqual({ states: ["would run"], warnings: [] });
  await writeFile(join(run, "config.yaml"), "predict: { mirrors: all }\n");
  expect((await plan(run)).warnings).toHaveLength(1);
  await rm(join(run, "config.yaml"));
  expect(await plan(run)).toEqual({ states: ["would run"], warnings: [] });
  expect(await readdir(folder)).toEqual(["run", "scan.nii"]);
});

test("a config.yaml beside a model that no run folder holds is not the model's", async () => {
  await mkdir(join(folder, "model"));
  await writeFile(join(folder, "model/model.json"), "{}");
  await writeFile(join(folder, "scan.nii"), "scan");
  await writeFile(join(folder, "config.yaml"), "of: another program\npredict: 7\n");
  expect(await plan(join(folder, "model"))).toEqual({ states: ["would run"], warnings: [] });
});
