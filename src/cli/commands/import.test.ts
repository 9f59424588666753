import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seeded } from "../../../test/helpers/seeded.ts";
import { decodeSafetensors, encodeSafetensors, floatsOf } from "../../data/safetensors.ts";
import { resnetOptions, resnetWeights } from "../../models/resnet.ts";
import { yoloSizes } from "../../models/yolo/design.ts";
import { yoloWeights } from "../../models/yolo/network.ts";
import { importWeights } from "./import.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-import-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What a file of these bytes gives: the words of the command, or of its refusal. */
async function outcome(
  name: string,
  bytes: Uint8Array,
  model: "resnet18" | "resnet50" | "yolov5n" = "resnet18",
): Promise<string> {
  await writeFile(join(folder, name), bytes);
  const options = { model, out: join(folder, "out.safetensors") };
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

test("a YOLOv5's state dict becomes ours, its anchors in pixels beside it; another size is refused", async () => {
  const specs = yoloWeights(yoloSizes.yolov5n, { inChannels: 3, outChannels: 2 });
  const weights = specs.map(({ name, shape: [a, b, c, d] }) => {
    return [name, seeded(name, d === undefined ? [a!] : [d, c!, a!, b!], 0.1, 1)] as const;
  });
  const tensors = new Map([...weights, ["model.24.anchors", seeded("anchors", [3, 3, 2], 1, 4)] as const]);
  expect(await outcome("yolo.safetensors", encodeSafetensors(tensors), "yolov5n")).toContain(`yolov5n: ${specs.length} tensors`);
  const { tensors: ours, metadata } = decodeSafetensors(await readFile(join(folder, "out.safetensors")), "out");
  await rm(join(folder, "out.safetensors"));
  expect([metadata.get("kind"), metadata.get("classes")]).toEqual(["yolov5n", "2"]);
  const cells = tensors.get("model.24.anchors")!.data;
  const pixels = JSON.parse(metadata.get("anchors")!) as number[][][];
  expect(pixels.flat(2)).toEqual([...cells].map((side, i) => side * [8, 16, 32][Math.floor(i / 6)]!));
  const stem = floatsOf(ours.get("model.0.conv.weight")!, "stem", "out");
  expect(ours.get("model.0.conv.weight")!.shape).toEqual([6, 6, 3, 16]);
  const [row, column, channel, map] = [4, 1, 2, 9];
  expect(stem[((row * 6 + column) * 3 + channel) * 16 + map]).toBe(
    tensors.get("model.0.conv.weight")!.data[((map * 3 + channel) * 6 + row) * 6 + column],
  );
  const without = new Map([...tensors].filter(([name]) => name !== "model.24.anchors"));
  expect(await outcome("yolo.safetensors", encodeSafetensors(without), "yolov5n")).toContain("needs model.24.anchors; got none");
  const flat = new Map([...tensors, ["model.24.anchors", seeded("x", [3, 3, 2], -2, -1)] as const]);
  expect(await outcome("yolo.safetensors", encodeSafetensors(flat), "yolov5n")).toContain("anchors are above 0; got -");
  const odd = new Map([...tensors, ["model.24.m.0.weight", seeded("x", [20, 64, 1, 1])] as const]);
  expect(await outcome("yolo.safetensors", encodeSafetensors(odd), "yolov5n")).toContain("3 (5 + classes) outputs; got 20");
});

test("a pickle and a part of a network are refused in one line, with the way out", async () => {
  for (const start of [[0x50, 0x4b, 3, 4], [0x80, 2, 0x7d, 0x71]]) // biome-ignore format: one line
    for (const model of ["resnet18", "yolov5n"] as const)
      expect(await outcome("w.pth", Uint8Array.from([...start, ...Array(20).fill(97)]), model)).toMatch(
        /pickle.*save_file\([^\n]*$/,
      );
  const zip = Uint8Array.from([0x50, 0x4b, 3, 4, ...Array(20).fill(97)]);
  expect(await outcome("w.pt", zip, "yolov5n")).toContain('["model"].float().state_dict()');
  expect(await outcome("w.pt", zip)).not.toContain("YOLOv5");
  const part = encodeSafetensors(new Map([["conv1.weight", seeded("w", [64, 3, 7, 7])]]));
  expect(await outcome("part.safetensors", part)).toMatch(/part\.safetensors: .*needs bn1\.weight; got none/);
});

test("an H5 is Keras' ResNet50 or refused in one line", async () => {
  const h5 = gunzipSync(readFileSync(new URL("../../../test/fixtures/keras-resnet.h5.gz", import.meta.url)));
  expect(await outcome("w.h5", h5, "resnet18")).toMatch(/w\.h5: an H5 is read for resnet50 of keras\.applications alone; got one for resnet18\. Give safetensors\.$/); // biome-ignore format: one line
  expect(await outcome("w.h5", h5, "resnet50")).toMatch(
    /conv1_conv\/kernel has shape \[7, 7, 3, 64\]; got \[7, 7, 3, 1\]\. [^\n]*$/,
  ); // of width 1
  for (const length of [8, 100, 5000, h5.length >> 1])
    expect(await outcome("w.h5", h5.subarray(0, length), "resnet50")).toMatch(/w\.h5: must be a sound H5 file; got one that cannot be read \([^\n]*$/); // biome-ignore format: one line
});
