import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { publish, readEntry, withScratch, writeWhole } from "./cache.mjs";
import { NativeFault } from "./fault.mjs";
import { findProgram, run, tellingLine } from "./process.mjs";
import { libraries, readInPlace } from "./tensorflow.mjs";

/**
 * @typedef {import("./tensorflow.mjs").Tensorflow} Tensorflow
 * @typedef {import("./tensorflow.mjs").Device} Device
 * @typedef {import("./tensorflow.mjs").Job} Job
 *
 * @typedef {object} Native - A built addon with its library.
 * @property {string} addon - Path of tfjs_binding.node.
 * @property {Tensorflow} tensorflow
 */

const require = createRequire(import.meta.url);
/** What the linker catches of the addon's own calls, for functions.cc. */
const wraps = ["-Wl,--wrap=TFE_NewContext", "-Wl,--wrap=napi_define_properties"];
const flags = ["-O2", "-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8"];

/** Where the C++ sources lie: the addon's, which @tensorflow/tfjs-node-gpu ships, Node's headers, and ours. */
export function addonSources() {
  const binding = join(dirname(require.resolve("@tensorflow/tfjs-node-gpu/package.json")), "binding");
  const headers = join(dirname(require.resolve("node-api-headers/package.json")), "include");
  return { binding, headers, own: import.meta.dirname };
}

/** Changes whenever the addon would come out different from the same libtensorflow. */
function sourcesKey() {
  const hash = createHash("sha256").update([...flags, ...wraps, process.platform, process.arch].join(" "));
  for (const folder of Object.values(addonSources())) {
    const names = readdirSync(folder).filter((name) => /\.(cc|h)$/.test(name));
    for (const name of names.sort()) hash.update(`\n${name}\n`).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * The pointer to what is built for a device: which addon, which libtensorflow.
 * @param {Device} device
 * @param {string} root
 */
function pointerFile(device, root) {
  const named = process.env.HEMOSYNTH_TENSORFLOW ?? "";
  const variant = named === "" ? "" : `-${createHash("sha256").update(named).digest("hex").slice(0, 8)}`;
  return join(root, "native", `${device}${variant}-${sourcesKey()}.json`);
}

/**
 * What is built and whole for this device, or null. Runs nothing and writes nothing.
 * @param {Device} device
 * @param {string} root - The cache.
 * @returns {Native | null}
 */
export function findNative(device, root) {
  try {
    const { addon, tensorflow } = JSON.parse(readFileSync(pointerFile(device, root), "utf8"));
    const folder = resolve(root, tensorflow.folder);
    const libraryWhole =
      tensorflow.source === "download"
        ? readEntry(dirname(folder)) !== null
        : readInPlace(folder, tensorflow.source)?.identity === tensorflow.identity; // it may have been upgraded since
    const addonWhole = readEntry(join(root, dirname(addon))) !== null;
    return addonWhole && libraryWhole ? { addon: join(root, addon), tensorflow: { ...tensorflow, folder } } : null;
  } catch {
    return null;
  }
}

/**
 * Builds the addon against a libtensorflow and proves that it loads; does nothing if that was done before.
 * @param {Device} device
 * @param {Tensorflow} tensorflow
 * @param {Job} job
 * @returns {Promise<Native>}
 * @throws {NativeFault}
 */
export async function buildAddon(device, tensorflow, job) {
  const key = createHash("sha256").update(`${sourcesKey()} ${tensorflow.identity}`).digest("hex").slice(0, 16);
  const place = join(job.root, "addons", key);
  const addon = join(place, "tfjs_binding.node");
  if (readEntry(place) === null) {
    await withScratch(job.root, 10e6, async (scratch) => {
      const built = join(scratch, "addon");
      await mkdir(built);
      await compile(built, place, tensorflow, job);
      publish(built, place, { tensorflow: tensorflow.version });
    });
  }
  await proveLoads({ addon, tensorflow }, job.signal); // before the pointer: what has one is known to load
  // What lies in the cache is named relative to it, so that the cache can be moved or mounted elsewhere.
  const folder = tensorflow.source === "download" ? relative(job.root, tensorflow.folder) : tensorflow.folder;
  const pointer = { addon: relative(job.root, addon), tensorflow: { ...tensorflow, folder } };
  writeWhole(pointerFile(device, job.root), `${JSON.stringify(pointer, null, 1)}\n`);
  return { addon, tensorflow };
}

/**
 * @param {string} folder - Gets tfjs_binding.node and quiet.node.
 * @param {string} place - Where that folder will be moved.
 * @param {Tensorflow} tensorflow
 * @param {Job} job
 */
async function compile(folder, place, tensorflow, { reporter, signal }) {
  reporter.info(`compiling the native addon against TensorFlow ${tensorflow.version}, some 10 seconds`);
  const { binding, own } = addonSources();
  const search = tensorflow.source === "download" ? `$ORIGIN/${relative(place, tensorflow.folder)}` : tensorflow.folder;
  const sources = [...sourcesIn(binding), join(own, "functions.cc")];
  await compileAddon(sources, join(folder, "tfjs_binding.node"), [...wraps, ...linkTo(tensorflow, search)], signal);
  await compileAddon([join(own, "quiet.cc")], join(folder, "quiet.node"), ["-ldl"], signal);
}

/**
 * The compiler's arguments to use a libtensorflow.
 * @param {Tensorflow} tensorflow
 * @param {string} [search] - Where it is looked for when the addon loads.
 */
export function linkTo(tensorflow, search = tensorflow.folder) {
  const headers = [join(tensorflow.folder, "include"), addonSources().binding].map((folder) => `-I${folder}`);
  return [...headers, `-L${tensorflow.folder}`, ...libraries.map((name) => `-l:${name}`), `-Wl,-rpath,${search}`];
}

/**
 * Compiles a Node addon.
 * @param {readonly string[]} sources
 * @param {string} output
 * @param {readonly string[]} more - Further arguments.
 * @param {AbortSignal} [signal]
 * @throws {NativeFault}
 */
export async function compileAddon(sources, output, more, signal) {
  const compiler = findProgram([...(process.env.CXX ? [process.env.CXX] : []), "g++", "c++", "clang++"]);
  if (compiler === null) {
    throw new NativeFault(
      "g++, which builds the native backend, is not on PATH; install it (Debian, Ubuntu: apt-get install g++)",
    );
  }
  const args = [...flags, `-I${addonSources().headers}`, ...sources, "-o", output, ...more];
  const result = await run(compiler, args, { signal });
  if (result.code === 0) return;
  throw new NativeFault(
    `${compiler} could not build the native addon: ${tellingLine(result)}; install a C++17 compiler (Debian, Ubuntu: apt-get install g++)`,
  );
}

/** @param {string} folder */
function sourcesIn(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".cc"));
  return names.sort().map((name) => join(folder, name));
}

/** The addon that loads a library without its start-up messages, built beside `addon`. @param {string} addon */
export function quietAddon(addon) {
  return join(dirname(addon), "quiet.node");
}

/**
 * Loads the addon in a process of its own: a processor too old for the library, or a libc too old, ends that process and not ours.
 * @param {Native} native
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ usesGpu: boolean }>}
 * @throws {NativeFault}
 */
export async function proveLoads({ addon, tensorflow }, signal) {
  const [main, quiet] = [addon, quietAddon(addon)].map((file) => JSON.stringify(file));
  const script = `require(${quiet}); const tf = require(${main}); console.log(tf.TF_Version, tf.isUsingGpuDevice() ? "gpu" : "cpu")`;
  const result = await run(process.execPath, ["-e", script], { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" }, signal });
  if (result.code === 0 && result.stdout.includes(tensorflow.version)) return { usesGpu: result.stdout.includes(" gpu") };
  throw new NativeFault(
    `TensorFlow ${tensorflow.version} in ${tensorflow.folder} does not load here: ${tellingLine(result)}; use another with HEMOSYNTH_TENSORFLOW`,
  );
}
