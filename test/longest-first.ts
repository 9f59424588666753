import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, longest first. A fresh clone knows no durations; a long file that starts
 * last runs alone, with the other core idle.
 */
export const longest: readonly string[] = [
  "test/sweep.test.ts",
  "test/round-trip.test.ts",
  "test/presets.test.ts",
  "test/cache.test.ts",
  "src/tissue/stage.test.ts",
  "src/train/leaks.test.ts",
  "src/synth/phantom/build.test.ts",
  "src/synth/recovery.test.ts",
  "src/train/detect/stage.test.ts",
  "test/cli.test.ts",
  "src/train/stage.test.ts",
  "src/train/optimizer.test.ts",
  "src/cli/fresh.test.ts",
  "src/synth/stage.test.ts",
  "test/slurm.test.ts",
  "src/synth/head-ct/head-ct.test.ts",
];

/** Vitest's own order, but with the longest files before all others, whatever was measured in this clone before. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/${name}`));
      return at === -1 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
