import { expect, test } from "vitest";
import { optimizerOptions } from "./optimizer-options.ts";
import { learningRateAt } from "./schedule.ts";

// That the steps are PyTorch's is held by parity.test.ts and optimizer.test.ts.

const options = optimizerOptions.parse({ learningRate: 0.01, schedule: { warmupSteps: 10, finalShare: 0.1 } });
const rate = (step: number, steps = 110) => learningRateAt(step, steps, options);

test("the rate climbs evenly over the warm-up, peaks at its end, is half way down in the middle and ends at its final share", () => {
  expect([rate(1), rate(5), rate(10)]).toEqual([0.001, 0.005, 0.01].map((v) => expect.closeTo(v, 12)));
  expect(rate(60)).toBeCloseTo((0.01 + 0.001) / 2, 12);
  expect(rate(110)).toBeCloseTo(0.001, 12);
  for (let step = 11; step <= 110; step++) expect(rate(step)).toBeLessThan(rate(step - 1));
});

test("a training shorter than twice its warm-up climbs for half of it; one step trains", () => {
  expect(rate(4, 8)).toBeCloseTo(0.01, 12);
  expect(rate(8, 8)).toBeCloseTo(0.001, 12);
  expect(rate(1, 1)).toBeGreaterThan(0);
});
