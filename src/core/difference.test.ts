import { expect, test } from "vitest";
import { firstDifference } from "./difference.ts";

test("firstDifference finds the first place where two values differ, in order of keys", () => {
  expect(firstDifference({ b: 1, a: { c: [1, 2], d: null } }, { a: { d: null, c: [1, 2] }, b: 1 })).toBeNull();
  expect(firstDifference({ b: 1, a: { c: [1, 2] } }, { b: 2, a: { c: [1, 3] } })).toEqual({
    path: "a.c",
    was: "[1,2]",
    is: "[1,3]",
  });
  expect(firstDifference({}, { x: { y: 1 } })).toEqual({ path: "x", was: "not set", is: '{"y":1}' });
  expect(firstDifference({ x: 0 }, { x: "0" })).toEqual({ path: "x", was: "0", is: '"0"' });
});
