import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentContext } from "../core/context.ts";
import { sha256 } from "../core/hash.ts";
import { slicePlane } from "../core/volume.ts";
import { readDataset } from "./dataset.ts";
import { hasteFolder, hasteMask, hasteStack } from "./embedded.ts";
import { folderOptions } from "./ingest/options.ts";
import { runIngest } from "./ingest/stage.ts";
import { readLabels, readNifti, voxelStatistics } from "./nifti.ts";
import { splitOptions } from "./splits.ts";

test("the stack is the published file and reads without a warning", async () => {
  const { volume, warnings, sha256: hash } = await readNifti(hasteStack);
  expect(hash).toBe("be83d9c2c6d9b83c1ae9d619b8fefa7048016246df4a97e5c76e0686e0cc8f4c");
  expect([volume.shape, slicePlane(volume), warnings]).toEqual([[320, 320, 22], "axial", []]);
  expect(voxelStatistics(volume.data)).toEqual({ minimum: 0, maximum: 872, notFinite: 0 });
});

test("its mask holds a fetal brain of 160 ml", async () => {
  const { data, shape, affine } = await readLabels(hasteMask);
  let inside = 0;
  for (let i = 0; i < data.length; i++) inside += data[i]!;
  const ml = (inside * 1.125 * 1.125 * 3.3) / 1000;
  expect([shape, slicePlane({ shape, affine })]).toEqual([[320, 320, 22], "axial"]);
  expect(ml).toBeCloseTo(160.06, 2);
});

test("ingest takes the folder as it is", async () => {
  const out = await mkdtemp(join(tmpdir(), "hemosynth-"));
  const options = folderOptions.parse({ kind: "folder", path: hasteFolder });
  await runIngest({ out, options, split: splitOptions.parse({}), seed: 1 }, silentContext());
  const { cases } = await readDataset(out);
  expect(cases).toHaveLength(1);
  expect([cases[0]!.subject, cases[0]!.brainMask?.sha256]).toEqual(["sub-01", sha256(await readFile(hasteMask))]);
});
