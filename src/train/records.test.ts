import { expect, test } from "vitest";
import { keepMetrics, metricsHeader, metricsLine } from "./metrics-file.ts";
import type { ValidationRow } from "./run.ts";

const row = (step: number): ValidationRow => ({
  step,
  trainLoss: 1 / 3,
  learningRate: 0.001,
  loss: 0.5,
  dice: null,
  auroc: 1,
  brainDice: 0.87654321,
  map50: null,
});

test("a line has a value a column, empty where undefined, and seven digits", () => {
  expect(metricsHeader.split(",").length).toBe(metricsLine(row(1)).split(",").length);
  expect(metricsLine(row(120))).toBe("120,0.3333333,0.001,0.5,,1,0.8765432,\n");
});

test("keepMetrics gives what had been written by a step, wherever the file was torn", () => {
  const upTo = (step: number) =>
    [metricsHeader, ...[10, 20, 30].filter((s) => s <= step).map((s) => metricsLine(row(s)))].join("");
  for (const step of [0, 10, 25, 30]) expect(keepMetrics(upTo(30), step)).toBe(upTo(step));
  for (let length = 0; length < upTo(30).length; length++) {
    const whole = [30, 20, 10, 0].find((s) => upTo(s).length <= length) ?? 0;
    expect(keepMetrics(upTo(30).slice(0, length), 30)).toBe(upTo(whole));
  }
});
