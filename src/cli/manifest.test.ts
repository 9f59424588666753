import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadExperiment } from "../config/experiment.ts";
import { checkRunFolder, writeConfig, writeManifest } from "./manifest.ts";
import { plainOptions, stagesOf } from "./stages.ts";

const preset = join(import.meta.dirname, "../../configs/neo-mil.yaml");
const at = async (file: string, ...sizes: string[]) =>
  await loadExperiment(
    file,
    sizes.map((value) => ({ path: "size", value, where: "--set size" })),
  );

test("a run's config and manifest say its size; the config given back is the same run, stage by stage", async () => {
  const root = await mkdtemp(join(tmpdir(), "hemosynth-manifest-"));
  const smoke = await at(preset, "smoke");
  await writeConfig(root, smoke);
  await writeManifest(root);
  const config = join(root, "config.yaml");
  expect(await readFile(config, "utf8")).toMatch(/^atSize: smoke$/m);
  expect(JSON.parse(await readFile(join(root, "manifest.json"), "utf8"))).toMatchObject({ size: "smoke" });
  const again = await at(config);
  expect(again).toEqual(smoke);
  const { atSize: _, ...unnamed } = smoke;
  for (const stage of stagesOf(smoke)) {
    const options = plainOptions(stage, smoke, root);
    expect(plainOptions(stage, again, root)).toEqual(options);
    if (stage.name !== "eval") expect(plainOptions(stage, unnamed, root), stage.name).toEqual(options); // the report shows the config
  }
  await expect(at(config, "full")).rejects.toThrow(/--set size goes with a config that has sizes; this is one at size smoke/);
});

test("a run of another size is another config; one that was made before sizes were noted goes on", async () => {
  const root = await mkdtemp(join(tmpdir(), "hemosynth-manifest-"));
  const [smoke, full] = [await at(preset, "smoke"), await at(preset, "full")];
  await writeConfig(root, smoke);
  await expect(checkRunFolder(root, full, false)).rejects.toThrow(/another config \(atSize was "smoke", now "full"\)/);
  const { atSize: _, ...unnamed } = smoke;
  await writeConfig(root, unnamed);
  await checkRunFolder(root, smoke, false);
});
