import { expect, test } from "vitest";
import { parseWhere } from "../../tables/columns.ts";
import { metricsOptions } from "../options.ts";
import { refuseSharedPatients } from "./leaks.ts";
import { parsePredictions } from "./rows.ts";

const read = (text: string, file: string, ...where: string[]) =>
  parsePredictions(text, file, metricsOptions.parse({ columns: { where: where.map(parseWhere) } }).columns);

const table = "image,patient,fold,split,label,prob\na,p1,1,test,1,.9\nb,p2,1,test,0,.2\nc,p3,1,val,1,.7\nd,p1,2,val,1,.7\n";

test("a patient in two splits is refused with row and splits, also where only one of them is asked for", () => {
  const message =
    "p.csv, row 5: a patient (patient) must be in one split; got p1 in test and in val. Mend the splits, or take the rows of one model or fold by --where.";
  expect(() => read(table, "p.csv")).toThrow(message);
  expect(() => read(table, "p.csv", "split=test")).toThrow(message);
  expect(read(table, "p.csv", "fold=1", "split=test").rows).toHaveLength(2);
  expect(read(table.replace("patient", "scanner"), "p.csv").rows).toHaveLength(4); // no column says whose the rows are
});

test("validation rows of patients who are evaluated are refused; where nothing names patients they are not", () => {
  const [one, other] = [table.replace(",p1,2,", ",p4,2,"), "patient,label,prob\np9,1,.5\np2,0,.1\n"];
  expect(() => refuseSharedPatients(read(one, "p.csv", "split=test"), read(other, "v.csv"))).toThrow(
    "v.csv: must not hold a patient (patient) of p.csv; got 1, such as p2.",
  );
  refuseSharedPatients(read(one, "p.csv", "split=test"), read(other.replace("p2", "p8"), "v.csv"));
  refuseSharedPatients(read(one, "p.csv", "split=test"), read(other.replace("patient", "who"), "v.csv"));
});
