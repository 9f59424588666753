import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentReporter } from "../../core/context.ts";
import { exportDataset } from "./synth.ts";

let run = "";
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), "hemosynth-commands-"));
});
afterEach(() => rm(run, { recursive: true }));

test("an export of a run without finished stacks names synth/ and the verb that makes it; of no run, how to make a dataset", async () => {
  const session = { reporter: silentReporter, signal: new AbortController().signal };
  const out = join(run, "..", "hemosynth-never-made");
  const message = async () =>
    await exportDataset(run, { format: "png", out, workers: 1 }, session).then(
      () => "",
      (error: Error) => error.message,
    );
  expect(await message()).toContain(`${join(run, "dataset.json")}: could not read`);
  await writeFile(join(run, "config.yaml"), "data: { kind: phantom }\n");
  expect(await message()).toBe(
    `${join(run, "synth")}: an export needs finished stacks; got no dataset.json: run \`hemosynth synth ${join(run, "config.yaml")} --out ${run}\` first.`,
  );
  expect(await readdir(run)).toEqual(["config.yaml"]);
});
