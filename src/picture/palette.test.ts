import { expect, test } from "vitest";
import { darkPlots, palette } from "./palette.ts";

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const linear = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r, g, b] = linear.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

test.each([0, 1] as const)("every colour of words and curves can be read on its paper, light or dark (%i)", (side) => {
  for (const name of ["ink", "soft", "blue", "orange", "green", "purple", "olive"] as const)
    expect(contrast(palette[name][side], palette.paper[side]), name).toBeGreaterThanOrEqual(4.5);
  for (const under of ["tint", "warm"] as const)
    expect(contrast(palette.ink[side], palette[under][side])).toBeGreaterThanOrEqual(7);
});

test("no two colours are the same on light paper, so that each has one colour on dark", () => {
  const light = Object.values(palette).map(([colour]) => colour);
  expect(new Set(light).size).toBe(light.length);
  expect(darkPlots.match(/svg \[fill=/g)).toHaveLength(light.length);
});
