import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { tf } from "./tf.ts";

/** In a fresh process: whether TensorFlow.js is loaded once the sweep's command is. */
const program = `
import { createRequire } from "node:module";
await import("./src/cli/commands/sweep.ts");
const require = createRequire(import.meta.url);
console.log(require.resolve("@tensorflow/tfjs") in require.cache);
`;

test("TensorFlow.js is loaded when it is first used, not when a command is", () => {
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { cwd, encoding: "utf8" }); // biome-ignore format: one line
  expect(stdout.trim(), stderr).toBe("false");
});

test("nothing can be put into it: it would not be in the module that others require", () => {
  expect(() => Object.assign(tf, { zeros: null })).toThrow(TypeError);
});
