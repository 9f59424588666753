import { expect, test } from "vitest";
import { tissues } from "./tissue.ts";

test("tissue ids are distinct and fit a byte, background is 0", () => {
  const ids = Object.values(tissues);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Math.max(...ids)).toBeLessThan(256);
  expect(tissues.background).toBe(0);
});
