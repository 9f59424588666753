import { expect, test } from "vitest";
import { decodeUtf8 } from "./text.ts";

test("UTF-8 is read, without its byte order mark; bytes of another encoding are refused, since names could become one", () => {
  expect(decodeUtf8(Buffer.from("\ufeffpatient,Mä\n"), "p.csv")).toBe("patient,Mä\n");
  const latin = [Buffer.from("Mä", "latin1"), Buffer.from("Mö", "latin1")];
  expect(latin[0]!.toString("utf8")).toBe(latin[1]!.toString("utf8")); // what would happen
  for (const bytes of latin)
    expect(() => decodeUtf8(bytes, "p.csv")).toThrow(
      "p.csv: must be text in UTF-8; got bytes that are not. Save it as UTF-8; in a spreadsheet that kind is called CSV UTF-8.",
    );
});
