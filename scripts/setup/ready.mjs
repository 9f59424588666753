// The work of scripts/setup.mjs, on a Node that is new enough for it.
import { resolve } from "node:path";
import { NativeFault } from "../../src/backend/native/fault.mjs";
import { installNative } from "../../src/backend/native/install.mjs";
import { withLock } from "../../src/backend/native/lock.mjs";
import { buildSources } from "./build.mjs";
import { installPackages } from "./packages.mjs";
import { consoleReporter } from "./reporter.mjs";

const root = resolve(import.meta.dirname, "../..");
const reporter = consoleReporter();
const stop = new AbortController();
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => {
    stop.abort();
    process.exitCode = signal === "SIGINT" ? 130 : 143;
  });
}

try {
  const onWait = () => reporter.info("another set-up of this folder is running; waiting for it");
  await withLock(`checkout ${root}`, onWait, async (fd) => {
    await installPackages(root, { reporter, signal: stop.signal, holdFd: fd });
    const native = await readyNative();
    await buildSources(root, { reporter, signal: stop.signal, holdFd: fd });
    reporter.info(`ready: Node ${process.versions.node}, ${native}`);
  });
} catch (error) {
  if (!stop.signal.aborted) {
    if (!(error instanceof NativeFault)) throw error;
    reporter.warn(`set-up: ${error.message}`);
    process.exitCode = 1;
  }
}

/** Native TensorFlow or, in one line, why WebAssembly has to do. */
async function readyNative() {
  try {
    const { tensorflow } = await installNative("cpu", reporter, stop.signal);
    return `native TensorFlow ${tensorflow.version}`;
  } catch (error) {
    if (!(error instanceof NativeFault)) throw error;
    reporter.warn(`no native TensorFlow, WebAssembly (slower) is used instead: ${error.message}`);
    return "WebAssembly";
  }
}
