import { expect, test } from "vitest";
import { describeReaderColumns } from "./columns.ts";
import { readerOptions } from "./options.ts";
import { parseStudy } from "./rows.ts";

const read = (text: string, options: object = {}) => parseStudy(text, "r.csv", readerOptions.parse(options));
const arms = { arms: ["without", "with"] };
const good = `reader,case,patient,arm,truth,rating,seconds
2,c10,p1,without,1,3,60
2,c9,p1,without,0,1,20.5
2,c10,p1,with,1,5,30
2,c9,p1,with,0,2,41
10,c10,p1,without,1,4,1e2
10,c9,p1,without,0,4,55
10,c10,p1,with,1,4,10
10,c9,p1,with,0,0,12
`;

test("columns are found by their usual names and said; readers, cases and arms come in an order of their own", () => {
  const study = read(good, arms);
  expect(describeReaderColumns(study.columns)).toBe(
    'reader "reader" (guessed), case "case" (guessed), arm "arm" (guessed), truth "truth" (guessed), rating "rating" (guessed), time "seconds" (guessed), cluster "patient" (guessed)',
  );
  expect(study.arms).toEqual(["without", "with"]);
  expect(study.readers).toEqual(["2", "10"]);
  expect(study.cases).toEqual([
    { id: "c10", label: 1, cluster: "p1" },
    { id: "c9", label: 0, cluster: "p1" },
  ]);
  expect(study.cells.map(({ rating }) => [...rating!])).toEqual([[3, 1], [4, 4], [5, 2], [4, 0]]); // biome-ignore format: short
  expect(study.cells[1]!.logTime![0]).toBeCloseTo(Math.log(100), 14);
  expect(study.cells.every(({ call, confidence }) => call === null && confidence === null)).toBe(true);
});

test("the order of rows changes nothing, the order of --arms the reference alone", () => {
  const [head, ...rows] = good.trim().split("\n");
  expect(read([head, ...rows.reverse()].join("\n"), arms)).toEqual(read(good, arms));
  expect(read(good, { arms: ["with", "without"] }).cells[0]).toEqual(read(good, arms).cells[2]);
});

test("rows of one reader or one arm are read by --where, whose column keeps its role", () => {
  const where = (column: string, value: string) => ({ columns: { where: [{ column, value }] } });
  expect(read(good, { ...arms, ...where("reader", "10") })).toMatchObject({ readers: ["10"], arms: arms.arms });
  expect(read(good, where("arm", "with"))).toMatchObject({ readers: ["2", "10"], arms: ["with"] });
  expect(() => read(good, where("session", "1"))).toThrow("r.csv: must have a column session; got reader, case,");
  expect(() => read(good, where("reader", "3"))).toThrow("r.csv: must have rows with reader=3; got none. Mend --where.");
});

test("calls are a column or made of ratings; without an arm there is one", () => {
  const cut = read(good, { ...arms, threshold: 4 });
  expect(cut.cells.map(({ call }) => [...call!])).toEqual([[0, 0], [1, 1], [1, 0], [1, 0]]); // biome-ignore format: short
  const called = read("observer;image;label;call\na;1;0;false\na;2;1;1\n");
  expect(describeReaderColumns(called.columns)).toBe(
    'reader "observer" (guessed), case "image" (guessed), no arm, truth "label" (guessed), call "call" (guessed), no cluster: every case is taken as independent',
  );
  expect(called).toMatchObject({ arms: ["all"], readers: ["a"] });
  expect([...called.cells[0]!.call!]).toEqual([0, 1]);
  const named = read("reader,case,outcome,score\na,1,Good,1\na,2,Poor,2\na,3,Fair,2\n", { columns: { positive: "Poor" } });
  expect(named.classes).toEqual({ negative: ["Fair", "Good"], positive: "Poor" });
});

const broken: [string, string, object, string | RegExp][] = [
  ["an empty file", "", arms, "r.csv: must have a head and at least one row; got none. Check the file."],
  ["no reader", good.replace("reader", "who"), arms, "r.csv: must have a column with the reader; got who, case, patient, arm, truth, rating, seconds. Name it: --reader COLUMN."],
  ["two cases", good.replace("patient", "image"), arms, "r.csv: which column is the case must be clear; got case, image. Name one: --case case."],
  ["nothing noted", "reader,case,truth\na,1,0\n", {}, "r.csv: must have a column with what readers noted; got reader, case, truth. Name it: --rating, --call, --time or --confidence COLUMN."],
  ["a rating that is no number", good.replace("with,1,5", "with,1,high"), arms, "r.csv, row 4, rating: must be a finite number; got high. Mend or drop the row."],
  ["an empty rating", good.replace("with,1,5", "with,1,"), arms, "r.csv, row 4, rating: must be a finite number; got nothing."],
  ["a time of 0", good.replace("20.5", "0"), arms, "r.csv, row 3, seconds: a time must be above 0 seconds; got 0. Mend or drop the case: times are compared as ratios."],
  ["a time below 0", good.replace("20.5", "-3"), arms, "r.csv, row 3, seconds: a time must be above 0 seconds; got -3."],
  ["a call of 2", good.replaceAll(/rating/g, "call"), arms, "r.csv, row 2, call: a call must be 0 or 1; got 3. Mend the cell, or give --rating with --threshold."],
  ["a reading twice", good.replace("2,c9,p1,with,", "2,c9,p1,without,"), arms, "r.csv, row 5: a reader may read a case once in each arm; got reader 2, case c9, arm without, as in row 3. Drop one, or name the column with the arm: --arm COLUMN."],
  ["a missing reading", good.replace(/10,c9,p1,with,.*\n/, ""), arms, "r.csv: every reader must read every case in every arm; got no reading of reader 10, case c9, arm with. Complete the readings, or take the case or the reader out of the file."],
  ["two missing readings", good.replace(/10,.*,p1,with,.*\n/g, ""), arms, "got no reading of reader 10, case c10, arm with and 1 more."],
  ["truth that differs", good.replace("10,c9,p1,without,0", "10,c9,p1,without,1"), arms, "r.csv, row 7, truth: must be as in row 3, which is of the same case c9; got positive."],
  ["patients that differ", good.replace("10,c9,p1", "10,c9,p2"), arms, "r.csv, row 7, patient: must be as in row 3, which is of the same case c9; got p2."],
  ["one class", good.replaceAll(/,0,/g, ",1,"), arms, "r.csv: must have positives and negatives in truth; got 2 cases, all positive."],
  ["a truth of 2", good.replace("without,1,3", "without,2,3"), arms, "r.csv, row 2, truth: must be 0 or 1, true or false; got 2. Say which value is positive: --positive 2."],
  ["an unknown arm", good.replace("2,c9,p1,with,", "2,c9,p1,With,"), arms, "r.csv, row 5, arm: must be an arm of --arms (without, with); got With. Mend the row, or name the arm as well."],
  ["an arm without readings", good, { arms: ["without", "with", "ai"] }, "r.csv: must have readings in arm ai; got with, without. Mend --arms."],
  ["no reference", good, {}, 'r.csv has 2 arms in arm (with, without), so the reference must be named; got none. Name it first: --arms "with" "without"'],
  ["an arm named twice", good, { arms: ["with", "with"] }, "--arms: each arm may come once; got with twice."],
  ["arms without a column", good.replace("arm", "how"), arms, "r.csv: must have a column with the arm, as --arms is given; got none. Name it: --arm COLUMN."],
  ["a threshold and calls", good, { ...arms, threshold: 3, columns: { call: "rating" } }, "--threshold: makes calls of ratings, so it does not go with --call; got both. Leave one out."],
  ["an empty reader", good.replace("\n10,c9", "\n,c9"), arms, "r.csv, row 7, reader: must not be empty; got nothing. Fill the cell or drop the row."],
  ["a torn last row", `${good}2,c`, arms, /^r\.csv: must be a CSV file; got .*line 10/],
]; // biome-ignore format: a table
for (const [name, text, options, message] of broken) {
  test(`refuses ${name}, in one line`, () => {
    expect(() => read(text, options)).toThrow(message);
    expect(() => read(text, options)).toThrow(/^[^\n]*$/);
  });
}
