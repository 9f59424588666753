import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { silentReporter } from "../../core/context.ts";
import { buildAddon, findNative } from "./addon.mjs";
import { NativeFault } from "./fault.mjs";
import { installNative } from "./install.mjs";
import { findPythonTensorflow, obtainTensorflow, type Tensorflow } from "./tensorflow.mjs";

// Set-up on machines that lack something. PATH holds only what a test lays there.

let folder = "";
let bin = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hemosynth install "));
  bin = join(folder, "bin");
  mkdirSync(bin);
  vi.stubEnv("PATH", bin);
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("HEMOSYNTH_TENSORFLOW", "");
  vi.stubEnv("CXX", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A program on PATH, in sh with the machine's own tools. */
function lay(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
}

/** A python3 without TensorFlow whose `pip download` does this; $out is the folder that it downloads into. */
function layPip(download: string): void {
  lay(
    "python3",
    `case "$*" in *find_spec*) echo;; *--version*) echo pip 1;; *download*) while [ "$1" != -d ]; do shift; done; out=$2; ${download};; *) exit 9;; esac`,
  );
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (reason: unknown) => reason); // biome-ignore format: one call
  expect(error).toBeInstanceOf(NativeFault);
  const { message } = error as NativeFault;
  expect(message).not.toContain("\n");
  return message;
}

const job = () => ({ root: join(folder, "cache/hemosynth"), reporter: silentReporter, signal: undefined });
const isPinned = process.platform === "linux" && process.arch === "x64";

describe.skipIf(!isPinned)("a download that cannot be", () => {
  test("no python3", async () => {
    expect(await faultOf(installNative("cpu", silentReporter))).toMatch(
      /^python3, .*, is not on PATH; install python3 .*apt-get install python3-pip/,
    );
  });

  test("python3 without pip", async () => {
    lay("python3", `case "$*" in *find_spec*) echo;; *) echo "No module named pip" >&2; exit 1;; esac`);
    expect(await faultOf(installNative("cpu", silentReporter))).toMatch(/python3 has no pip, .* install python3 and its pip/);
  });

  test("no network: pip's own reason, and nothing left behind", async () => {
    layPip("echo 'WARNING: Retrying' >&2; echo 'ERROR: No matching distribution found for tensorflow-cpu' >&2; exit 1");
    expect(await faultOf(installNative("cpu", silentReporter))).toMatch(
      /^tensorflow-cpu 2\.21\.0 \(274 MB\) could not be downloaded with pip: ERROR: No matching distribution found for tensorflow-cpu; check the network/,
    );
    expect(readdirSync(job().root)).toEqual(["scratch"]);
    expect(readdirSync(join(job().root, "scratch"))).toEqual([]);
  });

  test("another content than the pinned one is refused even if pip lets it through", async () => {
    layPip("echo tampered > $out/tensorflow.whl");
    expect(await faultOf(installNative("cpu", silentReporter))).toMatch(/sha256 is [0-9a-f]{64} instead of dcc8afd3/);
    expect(existsSync(join(job().root, "libtensorflow"))).toBe(false);
  });
});

/** A folder that looks like an installed Python TensorFlow. */
function laySitePackages(version: string): string {
  const packages = join(folder, "site-packages");
  const tensorflow = join(packages, "tensorflow");
  mkdirSync(join(tensorflow, "include/tensorflow/c"), { recursive: true });
  mkdirSync(join(packages, `tensorflow_cpu-${version}.dist-info`));
  for (const name of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]) writeFileSync(join(tensorflow, name), version);
  lay("python3", `echo '${tensorflow}'`);
  return tensorflow;
}

describe("an installed Python TensorFlow", () => {
  test.each(["2.15.0", "2.16.1", "2.21.0"])("is used in place: %s", async (version) => {
    const tensorflow = laySitePackages(version);
    expect(await obtainTensorflow("cpu", job())).toMatchObject({ folder: tensorflow, version, source: "python" });
  });

  test.each(["2.14.1", "1.15.5", "3.0.0"])("is not used, being too old or unknown: %s", async (version) => {
    laySitePackages(version);
    expect(await findPythonTensorflow("cpu")).toBeNull();
  });

  test("without NVIDIA's libraries beside it is not used for CUDA", async () => {
    const tensorflow = laySitePackages("2.21.0");
    expect(await findPythonTensorflow("cuda")).toBeNull();
    for (const name of ["cudnn", "cublas"]) mkdirSync(join(tensorflow, `../nvidia/${name}/lib`), { recursive: true });
    expect(await findPythonTensorflow("cuda")).toMatchObject({ version: "2.21.0" });
  });

  test("that HEMOSYNTH_TENSORFLOW names comes first; a wrong name is said in one line", async () => {
    vi.stubEnv("HEMOSYNTH_TENSORFLOW", laySitePackages("2.18.0"));
    expect(await obtainTensorflow("cpu", job())).toMatchObject({ version: "2.18.0", source: "environment" });
    vi.stubEnv("HEMOSYNTH_TENSORFLOW", join(folder, "nowhere"));
    expect(await faultOf(obtainTensorflow("cpu", job()))).toMatch(
      /^HEMOSYNTH_TENSORFLOW: .*nowhere has no libtensorflow_cc\.so\.2/,
    );
  });
});

describe("the addon", () => {
  const library = (): Tensorflow => ({ folder: laySitePackages("2.21.0"), version: "2.21.0", source: "python", identity: "a" });

  test("without a compiler", async () => {
    expect(await faultOf(buildAddon("cpu", library(), job()))).toMatch(
      /^g\+\+, .*, is not on PATH; install it .*apt-get install g\+\+/,
    );
  });

  test("that does not compile: the compiler's own reason", async () => {
    lay("g++", "echo 'x.cc:1: fatal error: c_api.h: No such file' >&2; echo 'compilation terminated.' >&2; exit 1");
    expect(await faultOf(buildAddon("cpu", library(), job()))).toMatch(
      /could not build the native addon: x\.cc:1: fatal error: c_api\.h/,
    );
    expect(findNative("cpu", job().root)).toBeNull();
  });

  test("that does not load is never taken for ready", async () => {
    const tensorflow = library();
    lay("g++", `while [ "$1" != -o ]; do shift; done; echo no addon > "$2"`);
    expect(await faultOf(buildAddon("cpu", tensorflow, job()))).toMatch(
      /^TensorFlow 2\.21\.0 in .* does not load here: .*file too short/,
    );
    expect(findNative("cpu", job().root)).toBeNull();
    expect(await faultOf(buildAddon("cpu", tensorflow, job()))).toMatch(/does not load here/); // built now, proven anew all the same
  });
});
