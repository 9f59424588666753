import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filesUnder } from "./record.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-record-"));
  await mkdir(join(folder, "images"));
  for (const name of ["b.txt", "a.txt", "images/c.nii", ".hemosynth.lock"]) await writeFile(join(folder, name), name);
});
afterEach(() => rm(folder, { recursive: true }));

test("files are named from the folder however the folder is written, its lock left out", async () => {
  const here = process.cwd();
  process.chdir(folder);
  try {
    for (const written of [
      folder,
      `${folder}/`,
      `${folder}//`,
      ".",
      "./",
      "./images/..",
      "images/../",
      join(folder, "images", ".."),
    ])
      expect(await filesUnder(written), written).toEqual(["a.txt", "b.txt", "images/c.nii"]);
    expect(await filesUnder("./images")).toEqual(["c.nii"]);
  } finally {
    process.chdir(here);
  }
});
