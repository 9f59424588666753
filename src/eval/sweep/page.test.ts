import { expect, test } from "vitest";
import { sweepPage } from "./page.ts";
import { sweepResultsSchema } from "./results.ts";

test("the comparisons say the level of their intervals as it was asked for", () => {
  const figure = { metric: "auroc", per: "stack" } as const;
  const components = { seed: 0.1, patients: 0.1, both: 0.1, all: 0.17 };
  const spread = { ...figure, seeds: 2, low: 0.1, high: 0.9, caseSd: 0.1, seedSd: 0.1, components, reason: null };
  const against = { patients: 9, difference: 0.1, p: 0.2, pHolm: 0.4, levelHolm: 0.9875, lowHolm: 0, highHolm: 0.3 };
  const results = sweepResultsSchema.parse({
    ...{ schemaVersion: 1, name: "s", threads: 1, baseline: "a", testOn: "a", level: 0.975, resamples: 100, points: [], notes: [] },
    ...{ factors: [], settings: [], comparisons: [{ setting: "b", ...spread, ...against }], best: null },
  });
  expect(sweepPage(results)).toContain("in the same resamples; brackets at 97.5 %. Adjusted by Holm");
}); // biome-ignore format: short
