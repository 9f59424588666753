import { expect, test } from "vitest";
import { type Biometry, biometryNorm, germinalMatrixWidth, tissueVolume } from "./growth.ts";

// Means (SD) as tabulated in the published biometry, rounded there to the digits shown.
const tabulated: readonly (readonly [
  week: number,
  biparietal: number,
  sd: number,
  width: number,
  atrium: number,
  atriumSd: number,
  ml: number,
  mlSd: number,
])[] = [
  [22, 54.8, 2.1, 45.6, 7.67, 1.1, 2.55, 0.57],
  [24, 61.5, 2.3, 50.6, 7.35, 1.15, 3.14, 0.8],
  [28, 73.5, 2.6, 60.9, 6.88, 1.25, 4.23, 1.16],
  [32, 83.9, 3.0, 71.8, 6.67, 1.36, 5.21, 1.39],
  [36, 92.6, 3.4, 83.2, 6.71, 1.47, 6.09, 1.5],
];

test("the curves give the tabulated means and standard deviations", () => {
  for (const [week, biparietal, sd, width, atrium, atriumSd, ml, mlSd] of tabulated) {
    const close = (measure: Biometry, mean: number, spread: number | null, by: number) => {
      const norm = biometryNorm(measure, week);
      expect(Math.abs(norm.mean - mean), `${measure} ${week}`).toBeLessThanOrEqual(by);
      if (spread !== null) expect(Math.abs(norm.sd - spread), `${measure} SD ${week}`).toBeLessThanOrEqual(by);
    };
    close("skullBiparietal", biparietal, sd, 0.06);
    close("brainWidth", width, null, 0.06);
    close("atrialWidth", atrium, atriumSd, 0.006);
    close("lateralVentricles", ml, mlSd, 0.0051);
  }
});

test("tissue volumes pass through the published weeks and grow outside them as documented", () => {
  expect([22, 24, 28, 32, 36].map((week) => tissueVolume("whiteMatter", week))).toEqual([27, 44, 78, 113, 148]);
  expect([22, 24, 28, 32, 36].map((week) => tissueVolume("cortex", week))).toEqual([10.5, 14.9, 31.1, 57, 92.7]);
  expect(tissueVolume("cortex", 21) * 1.18).toBeCloseTo(10.5, 10);
  expect(tissueVolume("deepGrey", 20) * 1.1522 ** 2).toBeCloseTo(2.7, 10);
  expect(tissueVolume("whiteMatter", 38) - 148).toBeCloseTo((2 * (148 - 113)) / 4, 10);
});

test("the germinal matrix thins from 2.5 mm and is gone at 36 weeks", () => {
  expect([20, 24, 32, 36, 38].map(germinalMatrixWidth)).toEqual([2.5, 2.5, 1.4, 0, 0]);
  for (let week = 20; week < 38; week += 0.25)
    expect(germinalMatrixWidth(week + 0.25)).toBeLessThanOrEqual(germinalMatrixWidth(week));
});
