import { expect, test } from "vitest";
import { naturalOrder } from "./natural-order.ts";

test("numbers go by their size, all else as in English", () => {
  const names = ["run-10", "run-2", "b", "Ä", "a:12:3", "a:7:20", "run-1"];
  expect(names.toSorted(naturalOrder)).toEqual(["Ä", "a:7:20", "a:12:3", "b", "run-1", "run-2", "run-10"]);
  expect(naturalOrder("x-01", "x-1")).toBe(0);
});
