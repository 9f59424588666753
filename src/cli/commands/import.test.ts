import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seeded } from "../../../test/helpers/seeded.ts";
import { decodeSafetensors, encodeSafetensors, floatsOf } from "../../data/safetensors.ts";
import { resnetOptions, resnetWeights } from "../../models/resnet.ts";
import { importWeights } from "./import.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-import-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What a file of these bytes gives: the words of the command, or of its refusal. */
async function outcome(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(join(folder, name), bytes);
  const options = { model: "resnet18", out: join(folder, "out.safetensors") } as const;
  return await importWeights(join(folder, name), options).then(
    ({ text }) => text,
    (error: Error) => error.message,
  );
}

test("a state dict becomes ours, kernels turned; a file that is there is left alone", async () => {
  const specs = resnetWeights(resnetOptions.parse({ kind: "resnet18" }), { inChannels: 3, outChannels: 2 });
  const zeros = specs.map(({ name, shape: [a, b, c, d] }) => {
    const shape = d === undefined ? (b === undefined ? [a!] : [b, a!]) : [d, c!, a!, b!];
    return [name, { shape, data: new Float32Array(shape.reduce((x, y) => x * y, 1)) }] as const;
  });
  const tensors = new Map([...zeros, ["fc.weight", seeded("fc", [2, 512])] as const]);
  expect(await outcome("in.safetensors", encodeSafetensors(tensors))).toContain("resnet18: 102 tensors, 11187138 values");
  const written = decodeSafetensors(await readFile(join(folder, "out.safetensors")), "out");
  const fc = written.tensors.get("fc.weight")!;
  expect(fc.shape).toEqual([512, 2]);
  expect(floatsOf(fc, "fc.weight", "out")[2 * 7 + 1]).toBe(tensors.get("fc.weight")!.data[512 + 7]);
  expect(written.tensors.get("conv1.weight")!.shape).toEqual([7, 7, 3, 64]);
  expect(await outcome("in.safetensors", encodeSafetensors(tensors))).toContain("--out: must not be there yet");
  await rm(join(folder, "out.safetensors"));
});

test("a pickle and a part of a network are refused in one line, with the way out", async () => {
  for (const start of [[0x50, 0x4b, 3, 4], [0x80, 2, 0x7d, 0x71]]) // biome-ignore format: one line
    expect(await outcome("w.pth", Uint8Array.from([...start, ...Array(20).fill(97)]))).toMatch(/pickle.*save_file\([^\n]*$/);
  const part = encodeSafetensors(new Map([["conv1.weight", seeded("w", [64, 3, 7, 7])]]));
  expect(await outcome("part.safetensors", part)).toMatch(/part\.safetensors: .*needs bn1\.weight; got none/);
});
