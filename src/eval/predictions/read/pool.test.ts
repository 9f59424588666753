import { expect, test } from "vitest";
import type { Pool } from "../../metrics/pool.ts";
import { columnOptions } from "../options.ts";
import { asClassPredictions } from "./classes.ts";
import { perOf, poolClassRows, poolRows } from "./pool.ts";
import { asPredictions } from "./rows.ts";
import { readTable } from "./table.ts";

const text = `image,patient,family,site,label,prob
a,1,m1,x,1,.9
b,1,m1,x,0,.2
c,2,m1,x,0,.4
d,3,m2,y,0,.1
e,3,m2,y,0,.6
f,3,m2,y,0,.2
`;
const pool = (rule: Pool, columns: object = {}, source = text, per = "patient") => {
  const options = columnOptions.parse(columns);
  const table = readTable(source, "p.csv", options);
  return poolRows(asPredictions(table, options), perOf(table, per), rule);
};

test("a patient's score is pooled of its images, and it is positive where one of them is", () => {
  const { rows, columns, remarks } = pool({ kind: "mean" }, { cluster: ["family"], subgroup: "site" });
  expect(rows.map(({ id, cluster, subgroup, label, score }) => [id, cluster, subgroup, label, Number(score.toFixed(4))])).toEqual(
    [
      ["3", "m2", "y", 0, 0.3],
      ["2", "m1", "x", 0, 0.4],
      ["1", "m1", "x", 1, 0.55],
    ],
  );
  expect(columns.id).toEqual(["patient"]);
  expect(remarks).toEqual([
    "6 rows became 3, one for each patient: scores pooled by mean; positive where one row is, which 1 with both are.",
  ]);
  expect(pool({ kind: "vote", cut: 0.2 }).rows.map(({ score }) => Number(score.toFixed(4)))).toEqual([0.6667, 1, 1]);
});

test("the order of the file does not matter", () => {
  const [head, ...lines] = text.trim().split("\n");
  const turned = [head, ...lines.reverse(), ""].join("\n");
  const withoutLine = (source: string) => pool({ kind: "noisy-or" }, {}, source).rows.map(({ line: _, ...row }) => row);
  expect(withoutLine(turned)).toEqual(withoutLine(text));
});

test("refuses what does not go together, with file and row", () => {
  const mean: Pool = { kind: "mean" };
  expect(() => pool(mean, {}, text, "woman")).toThrow("p.csv: must have a column woman; got image, patient");
  expect(() => pool(mean, { cluster: ["family"] }, text.replace("b,1,m1", "b,1,m2"))).toThrow(
    /p\.csv, row \d: rows of patient 1 must be of one cluster; got m\d, and m\d in row \d\. Pool over another column\./,
  );
  expect(() => pool(mean, { subgroup: "site" }, text.replace("b,1,m1,x", "b,1,m1,y"))).toThrow("must be of one subgroup");
  expect(() => pool({ kind: "noisy-or" }, {}, text.replace("prob", "logit").replace(".9", "9"))).toThrow(
    "p.csv, row 2: noisy-or needs probabilities; got logit. Take mean or max.",
  );
  expect(() =>
    pool(
      mean,
      {},
      text
        .replace(/,1,\.9/, ",0,.9")
        .replace("b,1,m1,x,0", "b,1,m1,x,1")
        .replace(/^[cdef].*\n/gm, ""),
    ),
  ).toThrow("must have positives and negatives");
});

test("of several classes: mean of the scores, or the share of images called so", () => {
  const several = `image,patient,label,prob_a,prob_b,prob_c\n1,p,a,.5,.3,.2\n2,p,a,.2,.7,.1\n3,q,b,.1,.8,.1\n4,r,c,.1,.1,.8\n`;
  const options = columnOptions.parse({});
  const table = readTable(several, "p.csv", options);
  const classes = asClassPredictions(table, options)!;
  const by = (rule: Pool) => poolClassRows(classes, perOf(table, "patient"), rule).rows[0]!;
  expect(by({ kind: "mean" }).scores.map((s) => Number(s.toFixed(4)))).toEqual([0.35, 0.5, 0.15]);
  expect(by({ kind: "vote", cut: 0.5 }).scores).toEqual([0.5, 0.5, 0]);
  expect(() => by({ kind: "max" })).toThrow("--pool: must be mean or vote with several classes; got max.");
  const torn = readTable(several.replace("2,p,a", "2,p,b"), "p.csv", options);
  expect(() => poolClassRows(asClassPredictions(torn, options)!, perOf(torn, "patient"), { kind: "mean" })).toThrow(
    "p.csv, row 3: rows of p must be of one class; got b, and a in row 2.",
  );
});
