import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Reporter, silentReporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { gpuModel, inspectGpu, setDevice } from "./native.ts";
import { chooseAmong, readyBackend } from "./ready.ts";
import { tf } from "./tf.ts";

const gpu = { usable: true, detail: "1 NVIDIA GPU" };
const noGpu = { usable: false, detail: "no NVIDIA GPU found" };

describe("auto", () => {
  test.each([
    [gpu, { cpu: true, cuda: true }, "cuda", "1 NVIDIA GPU"],
    [
      gpu,
      { cpu: true, cuda: false },
      "tensorflow",
      "1 NVIDIA GPU, but TensorFlow for CUDA is not installed; run: hemosynth backend install --device cuda",
    ],
    [noGpu, { cpu: true, cuda: true }, "tensorflow", "no NVIDIA GPU found"],
    [noGpu, { cpu: false, cuda: true }, "tensorflow", "no NVIDIA GPU found"],
    [
      noGpu,
      { cpu: false, cuda: false },
      "wasm",
      "native TensorFlow is not installed here; run: hemosynth backend install --device cpu",
    ],
    [
      gpu,
      { cpu: false, cuda: false },
      "wasm",
      "native TensorFlow is not installed here; run: hemosynth backend install --device cuda",
    ],
  ] as const)("with %o and %o", (device, installed, backend, reason) => {
    expect(chooseAmong(device, installed)).toEqual({ backend, reason });
  });
});

describe("with nothing installed", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hemosynth-ready-"));
    vi.stubEnv("XDG_CACHE_HOME", folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  async function faultOf(name: "cuda" | "tensorflow"): Promise<string> {
    const error = await readyBackend(name, silentReporter).then(() => undefined, (reason: unknown) => reason); // biome-ignore format: one call
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).fault).toBe("backend");
    return (error as UserError).message;
  }

  test("a backend asked for by name is an error with the command that mends it, never another backend", async () => {
    expect(await faultOf("tensorflow")).toBe(
      "backend tensorflow: native TensorFlow is not installed here; run: hemosynth backend install --device cpu",
    );
    expect(await faultOf("cuda")).toMatch(
      inspectGpu().usable
        ? /^backend cuda: TensorFlow for CUDA is not installed here; run: hemosynth backend install --device cuda$/
        : /^backend cuda: no NVIDIA .*; use --backend tensorflow, or mend the driver \(nvidia-smi shows its state\)$/,
    );
  });

  test("auto takes wasm and says so in one line; a name says nothing", async () => {
    const lines: string[] = [];
    const reporter: Reporter = { ...silentReporter, info: (line) => lines.push(line) };
    const info = await readyBackend("auto", reporter);
    expect(info).toMatchObject({ backend: "wasm", versions: { tfjs: tf.version.tfjs, "tfjs-backend-wasm": expect.any(String) } });
    expect(tf.getBackend()).toBe("wasm");
    await readyBackend("cpu", reporter);
    expect(tf.getBackend()).toBe("cpu");
    expect(lines).toEqual([`backend wasm: ${info.reason}`]);
  });

  test("plain JavaScript prints no advertisement for another package", async () => {
    await readyBackend("cpu", silentReporter);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    tf.tensor([1]).dataSync();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

test("a GPU that CUDA_VISIBLE_DEVICES hides is not usable", () => {
  expect(inspectGpu({ ...process.env, CUDA_VISIBLE_DEVICES: "-1" }).usable).toBe(false);
});

test("a GPU is chosen by its index among those that are visible, in the order of nvidia-smi", () => {
  const env = { CUDA_VISIBLE_DEVICES: "2,5" };
  setDevice({ gpu: 1, deterministic: true }, env);
  expect(env).toEqual({ CUDA_VISIBLE_DEVICES: "5", CUDA_DEVICE_ORDER: "PCI_BUS_ID", TF_DETERMINISTIC_OPS: "1", TF_CUDNN_DETERMINISTIC: "1" }); // biome-ignore format: one line
  expect(() => setDevice({ gpu: 3, deterministic: true }, { CUDA_VISIBLE_DEVICES: "2,5" })).toThrow(
    "gpu must be below 2, the number of GPUs in CUDA_VISIBLE_DEVICES=2,5; got 3. See: nvidia-smi",
  );
});

test("the GPU that computes is known by its model; where it goes by no index, by all models and the name it goes by", () => {
  const folder = mkdtempSync(join(tmpdir(), "hemosynth-gpus-"));
  for (const [slot, model] of [["0000:81:00.0", "NVIDIA A100-SXM4-40GB"], ["0000:04:00.0", "NVIDIA H200"]] as const) {
    mkdirSync(join(folder, slot));
    writeFileSync(join(folder, slot, "information"), `Model: \t\t ${model}\nIRQ:   \t\t 120\nGPU UUID: \t GPU-1\n`);
  }
  mkdirSync(join(folder, "0000:c1:00.0")); // its driver tells nothing
  const of = (env: NodeJS.ProcessEnv) => gpuModel(env, folder);
  expect([of({}), of({ CUDA_VISIBLE_DEVICES: "1,0" })]).toEqual(["NVIDIA H200", "NVIDIA A100-SXM4-40GB"]);
  const all = "NVIDIA H200, NVIDIA A100-SXM4-40GB, unknown";
  expect(of({ CUDA_VISIBLE_DEVICES: "GPU-1" })).toBe(`GPU-1 of ${all}`);
  expect(of({ CUDA_DEVICE_ORDER: "FASTEST_FIRST" })).toBe(`0 of ${all}`);
  expect(gpuModel({}, join(folder, "nowhere"))).toBe("0 of unknown");
  rmSync(folder, { recursive: true });
}); // biome-ignore format: a list

test("deterministic ops are left out only where that is asked for, and what the user has set is left alone", () => {
  const env: NodeJS.ProcessEnv = { CUDA_DEVICE_ORDER: "FASTEST_FIRST" };
  setDevice({ gpu: null, deterministic: false }, env);
  expect(env).toEqual({ CUDA_DEVICE_ORDER: "FASTEST_FIRST" });
});
