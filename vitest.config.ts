import { configDefaults, defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

/** Folders that never load TensorFlow.js (ARCHITECTURE.md has who may import whom): their test files share a process, which saves starting one for each. */
const values = [
  "src/{core,picture,synth}/**/*.test.ts",
  "src/data/*.test.ts",
  "src/data/{given,ingest,nifti}/**/*.test.ts", // in data/datasets two files replace the same module
  "src/eval/*.test.ts",
  "src/eval/{boxes,folds,masks,metrics,predictions,readers,report,sweep,tables}/**/*.test.ts",
];

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
      // TensorFlow.js keeps its backend in process-global state, so each other file gets a process.
      {
        extends: true,
        test: {
          name: "stages",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...values],
        },
      },
      { extends: true, test: { name: "values", include: values, isolate: false } },
    ],
  },
});
