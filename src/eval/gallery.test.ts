import { expect, test } from "vitest";
import { chooseCases } from "./gallery.ts";
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
const titles = (mask: number) => Object.fromEntries(chooseCases(stacks, mask).map((c) => [c.unit.case, [c.title, c.dice]]));

test("best, median and worst Dice, the quietest lesion and the loudest healthy stack, each stack once", () => {
  expect(titles(0)).toEqual({
    b: ["Best Dice; lowest score with a lesion", 1],
    c: ["Median Dice", 2 / 3],
    a: ["Worst Dice", 0],
    e: ["Highest score without a lesion", null],
  });
});

test("where there is no mask threshold no stack is called best or worst", () => {
  expect(titles(Number.NaN)).toEqual({
    b: ["Lowest score with a lesion", null],
    e: ["Highest score without a lesion", null],
  });
});
