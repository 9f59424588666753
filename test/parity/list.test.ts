import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** What `tf.` offers besides ops: memory, tape, making tensors from values and copies. */
const notOps = new Set(
  "ts tidy keep dispose memory engine getBackend variable variableGrads valueAndGrad tensor tensor1d tensor2d tensor4d scalar zeros zerosLike ones fill clone".split(
    " ",
  ),
);

function opsIn(text: string): string[] {
  return [...text.matchAll(/\btf\.([a-zA-Z0-9]+)/g)].map((match) => match[1]!).filter((name) => !notOps.has(name));
}

test("every op that models, training and prediction call is in the list", () => {
  const source = fileURLToPath(new URL("../../src", import.meta.url));
  const files = ["models", "train", "eval"].flatMap((folder) =>
    readdirSync(join(source, folder), { recursive: true, encoding: "utf8" }).map((name) => join(source, folder, name)),
  );
  const texts = files
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(name, "utf8"));
  const used = new Set(texts.flatMap(opsIn));
  const listed = new Set(opsIn(readFileSync(new URL("cases.ts", import.meta.url), "utf8")));
  expect(used.size).toBeGreaterThan(10);
  expect([...used].filter((name) => !listed.has(name))).toEqual([]);
});
