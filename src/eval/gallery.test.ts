import { expect, test } from "vitest";
import { axisAlignedAffine } from "../core/affine.ts";
import { chooseCases, chooseRight, cropsPicture, cropWords } from "./gallery.ts";
import type { Unit } from "./table.ts";

/** A stack of two voxels of blood, of which `both` are predicted; nothing else is. */
function stack(name: string, label: 0 | 1, score: number, both: number): Unit {
  const tally = { truth: 2 * label, both: Float64Array.of(both), predicted: Float64Array.of(both) };
  return {
    ...{ level: "stack", subject: name, case: name, slice: null, session: "", label, score, tally },
    ...{ voxelMm3: 1, grade: null, plane: "axial" },
  };
}

const stacks = [stack("a", 1, 3, 0), stack("b", 1, 1, 2), stack("c", 1, 2, 1), stack("d", 0, -1, 0), stack("e", 0, 4, 0)];
const titles = (mask: number, threshold: number | null) =>
  chooseCases(stacks, mask, threshold).map((c) => [c.unit.case, c.title, c.dice] as const);

test("wrong calls come first, the farthest from the threshold before all, then the lowest Dice; each stack once", () => {
  expect(titles(0, 2.5)).toEqual([
    ["b", "Missed: score 1.50 below the threshold", 1],
    ["e", "False alarm: score 1.50 above the threshold", null],
    ["c", "Missed: score 0.50 below the threshold", 2 / 3],
    ["a", "Low overlap: Dice 0.00", 0],
  ]);
});

test("no more than four wrong calls, and the median and best Dice to compare with", () => {
  const many = Array.from({ length: 20 }, (_, i) => stack(`x${String(i).padStart(2, "0")}`, 1, i, (i % 10) / 5));
  const chosen = chooseCases(many, 0, 10);
  expect(chosen.map(({ unit }) => unit.case).slice(0, 4)).toEqual(["x00", "x01", "x02", "x03"]);
  const sure = (both: number) => (2 * both) / (2 + both);
  const rest = chosen.slice(4).map(({ title, dice }) => [title, dice]);
  expect(rest).toEqual([
    ["Low overlap: Dice 0.00", sure(0)],
    ["Low overlap: Dice 0.18", sure(0.2)],
    [`For comparison, median Dice: ${sure(0.8).toFixed(2)}`, sure(0.8)],
    [`For comparison, best Dice: ${sure(1.8).toFixed(2)}`, sure(1.8)],
  ]);
});

test("the choice does not depend on the order of the stacks", () => {
  expect(chooseCases([...stacks].reverse(), 0, 2.5)).toEqual(chooseCases(stacks, 0, 2.5));
});

test("where there is no mask threshold no stack is chosen by Dice, where there are no calls none is wrong", () => {
  expect(titles(Number.NaN, 2.5).map(([name]) => name)).toEqual(["b", "e", "c"]);
  expect(titles(0, null).map(([name]) => name)).toEqual(["a", "c", "b"]);
  expect(titles(Number.NaN, null)).toEqual([]);
});

test("of each class the median of those that were called rightly is shown, but none twice and none that was called wrongly", () => {
  const unit = (name: string, truth: number, ...probabilities: number[]) =>
    ({ ...{ case: name, subject: name, slice: 0, examination: name, weeks: null }, truth, probabilities }) as const;
  const units = [
    unit("a", 1, 0.1, 0.9, 0),
    unit("b", 1, 0.3, 0.7, 0),
    unit("c", 1, 0.4, 0.6, 0),
    unit("d", 0, 0.2, 0.8, 0), // taken for the second class
    unit("e", 0, 0.9, 0.1, 0),
  ];
  const right = (shown: readonly string[]) =>
    chooseRight(
      stacks,
      { classes: ["normal", "bleed", "other"], units },
      chosen.filter((one) => shown.includes(one.unit.case)),
    );
  const chosen = chooseCases(stacks, Number.NaN, 2.5);
  expect(right([]).map(({ title, unit: { case: name } }) => [name, title])).toEqual([
    ["e", "For comparison, called rightly: normal, probability 0.90"],
    ["b", "For comparison, called rightly: bleed, probability 0.70"],
  ]);
  expect(right(["b", "e"]).map(({ unit: { case: name } }) => name)).toEqual(["c"]);
});

test("crops stand side by side in their order; what was not found is black and said", () => {
  const shape = [8, 8, 4] as const;
  const crops = (lit: readonly number[]) => ({
    ...{ shape, affine: axisAlignedAffine(shape, [1, 1, 4]) },
    data: Float32Array.from({ length: 256 }, (_, i) => (lit.includes(Math.floor(i / 64)) ? 100 + (i % 64) : 0)),
  });
  expect([[], [1], [0, 1, 2, 3]].map((lit) => cropWords(crops(lit)))).toEqual(["no region found", "1 of 4 regions found", "4 of 4 regions found"]); // biome-ignore format: one line
  const { width, height, data } = cropsPicture(crops([1]), null);
  expect([width, height]).toEqual([638, 424]);
  const middle = (column: number, row: number) => data[3 * (214 * column + 105 + width * (214 * row + 105))]!;
  expect([middle(0, 0), middle(2, 0), middle(0, 1)]).toEqual([0, 0, 0]);
  expect(middle(1, 0)).toBeGreaterThan(50);
});
