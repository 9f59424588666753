import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { csvLine, plainCell, readCsv } from "./csv.ts";

const text = fc.string({ minLength: 1, maxLength: 12 }).filter((s) => s.trim() !== "");

test("no cell starts as a spreadsheet formula does, except a negative number", () => {
  fc.assert(
    fc.property(fc.constantFrom("=", "+", "-", "@", "\t", "\r", "'"), text, (start, rest) => {
      const cell = (parse(csvLine([start + rest]))[0] as string[])[0]!;
      expect(cell.startsWith("'")).toBe(true);
      expect(plainCell(cell)).toBe(start + rest);
    }),
  );
  expect(csvLine(["=cmd()", -1.5, null])).toBe("'=cmd(),-1.5,");
});

test("semicolons, tabs, a byte order mark, quotes and empty lines; a row knows its line", () => {
  for (const delimiter of [",", ";", "\t"]) {
    const { columns, rows } = readCsv(`\ufeffa${delimiter} b \n1${delimiter}"x\ny"\n\n2${delimiter}z\n`, "t.csv", "Mend it");
    expect(columns).toEqual(["a", "b"]);
    expect(rows).toEqual([
      { cells: ["1", "x\ny"], line: 3 },
      { cells: ["2", "z"], line: 5 },
    ]);
  }
});

test("refuses what is no table, in one line", () => {
  expect(() => readCsv("a,b\n1\n", "t.csv", "Mend it")).toThrow(/^t\.csv: must be a CSV file; got .*line 2.* Mend it\.$/);
  expect(() => readCsv("a,a\n1,2\n", "t.csv", "Mend it")).toThrow("t.csv: must have each column once; got a twice. Mend it.");
  expect(() => readCsv("a\0b", "t.csv", "Mend it")).toThrow("in UTF-8");
  expect(readCsv("", "t.csv", "Mend it")).toEqual({ columns: [], rows: [] });
});
