import { expect, test } from "vitest";
import { differenceForest } from "../tables/plots.ts";
import { curvesSvg, rocAxes } from "./curves.ts";
import { textWidth, wrapped } from "./wrap.ts";

const line = { width: 254, size: 12 };

test("no line is wider than it may be, whatever the letters; all of a text that has room is there, in order", () => {
  for (const text of ["W".repeat(70), "and then six detected ".repeat(3), "a/b_c-".repeat(20), "日本語".repeat(15), "", "one"]) {
    const lines = wrapped(text, line, 4);
    for (const one of lines) expect(textWidth(one, line)).toBeLessThanOrEqual(line.width);
    expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
  }
});

test("letters are taken at least as wide as DejaVu Sans has them, measured of whole texts in Chromium at 12 px, bold at 13", () => {
  const measured = [["one, then another and then six", 186], ["WWWWWWWWWWWWWWWWWWWW", 237], ["0.959 [0.919, 0.988]", 124], ["average precision 0.959", 145]] as const; // biome-ignore format: one line
  for (const [text, pixels] of measured) expect(textWidth(text, { size: 12 })).toBeGreaterThanOrEqual(pixels);
  expect(textWidth("runs/very/long/folder/of/experiments/mod", { size: 13, bold: true })).toBeGreaterThanOrEqual(307);
});

test("an interval is not parted, and a text that has no room keeps its end: the figures of a class, both names of a difference", () => {
  expect(wrapped("average precision 0.959 [0.919, 0.988]", line, 3)).toEqual(["average precision 0.959", "[0.919, 0.988]"]);
  const name = `${"class ".repeat(60)}0.959 [0.919, 0.988]`;
  const last = wrapped(name, line, 3)[2]!;
  expect(last).toMatch(/^….* 0\.959 \[0\.919, 0\.988\]$/);
  expect(textWidth(last, line)).toBeLessThanOrEqual(line.width);
  expect(curvesSvg("ROC", rocAxes, [{ name, points: [] }])).toContain("0.959 [0.919, 0.988]</text>");
  const file = (model: string) => `runs/a/very/long/folder/of/experiments/with/${model}/eval/predictions_of_the_test_split.csv`;
  const rows = [{ name: "AUROC", estimate: 0.1, low: null, high: null, reason: null }];
  const [svg] = differenceForest(`${file("mean")} minus ${file("attention")}`, rows);
  const drawn = [...svg!.matchAll(/<text x="8"[^>]*>([^<]*)</g)].map(([, text]) => text).join("").replaceAll(" ", ""); // biome-ignore format: short
  expect(drawn).toBe(`${file("mean")}minus${file("attention")}`);
});
