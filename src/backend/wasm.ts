import { createRequire } from "node:module";
import { dirname, sep } from "node:path";

const require = createRequire(import.meta.url);

/** Loads and registers the WebAssembly backend, not yet made current. Returns its version. */
export async function readyWasm(): Promise<string> {
  const entry = require.resolve("@tensorflow/tfjs-backend-wasm");
  const wasm = require(entry) as typeof import("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(dirname(entry) + sep);
  return wasm.version_wasm;
}
