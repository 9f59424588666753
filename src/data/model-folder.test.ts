import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../core/errors.ts";
import { sha256 } from "../core/hash.ts";
import { type ModelFile, readModelFolder } from "./model-folder.ts";
import { preprocessOptions } from "./preprocess.ts";
import { encodeSafetensors } from "./safetensors.ts";

const bytes = encodeSafetensors(new Map([["a.weight", { shape: [2, 1], data: Float32Array.of(1.5, -2) }]]));
const content: ModelFile = {
  schemaVersion: 1,
  model: { kind: "unet", channels: [4, 8] },
  inChannels: 1,
  outputs: ["lesion", "brain"],
  preprocess: preprocessOptions.parse({ pixelMm: 0.8 }),
  weights: { path: "weights/best.safetensors", sha256: sha256(bytes) },
  data: { dataset: "d", splits: "s" },
  seed: 1,
  steps: 10,
  validation: { step: 10, loss: 0.3, dice: null, auroc: 0.9, brainDice: 0.8 },
};

async function folder(file: object | null, weights: Uint8Array | null = bytes): Promise<string> {
  const run = await mkdtemp(join(tmpdir(), "hemosynth-model-"));
  await mkdir(join(run, "train/weights"), { recursive: true });
  if (file !== null) await writeFile(join(run, "train/model.json"), JSON.stringify(file));
  if (weights !== null) await writeFile(join(run, "train/weights/best.safetensors"), weights);
  return run;
}

async function refused(run: string): Promise<string> {
  const error = await readModelFolder(join(run, "train")).catch((e) => e);
  expect(error).toBeInstanceOf(UserError);
  return `${error.fault}: ${error.message.replaceAll(run, "RUN")}`;
}

test("reads a train folder, or the run folder above it", async () => {
  const run = await folder(content);
  for (const at of [run, join(run, "train")]) {
    const { file, preprocess, weights } = await readModelFolder(at);
    expect(file).toEqual(content);
    expect(preprocess.pixelMm).toBe(0.8);
    expect([...weights]).toEqual([["a.weight", { shape: [2, 1], data: Float32Array.of(1.5, -2) }]]);
  }
  await rm(run, { recursive: true });
});

test("what is not a whole model of this version is refused in one line", async () => {
  expect(await refused(await folder(null))).toMatch(
    /^data: RUN\/train\/model\.json: could not read: no such file or folder; run `hemosynth train` to the end\.$/,
  );
  expect(await refused(await folder({ ...content, schemaVersion: 2 }))).toMatch(
    /^data: RUN\/train\/model\.json: schemaVersion: must be 1; got 2\. Restore it, or run `hemosynth train`/,
  );
  expect(await refused(await folder({ ...content, extra: 1 }))).toMatch(/extra/);
  expect(await refused(await folder({ ...content, weights: { ...content.weights, path: "../best" } }))).toMatch(/weights\.path/);
  expect(await refused(await folder(content, null))).toMatch(
    /best\.safetensors: could not read: no such file or folder; train again/,
  );
  expect(
    await refused(
      await folder(
        content,
        bytes.map((b, i) => (i === bytes.length - 1 ? b ^ 1 : b)),
      ),
    ),
  ).toMatch(
    /^data: RUN\/train\/weights\/best\.safetensors: must be the weights that model\.json names; their SHA-256 differs\. Restore them, or train again\.$/,
  );
});
