import { expect, test } from "vitest";
import type { Tables, Unit } from "../table.ts";
import { formatUnits } from "../units-csv.ts";
import { readUnits } from "./units.ts";

const tally = { truth: 4, both: Float64Array.of(2), predicted: Float64Array.of(6) };
const unit = (name: Partial<Unit>): Unit => ({
  ...{
    level: "slice",
    subject: "=s,1",
    case: "c",
    slice: 0,
    session: "",
    label: 1,
    score: -1.5,
    tally,
    voxelMm3: 2,
    grade: 2,
    plane: "axial",
  },
  ...name,
});
const tables: Tables = {
  slice: [unit({ slice: 1 }), unit({ slice: 0, label: 0, score: 0.25, tally: { ...tally, truth: 0, both: Float64Array.of(0) } })],
  stack: [unit({ level: "stack", slice: null })],
  subject: [unit({ level: "subject", case: "", slice: null, plane: null })],
};

test("what an evaluation wrote is read back, of the split that is asked for, in an order that does not hang on the file's", () => {
  const other: Tables = { slice: [unit({ score: 9 })], stack: [], subject: [] };
  const text = formatUnits([
    { split: "val", units: other, mask: 0, fold: null },
    { split: "test", units: tables, mask: 0, fold: null },
  ]);
  const units = readUnits(text, "units.csv", "test");
  expect(units.map(({ level, subject, label, score, dice }) => [level, subject, label, score, dice])).toEqual([
    ["slice", "=s,1", 0, 0.25, 0],
    ["slice", "=s,1", 1, -1.5, 0.4],
    ["stack", "=s,1", 1, -1.5, 0.4],
    ["subject", "=s,1", 1, -1.5, 0.4],
  ]);
  const [head, ...lines] = text.trimEnd().split("\n");
  expect(readUnits([head, ...lines.reverse(), ""].join("\n"), "units.csv", "test")).toEqual(units);
});

test("a file that no evaluation wrote is refused", () => {
  expect(() => readUnits("a,b\n1,2\n", "x/units.csv", "test")).toThrow(
    "x/units.csv: must have a column level; got a, b. Run the evaluation again.",
  );
});
