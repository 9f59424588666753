import { accessSync, constants, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { findNative, proveLoads } from "./native/addon.mjs";
import { cacheRoot } from "./native/cache.mjs";
import { NativeFault } from "./native/fault.mjs";
import { findProgram, run } from "./native/process.mjs";
import { findPythonTensorflow } from "./native/tensorflow.mjs";
import { inspectGpu } from "./native.ts";
import type { ConcreteBackend } from "./options.ts";
import { chooseBackend } from "./ready.ts";
import { notInstalled } from "./usable.ts";

/** One thing that `hemosynth doctor` looks at. */
export interface DoctorCheck {
  /** What was looked at, such as `node`, `python3`, `TensorFlow for cpu`. */
  readonly name: string;
  /** `problem`: it is there and does not work. `missing`: it is not there, which need not matter. */
  readonly status: "ok" | "missing" | "problem";
  /** A version, a path, or what is wrong. */
  readonly detail: string;
  /** The command that mends it; null where nothing needs mending. */
  readonly mend: string | null;
}

/** What is on this machine and what backend `auto` would use. Plain JSON. */
export interface DoctorReport {
  readonly checks: readonly DoctorCheck[];
  readonly auto: { readonly backend: ConcreteBackend; readonly reason: string };
}

const ok = (name: string, detail: string): DoctorCheck => ({ name, status: "ok", detail, mend: null });
const missing = (name: string, detail: string, mend: string | null): DoctorCheck => ({ name, status: "missing", detail, mend });
const problem = (name: string, detail: string, mend: string): DoctorCheck => ({ name, status: "problem", detail, mend });

/** Looks at everything that a backend needs. Changes nothing but that it makes the cache folder; loads TensorFlow in a process of its own. */
export async function inspectMachine(): Promise<DoctorReport> {
  const checks = [
    inspectNode(),
    await inspectProgram("python3", ["python3"], ["--version"], "python3", "downloads native TensorFlow"),
    await inspectPip(),
    await inspectProgram("g++", ["g++", "c++", "clang++"], ["--version"], "g++", "compiles the native addon"),
    inspectCache(),
    await inspectPython(),
    inspectDriver(),
    await inspectTensorflow("cpu"),
    await inspectTensorflow("cuda"),
    inspectWasm(),
    ok("cpu", "plain JavaScript, always there, slow"),
  ];
  return { checks, auto: chooseBackend() };
}

function inspectNode(): DoctorCheck {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const detail = `${process.versions.node}, ${process.platform} ${process.arch}`;
  const isOld = major < 20 || (major === 20 && minor < 19);
  return isOld ? problem("node", detail, "install Node 20.19 or later") : ok("node", detail);
}

async function inspectProgram(
  name: string,
  names: readonly string[],
  args: readonly string[],
  debian: string,
  use: string,
): Promise<DoctorCheck> {
  const path = findProgram(names);
  const mend = `apt-get install ${debian} (Debian, Ubuntu)`;
  if (path === null) return missing(name, `not on PATH; it ${use}`, mend);
  const result = await run(path, args);
  const version = `${result.stdout}${result.stderr}`.split("\n")[0]!.trim();
  return result.code === 0 ? ok(name, `${version} (${path})`) : problem(name, `${path}: ${version}`, mend);
}

async function inspectPip(): Promise<DoctorCheck> {
  const mend = "apt-get install python3-pip (Debian, Ubuntu)";
  const python = findProgram(["python3"]);
  if (python === null) return missing("pip", "no python3", mend);
  const result = await run(python, ["-m", "pip", "--version"]);
  return result.code === 0
    ? ok("pip", result.stdout.trim().split(" ").slice(0, 2).join(" "))
    : missing("pip", "python3 has none", mend);
}

function inspectCache(): DoctorCheck {
  const root = cacheRoot();
  try {
    mkdirSync(root, { recursive: true });
    accessSync(root, constants.W_OK);
    return ok("cache", root);
  } catch {
    return problem("cache", `${root} cannot be written`, "export XDG_CACHE_HOME=FOLDER, a folder of yours");
  }
}

async function inspectPython(): Promise<DoctorCheck> {
  const found = await findPythonTensorflow("cpu");
  const name = "TensorFlow of Python";
  return found === null
    ? missing(name, "none that could be reused, which does not matter", null)
    : ok(name, `${found.version} (${found.folder})`);
}

function inspectDriver(): DoctorCheck {
  const { usable, detail } = inspectGpu();
  const file = "/proc/driver/nvidia/version";
  const version = existsSync(file) ? (/Kernel Module\D*([\d.]+)/.exec(readFileSync(file, "utf8"))?.[1] ?? "unknown") : "";
  if (usable) return ok("NVIDIA driver", version === "" ? detail : `${version}, ${detail}`);
  const hasDriver = version !== "" || detail !== "no NVIDIA GPU found";
  return hasDriver
    ? problem("NVIDIA driver", detail, "nvidia-smi (it shows the driver's state)")
    : missing("NVIDIA driver", detail, null);
}

async function inspectTensorflow(device: "cpu" | "cuda"): Promise<DoctorCheck> {
  const name = `TensorFlow for ${device}`;
  const install = `hemosynth backend install --device ${device}`;
  const native = findNative(device, cacheRoot());
  const named = process.env.HEMOSYNTH_TENSORFLOW ?? "";
  if (native === null && named !== "" && device === "cpu")
    return problem(
      name,
      notInstalled(),
      `name the folder "tensorflow" of a Python installation, or unset the variable; then ${install}`,
    );
  if (native === null) return missing(name, "not installed", device === "cuda" && !inspectGpu().usable ? null : install);
  const { version, source, folder } = native.tensorflow;
  try {
    const { usesGpu } = await proveLoads(native);
    if (device === "cuda" && inspectGpu().usable && !usesGpu) {
      return problem(name, `${version} loads but can use no GPU`, "nvidia-smi (the driver must be recent enough for CUDA 12)");
    }
    return ok(name, `${version}, loads (${source}: ${folder})`);
  } catch (error) {
    if (!(error instanceof NativeFault)) throw error;
    return problem(name, error.message, `rm -r ${cacheRoot()} && ${install}`);
  }
}

function inspectWasm(): DoctorCheck {
  try {
    const { version } = createRequire(import.meta.url)("@tensorflow/tfjs-backend-wasm/package.json") as { version: string };
    return ok("wasm", `@tensorflow/tfjs-backend-wasm ${version}`);
  } catch {
    return problem("wasm", "@tensorflow/tfjs-backend-wasm is not installed", "npm install @tensorflow/tfjs-backend-wasm");
  }
}
