import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { listFiles, megabytes, publish, readEntry, withScratch } from "./cache.mjs";
import { NativeFault } from "./fault.mjs";
import { downloads, oldestTensorflow, wheelTags } from "./pins.mjs";
import { findProgram, run, tellingLine } from "./process.mjs";

/**
 * @typedef {import("../../core/context.ts").Reporter} Reporter
 * @typedef {"cpu" | "cuda" | "cuda-library"} Device
 *
 * @typedef {object} Tensorflow
 * @property {string} folder - Holds libtensorflow_cc.so.2, libtensorflow_framework.so.2 and include/.
 * @property {string} version - Such as 2.21.0.
 * @property {"download" | "python" | "environment"} source
 * @property {string} identity - Changes whenever the library does.
 *
 * @typedef {object} Job
 * @property {string} root - The cache.
 * @property {Reporter} reporter
 * @property {AbortSignal | undefined} signal
 */

export const libraries = /** @type {const} */ (["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]);

/** What the addon's sources include, of the 13 000 headers in a wheel. */
const headerPrefixes = ["tensorflow/c/", "tensorflow/core/platform/ctstring", "tensorflow/core/public/", "tsl/", "xla/tsl/c/"];

/**
 * A libtensorflow for this device: the one that HEMOSYNTH_TENSORFLOW names, else the downloaded one if it is there,
 * else an installed Python TensorFlow in place, else a download.
 *
 * @param {Device} device
 * @param {Job} job
 * @returns {Promise<Tensorflow>}
 * @throws {NativeFault}
 */
export async function obtainTensorflow(device, job) {
  const named = process.env.HEMOSYNTH_TENSORFLOW;
  if (named !== undefined && named !== "") return readNamed(named);
  const place = downloadPlace(device, job.root);
  if (place !== null && readEntry(place) !== null) return downloaded(device, place);
  const installed = device === "cuda-library" ? null : await findPythonTensorflow(device);
  if (installed !== null) {
    job.reporter.info(`using the TensorFlow ${installed.version} of Python in ${installed.folder}`);
    return installed;
  }
  if (place === null) {
    throw new NativeFault(
      `there is no pinned TensorFlow for ${process.platform}-${process.arch} (${device}); install one with pip and set HEMOSYNTH_TENSORFLOW to its folder`,
    );
  }
  await download(device, place, job);
  return downloaded(device, place);
}

/**
 * Where the download for this device lies once made; null on a platform without a pinned one.
 * @param {Device} device
 * @param {string} root
 */
export function downloadPlace(device, root) {
  const pinned = downloads[`${process.platform}-${process.arch}/${device}`];
  if (pinned === undefined || isMusl()) return null;
  const key = createHash("sha256")
    .update(pinned.wheels.map((wheel) => wheel.sha256).join())
    .digest("hex")
    .slice(0, 12);
  return join(root, "libtensorflow", `${device}-${pinned.wheels[0]?.version}-${key}`);
}

/** The wheels are built for glibc; Alpine's musl cannot load them. */
function isMusl() {
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return process.platform === "linux" && header.glibcVersionRuntime === undefined;
}

/**
 * @param {Device} device
 * @param {string} place
 * @returns {Tensorflow}
 */
function downloaded(device, place) {
  const version = downloads[`${process.platform}-${process.arch}/${device}`]?.wheels[0]?.version ?? "";
  return { folder: join(place, "tensorflow"), version, source: "download", identity: place.slice(place.lastIndexOf("/") + 1) };
}

/**
 * @param {string} folder
 * @returns {Tensorflow}
 */
function readNamed(folder) {
  const found = readInPlace(folder, "environment");
  if (found !== null) return found;
  throw new NativeFault(
    `HEMOSYNTH_TENSORFLOW: ${folder} has no ${libraries.join(", ")} and include/ of TensorFlow ${oldestTensorflow.join(".")} or later; name the folder "tensorflow" of a Python installation, or unset it`,
  );
}

/**
 * A TensorFlow that lies somewhere already, or null if it is not usable.
 * @param {string} folder
 * @param {"python" | "environment"} source
 * @returns {Tensorflow | null}
 */
export function readInPlace(folder, source) {
  try {
    const real = realpathSync(folder);
    const version = versionOf(real);
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major !== oldestTensorflow[0] || minor < oldestTensorflow[1]) return null;
    const stats = libraries.map((name) => statSync(join(real, name)));
    return { folder: real, version, source, identity: [real, version, ...stats.map((s) => `${s.size}@${s.mtimeMs}`)].join(" ") };
  } catch {
    return null;
  }
}

/**
 * The version of a TensorFlow folder: from the metadata that pip lays beside it, else from a header, which lost it with 2.16.
 * @param {string} folder
 * @returns {string} "0.0.0" if neither tells.
 */
function versionOf(folder) {
  const pattern = /^tensorflow(?:_[a-z]+)?-(\d+\.\d+\.\d+)[^-]*\.dist-info$/;
  const versions = readdirSync(dirname(folder)).map((name) => pattern.exec(name)?.[1]);
  const header = join(folder, "include/tensorflow/core/public/version.h");
  const text = existsSync(header) ? readFileSync(header, "utf8") : "";
  const part = (/** @type {string} */ name) => new RegExp(`#define TF_${name}_VERSION\\s+(\\d+)`).exec(text)?.[1] ?? "0";
  return versions.find((version) => version !== undefined) ?? [part("MAJOR"), part("MINOR"), part("PATCH")].join(".");
}

/**
 * The TensorFlow that `python3` would import, found without importing it.
 * @param {Device} device
 * @returns {Promise<Tensorflow | null>}
 */
export async function findPythonTensorflow(device) {
  const python = findProgram(["python3"]);
  if (python === null) return null;
  const script =
    "import importlib.util as u; s = u.find_spec('tensorflow'); print((s and s.submodule_search_locations or [''])[0])";
  const found = await run(python, ["-c", script], { cwd: "/" });
  const folder = found.stdout.trim();
  if (found.code !== 0 || folder === "") return null;
  return device === "cuda" && !hasCudaLibraries(folder) ? null : readInPlace(folder, "python");
}

/** Whether NVIDIA's libraries lie beside a `tensorflow` folder, where its own search path looks. @param {string} folder */
function hasCudaLibraries(folder) {
  const nvidia = join(folder, "../nvidia");
  return existsSync(join(nvidia, "cudnn/lib")) && existsSync(join(nvidia, "cublas/lib"));
}

/**
 * @param {Device} device
 * @param {string} place
 * @param {Job} job
 */
async function download(device, place, job) {
  const pinned = downloads[`${process.platform}-${process.arch}/${device}`];
  if (pinned === undefined) throw new RangeError(`download: nothing is pinned for ${device}`);
  const python = await needPip();
  const wheelBytes = pinned.wheels.reduce((sum, wheel) => sum + wheel.bytes, 0);
  const largest = Math.max(...pinned.wheels.map((wheel) => wheel.bytes)); // pip has it twice for a moment
  await withScratch(job.root, pinned.unpackedBytes + 2 * largest, async (scratch) => {
    job.reporter.info(
      `downloading TensorFlow ${pinned.wheels[0]?.version} for ${device} once: ${megabytes(wheelBytes)}, ${megabytes(pinned.unpackedBytes)} unpacked, into ${place}`,
    );
    const target = join(scratch, "unpacked");
    await mkdir(target);
    let done = 0;
    for (const wheel of pinned.wheels) {
      const file = await fetchWheel(python, wheel, scratch, { ...job, done, total: wheelBytes });
      await unzip(python, file, target, job);
      await rm(file);
      done += wheel.bytes;
    }
    publish(target, place, { device, wheels: pinned.wheels.map((wheel) => `${wheel.name} ${wheel.version} ${wheel.sha256}`) });
  });
}

/** @returns {Promise<string>} The path of a python3 that has pip. */
async function needPip() {
  const python = findProgram(["python3"]);
  const mend = "install python3 and its pip (Debian, Ubuntu: apt-get install python3-pip)";
  if (python === null) throw new NativeFault(`python3, which downloads TensorFlow, is not on PATH; ${mend}`);
  const pip = await run(python, ["-m", "pip", "--version"]);
  if (pip.code !== 0) throw new NativeFault(`${python} has no pip, which downloads TensorFlow; ${mend}`);
  return python;
}

/**
 * Downloads one wheel and checks its content.
 * @param {string} python
 * @param {import("./pins.mjs").Wheel} wheel
 * @param {string} scratch
 * @param {Job & { done: number, total: number }} job
 * @returns {Promise<string>} The wheel's file.
 */
async function fetchWheel(python, wheel, scratch, { reporter, signal, done, total }) {
  const folder = join(scratch, "wheels");
  const temporary = join(scratch, "pip");
  for (const made of [folder, temporary]) await mkdir(made, { recursive: true });
  const list = join(scratch, "wheel.txt");
  writeFileSync(list, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  // pip keeps a download in TMPDIR until it is whole, so the size of that folder is the progress.
  const watch = setInterval(() => reporter.progress("download", done + folderBytes(temporary), total, "bytes"), 1000);
  try {
    const result = await run(python, [...pipDownload(), "-d", folder, "-r", list], {
      env: { ...process.env, TMPDIR: temporary },
      cwd: scratch,
      signal,
    });
    if (result.code !== 0) throw downloadFault(wheel, tellingLine(result));
  } finally {
    clearInterval(watch);
  }
  reporter.progress("download", done + wheel.bytes, total, "bytes");
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith(".whl")) ?? "missing.whl");
  const sha256 = await hashFile(file);
  if (sha256 !== wheel.sha256) throw downloadFault(wheel, `sha256 is ${sha256} instead of ${wheel.sha256}`);
  return file;
}

/** Python's arguments to download a wheel of our tags and nothing else, its hash required. */
function pipDownload() {
  const { pythonVersion, implementation, abis, platforms } = wheelTags;
  const which = ["--python-version", pythonVersion, "--implementation", implementation, "--only-binary=:all:"];
  const each = [...abis.flatMap((name) => ["--abi", name]), ...platforms.flatMap((name) => ["--platform", name])];
  const quietly = ["--no-cache-dir", "--disable-pip-version-check", "--retries", "2"];
  return ["-m", "pip", "download", "--no-deps", "--require-hashes", ...quietly, ...which, ...each];
}

/**
 * @param {import("./pins.mjs").Wheel} wheel
 * @param {string} reason
 */
function downloadFault(wheel, reason) {
  return new NativeFault(
    `${wheel.name} ${wheel.version} (${megabytes(wheel.bytes)}) could not be downloaded with pip: ${reason}; check the network and pip's index, then run the set-up again`,
  );
}

/** @param {string} file */
async function hashFile(file) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}

/** @param {string} folder */
function folderBytes(folder) {
  let sum = 0;
  for (const file of listFiles(folder)) sum += statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0;
  return sum;
}

/** Unzips what is needed of a wheel. Python's zipfile does it, since not every machine has `unzip`. */
const unzipScript = `
import os, sys, zipfile
wheel, target, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        name = entry.filename
        if entry.is_dir() or not name.startswith(tuple(prefixes)):
            continue
        if name.startswith("nvidia/") and ("/include/" in name or name.endswith((".a", ".py"))):
            continue
        path = archive.extract(entry, target)
        if entry.external_attr >> 16 & 0o111:
            os.chmod(path, 0o755)
`;

/**
 * @param {string} python
 * @param {string} wheel
 * @param {string} target
 * @param {Job} job
 */
async function unzip(python, wheel, target, { reporter, signal }) {
  reporter.info(`unpacking ${wheel.slice(wheel.lastIndexOf("/") + 1)}`);
  const wanted = [
    ...libraries.map((name) => `tensorflow/${name}`),
    ...headerPrefixes.map((prefix) => `tensorflow/include/${prefix}`),
    "nvidia/",
  ];
  const result = await run(python, ["-I", "-c", unzipScript, wheel, target, ...wanted], { signal });
  if (result.code !== 0)
    throw new NativeFault(
      `the wheel could not be unpacked: ${tellingLine(result)}; make room on the disk and run the set-up again`,
    );
}
