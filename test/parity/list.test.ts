import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { backendOptions } from "../../src/backend/options.ts";
import { parityOps } from "./cases.ts";
import { parityCases } from "./run.ts";

test("every op of the list has a reference and every reference an op", () => {
  expect(Object.keys(parityOps).sort()).toEqual([...parityCases().keys()].sort());
});

test("every backend runs the list, in a test file and so a process of its own", () => {
  const backends = backendOptions.unwrap().options.filter((name) => name !== "auto");
  expect(backends.filter((name) => !existsSync(new URL(`${name}.test.ts`, import.meta.url)))).toEqual([]);
});
