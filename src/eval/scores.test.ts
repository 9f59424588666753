import fc from "fast-check";
import { expect, test } from "vitest";
import { formatScores, parseScores, type ScoreRow } from "./scores.ts";

const text = fc.string({ minLength: 1, maxLength: 12 }).filter((s) => s.trim() !== "");
const rows = fc.uniqueArray(
  fc.record({
    level: fc.constant("slice" as const),
    subject: text,
    case: text,
    slice: fc.nat(40),
    split: fc.constantFrom("train" as const, "val" as const, "test" as const, null),
    score: fc.double({ min: -50, max: 50, noNaN: true }).map((v) => Number(v.toPrecision(9))),
    probability: fc.constantFrom(0, 0.25, 1),
    lesionMm3: fc.constantFrom(0, 12.5, null),
  }),
  { selector: (row) => JSON.stringify([row.case, row.slice]), maxLength: 8 },
);

test("what is written is what is read, formulas, quotes and line ends included", () => {
  fc.assert(
    fc.property(rows, (all) => {
      expect(parseScores(formatScores(all), "scores.csv")).toEqual(all);
    }),
  );
});

const good: ScoreRow = {
  level: "slice", subject: "s", case: "c", slice: 3, split: null, score: -1, probability: 0.3, lesionMm3: 2,
}; // biome-ignore format: one row
const csv = formatScores([good]);
const line = csv.split("\n")[1]!;
const cases: [string, string, RegExp][] = [
  [
    "a missing column",
    csv.replace("score", "points"),
    /scores\.csv: must have columns level, .*; got no score\. Run predict again\.$/,
  ],
  ["an empty file", "", /got no level/],
  ["a column twice", csv.replace("probability", "score"), /each column once; got score twice/],
  ["an unknown level", csv.replace("slice,s,", "voxel,s,"), /row 2, level: must be one of slice, stack, subject; got voxel/],
  ["a NaN score", csv.replace(",-1,", ",NaN,"), /row 2, score: must be a finite number; got NaN/],
  ["an empty score", csv.replace(",-1,", ",,"), /row 2, score/],
  ["a probability of 1.2", csv.replace("0.3", "1.2"), /row 2, probability: must be in \[0, 1\]; got 1\.2/],
  ["slice 1.5", csv.replace("c,3,", "c,1.5,"), /row 2, slice: must be a whole number from 0; got 1\.5/],
  ["an unknown split", csv.replace("c,3,,", "c,3,dev,"), /row 2, split: must be empty or one of train, val, test; got dev/],
  ["no case", csv.replace(",c,", ",,"), /row 2, case: must not be empty/],
  ["the same slice twice", `${csv}${line}\n`, /row 3: each slice, stack and subject may come once; got the unit of row 2 again/],
  ["a torn last line", `${csv}${line.slice(0, 9)}`, /scores\.csv: must be a CSV file/],
];
for (const [name, broken, message] of cases) {
  test(`refuses ${name}`, () => {
    expect(() => parseScores(broken, "scores.csv")).toThrow(message);
  });
}
