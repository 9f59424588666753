import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

/**
 * Parts that may not import TensorFlow.js, and whose tests mock no module and set no environment: nothing of one file reaches
 * the next. test/import-table.test.ts holds both.
 */
const pure = ["core", "data", "data/!(datasets)/**", "picture", "synth/**", "config", "eval/metrics", "sweep"].map(
  (part) => `src/${part}/*.test.ts`,
);

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    globalSetup: "test/temporary-folder.ts",
    setupFiles: "test/typed-arrays.ts",
    reporters: ["default", "./test/reporter.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      // TensorFlow.js keeps its backend in process-global state, so each test file gets a process.
      { extends: true, test: { name: "apart", include: ["src/**/*.test.ts", "test/**/*.test.ts"], exclude: pure } },
      // These need none of their own: to start one and load the same modules again took longer than most of their tests.
      { extends: true, test: { name: "together", include: pure, isolate: false, benchmark: { include: [] } } },
    ],
  },
});
