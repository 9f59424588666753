import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { tf } from "../tf.ts";
import { conv2DBackpropFilter, conv2DBackpropInput } from "./conv.ts";
import { maxPoolGrad } from "./pool.ts";

const require = createRequire(import.meta.url);
let isRegistered = false;

/** Loads and registers the WebAssembly backend with the kernels that training needs, not yet made current. Returns its version. */
export function readyWasm(): string {
  const entry = require.resolve("@tensorflow/tfjs-backend-wasm");
  const wasm = require(entry) as typeof import("@tensorflow/tfjs-backend-wasm");
  if (isRegistered) return wasm.version_wasm;
  wasm.setWasmPaths(dirname(entry) + sep);
  for (const kernel of [conv2DBackpropFilter, conv2DBackpropInput, maxPoolGrad]) {
    if (tf.getKernel(kernel.kernelName, "wasm") !== undefined) tf.unregisterKernel(kernel.kernelName, "wasm");
    tf.registerKernel(kernel);
  }
  isRegistered = true;
  return wasm.version_wasm;
}
