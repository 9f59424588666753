import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../core/hash.ts";
import { keyOf, markWhole } from "./record.ts";
import { inputHash } from "./sources.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-sources-"));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  ["scan.nii.gz", "scan_brain.nii.gz"],
  ["scan.nii.gz", "scan_brain.nii"],
  ["scan.nii", "scan_brain.NII.gz"],
  ["scan.png", "scan_brain.nii.gz"],
])("the hash of %s covers the brain mask that predict would read beside it, %s", async (image, mask) => {
  const of = async (text: string) => {
    await writeFile(join(folder, mask), text);
    return await inputHash(join(folder, image), "check --in");
  };
  await writeFile(join(folder, image), "image");
  const alone = await inputHash(join(folder, image), "check --in");
  const [one, other] = [await of("one"), await of("other")];
  expect(new Set([alone, one, other]).size).toBe(3);
  expect(await of("one")).toBe(one);
  await writeFile(join(folder, "other_brain.nii.gz"), "of another image");
  expect(await inputHash(join(folder, image), "check --in")).toBe(one);
});

test("of a folder of scans, only what lies in it itself counts, and links to folders are passed over; of a dataset all", async () => {
  await mkdir(join(folder, "deep"));
  await writeFile(join(folder, "scan.nii.gz"), "one");
  await symlink("deep", join(folder, "link"));
  const before = await inputHash(folder, "check --in");
  await writeFile(join(folder, "deep", "other.nii.gz"), "two");
  expect(await inputHash(folder, "check --in")).toBe(before);
  await writeFile(join(folder, "scan.nii.gz"), "three");
  expect(await inputHash(folder, "check --in")).not.toBe(before);
  await writeFile(join(folder, "dataset.json"), "{}");
  const whole = await inputHash(folder, "check --in");
  await writeFile(join(folder, "deep", "other.nii.gz"), "four");
  expect(await inputHash(folder, "check --in")).not.toBe(whole);
});

test("a stage's folder that was changed by hand is refused, not taken for what it was", async () => {
  await writeFile(join(folder, "a.txt"), "one");
  const parts = { stage: "synth", version: "1", seed: 0, backend: null, options: {}, inputs: {} };
  const made = { node: "v20", platform: "linux-x64", backend: null };
  const outputs = { "a.txt": { sha256: sha256("one"), bytes: 3 } };
  await markWhole(folder, { schemaVersion: 1, key: keyOf(parts), parts, made, headline: "", summary: {}, outputs });
  const hash = await inputHash(folder, "run synth again");
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  await writeFile(join(folder, "a.txt"), "two");
  await expect(inputHash(folder, "run synth again")).rejects.toThrow(
    /must be as the stage that made it left it; a\.txt was changed; run synth again\.$/,
  );
});
