import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
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
