// For whoever owns an NVIDIA GPU: installs TensorFlow for CUDA, runs on it what can be run, and writes one file of JSON to send back.
//
//   npm run gpu-report [-- --out gpu-report.json --python python3 --quick --backend cuda]
//
// The file holds versions, names of GPU and processor, passed and failed tests and times; no paths, no host or user names, no images.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: args } = parseArgs({
  options: {
    out: { type: "string", default: "gpu-report.json" },
    python: { type: "string", default: "python3" },
    quick: { type: "boolean", default: false },
    backend: { type: "string", default: "cuda" }, // another one to try this script where there is no GPU
  },
});

interface Done {
  readonly status: number | null;
  readonly seconds: number;
  readonly stdout: string;
}

/** Runs a program to its end; what it says on standard error is shown as it comes. */
function run(what: string, program: string, ...rest: readonly string[]): Done {
  console.error(`\n== ${what}`);
  const start = performance.now();
  const { status, stdout } = spawnSync(program, rest, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { status, seconds: Math.round((performance.now() - start) / 100) / 10, stdout: stdout ?? "" };
}

const hemosynth = (what: string, ...rest: readonly string[]) => run(what, process.execPath, "dist/cli.js", ...rest);

/** Passed and failed tests of some files, with the names of those that failed. */
function tests(what: string, ...files: readonly string[]) {
  const { status, seconds, stdout } = run(what, "npx", "vitest", "run", ...files, "--reporter=json");
  const at = stdout.indexOf("{");
  const found = at < 0 ? null : JSON.parse(stdout.slice(at));
  if (found === null) return { status, seconds };
  const all = found.testResults.flatMap(
    (file: { assertionResults: { status: string; fullName: string }[] }) => file.assertionResults,
  );
  const count = (wanted: string) => all.filter((one: { status: string }) => one.status === wanted).length;
  const failed = all
    .filter((one: { status: string }) => one.status === "failed")
    .map((one: { fullName: string }) => one.fullName);
  return { status, seconds, passed: count("passed"), skipped: count("skipped") + count("pending"), failed };
}

/** The smallest run twice: whether the second gives the same weights and figures, bit by bit. */
function twice(folder: string) {
  const runs = ["a", "b"].map((name) => {
    const out = join(folder, name);
    const { status, seconds } = hemosynth(
      `smoke run ${name}`,
      "run",
      "configs/smoke.yaml",
      "--out",
      out,
      "--backend",
      args.backend,
    );
    const hash = (file: string) =>
      createHash("sha256")
        .update(readFileSync(join(out, file)))
        .digest("hex");
    return {
      status,
      seconds,
      ...(status === 0 && { weights: hash("train/weights/best.safetensors"), results: hash("eval/results.json") }),
    };
  });
  return { runs, same: runs[0]!.status === 0 && runs[0]!.weights === runs[1]!.weights && runs[0]!.results === runs[1]!.results };
}

/** The JSON that a benchmark prints last. */
function bench(...rest: readonly string[]) {
  const { status, seconds, stdout } = run(
    "benchmark",
    "npx",
    "tsx",
    "bench/train.ts",
    "--python",
    args.python,
    "--backend",
    args.backend,
    ...rest,
  );
  const line = stdout.split("\n").findLast((text) => text.startsWith("{"));
  return { status, seconds, result: line === undefined ? null : JSON.parse(line) };
}

const folder = mkdtempSync(join(tmpdir(), "hemosynth-gpu-"));
try {
  if (args.backend === "cuda") hemosynth("TensorFlow for CUDA, 3.4 GB once", "backend", "install", "--device", "cuda");
  const { stdout: gpu } = run("GPU", "nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader");
  const works = hemosynth("whether it computes", "doctor", "--backend", args.backend, "--json");
  const report = {
    gpu: gpu.trim().split("\n"),
    cpu: cpus()[0]!.model,
    cores: availableParallelism(),
    node: process.version,
    hemosynth: JSON.parse(readFileSync("package.json", "utf8")).version,
    works: works.status === 0,
    parity: tests("every op against its reference", `test/parity/${args.backend}.test.ts`),
    smoke: twice(folder),
    demo: args.quick
      ? null
      : hemosynth("the demo", "run", "configs/demo.yaml", "--out", join(folder, "demo"), "--backend", args.backend).seconds,
    bench: bench(...(args.quick ? ["--rounds", "3", "--models", "unet"] : [])),
  };
  writeFileSync(args.out, `${JSON.stringify(report, null, 1)}\n`);
  console.error(`\nwritten: ${args.out}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
