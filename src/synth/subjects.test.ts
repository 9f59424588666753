import { expect, test } from "vitest";
import { seededRng } from "../core/rng.ts";
import { spreadAge, subjectName } from "./subjects.ts";

test("names sort as the subjects are numbered, and none stands twice", () => {
  for (const count of [1, 12, 1000]) {
    const names = Array.from({ length: count }, (_, i) => subjectName(i, count));
    expect([...new Set(names)].sort()).toEqual(names);
  }
  expect(subjectName(0, 2)).toBe("sub-001");
  expect(subjectName(0, 1000)).toBe("sub-0001");
});

test("one age in each step of the range, by tenths of a day, never beyond it", () => {
  const rng = seededRng("ages");
  const [low, high, count] = [23.03, 32.11, 17];
  const ages = Array.from({ length: count }, (_, i) => spreadAge(rng.uniform(), i, count, [low, high]));
  const step = (high - low) / count;
  for (const [i, age] of ages.entries()) {
    expect(age).toBeGreaterThanOrEqual(Math.max(low, low + i * step - 1 / 140));
    expect(age).toBeLessThanOrEqual(Math.min(high, low + (i + 1) * step + 1 / 140));
    if (age !== low && age !== high) expect(70 * age).toBeCloseTo(Math.round(70 * age), 9);
  }
  expect([spreadAge(0, 0, 1, [low, high]), spreadAge(0.9999, 0, 1, [low, high])]).toEqual([low, high]);
});
