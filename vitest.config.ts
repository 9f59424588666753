import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

export default defineConfig({
  test: {
    // TensorFlow.js keeps its backend in process-global state, so each test file gets a process.
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: "test/temporary-folder.ts",
    setupFiles: "test/typed-arrays.ts",
    reporters: ["default", "./test/reporter.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
