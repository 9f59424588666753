import { expect, test } from "vitest";
import { parseWhere } from "../../tables/columns.ts";
import { columnOptions } from "../options.ts";
import { describeColumns } from "./columns.ts";
import { parsePredictions } from "./rows.ts";

const read = (text: string, options: object = {}) => parsePredictions(text, "p.csv", columnOptions.parse(options));
const good = "image,patient,label,prob\na,1,0,0.2\nb,1,1,.7\nc,2,1.0,1e-1\n";

test("columns are found by their usual names, and what was guessed is said", () => {
  const { columns, rows, noProbability, classes } = read(good);
  expect(describeColumns(columns)).toBe(
    'truth "label" (guessed), score "prob" (guessed), id "image" (guessed), cluster "patient" (guessed)',
  );
  expect(rows.map(({ id, cluster, label, score, line }) => [id, cluster, label, score, line])).toEqual([
    ["c", "2", 1, 0.1, 4],
    ["a", "1", 0, 0.2, 2],
    ["b", "1", 1, 0.7, 3],
  ]);
  expect(noProbability).toBeNull();
  expect(classes).toEqual({ negative: ["0"], positive: "1" });
  const named = read(good, { truth: "label", id: ["image", "patient"], cluster: ["image"] });
  expect(describeColumns(named.columns)).toBe('truth "label", score "prob" (guessed), id "image + patient", cluster "image"');
});

test("without id and cluster every row is its own", () => {
  const { columns, rows } = read("y_true;y_score\n1;2.5\n0;-1\n");
  expect(describeColumns(columns)).toContain("no id, no cluster: every row is taken as independent");
  expect(rows.map(({ id, cluster }) => [id, cluster])).toEqual([["3", "3"], ["2", "2"]]); // biome-ignore format: short
  expect(read("y,score\n1,2.5\n0,-1\n").noProbability).toBe(2);
});

test("any two values with a positive one, and rows by a value of a column", () => {
  const text = "level,id,outcome,score\nslice,'=a,Poor,3\nslice,b,Good,2\nstack,c,Bad,1\n";
  expect(read(text, { positive: "Poor" }).classes).toEqual({ negative: ["Bad", "Good"], positive: "Poor" });
  const slices = read(text, { positive: "Poor", where: [parseWhere("level=slice")] });
  expect(slices.rows.map(({ id }) => id)).toEqual(["b", "=a"]); // the apostrophe that makes a formula inert is taken off
  expect(() => parseWhere("level")).toThrow("--where: must be written column=value");
});

const broken: [string, string, object, string | RegExp][] = [
  ["an empty file", "", {}, "p.csv: must have a head and at least one row; got none. Check the file."],
  ["a head alone", "label,prob\n", {}, "at least one row"],
  ["no truth", "id,prob\na,1\n", {}, "p.csv: must have a column with the truth; got id, prob. Name it: --truth COLUMN."],
  ["hard calls alone", "y_true,y_pred\n1,1\n", {}, "must have a column with the score; got y_true, y_pred"],
  ["two scores", good.replace("image", "logit"), {}, "which column is the score must be clear; got logit, prob. Name one: --score logit."],
  ["a named column that is not there", good, { cluster: ["woman"] }, "p.csv: must have a column woman; got image, patient, label, prob."],
  ["a NaN score", good.replace("0.2", "nan"), {}, "p.csv, row 2, prob: must be a finite number; got nan. Mend or drop the row."],
  ["an empty score", good.replace(".7", ""), {}, "row 3, prob: must be a finite number; got nothing"],
  ["a probability of 1.2", good.replace(".7", "1.2"), {}, "p.csv, row 3, prob: a probability must be in [0, 1]; got 1.2."],
  ["an id twice", good.replace("b,1", "a,1"), {}, "p.csv, row 3, image: each id may come once; got a, as in row 2."],
  ["an empty id", good.replace("b,1", ",1"), {}, "row 3, image: must not be empty"],
  ["an empty cluster", good.replace("b,1", "b,"), {}, "row 3, patient: must not be empty"],
  ["a truth of 2", good.replace("1.0", "2"), {}, "p.csv, row 4, label: must be 0 or 1, true or false; got 2. Say which value is positive: --positive 2; or give a score for each: --score-columns."],
  ["an empty truth", good.replace("1.0", ""), {}, "p.csv, row 4, label: must not be empty"],
  ["one class", good.replace("1,0,0.2", "1,1,0.2"), {}, "p.csv: must have positives and negatives in label; got 3 rows, all positive."],
  ["one row", "label,prob\n0,.2\n", {}, "p.csv: must have positives and negatives in label; got 1 row, all negative."],
  ["a positive that is not there", good, { positive: "Poor" }, "p.csv: label must hold Poor somewhere; got 0, 1, 1.0. Mend --positive."],
  ["no row left", good, { where: [{ column: "image", value: "z" }] }, "p.csv: must have rows with image=z; got none. Mend --where."],
  ["a torn last row", `${good}d,3`, {}, /^p\.csv: must be a CSV file; got .*line 5/],
]; // biome-ignore format: a table
for (const [name, text, options, message] of broken) {
  test(`refuses ${name}, in one line`, () => {
    expect(() => read(text, options)).toThrow(message);
    expect(() => read(text, options)).toThrow(/^[^\n]*$/);
  });
}
