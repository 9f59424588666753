import { expect, test } from "vitest";
import { exitCodes, UserError } from "./errors.ts";

test("exit codes are the published ones", () => {
  expect(exitCodes).toEqual({ internal: 1, usage: 2, data: 3, numeric: 4, backend: 5, locked: 6, partial: 7, different: 8 });
  expect(exitCodes[new UserError("backend", "x").fault]).toBe(5);
});
