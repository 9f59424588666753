import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "./cli-process.ts";

let out = "";
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "hemosynth-examples-"));
});
afterAll(() => rm(out, { recursive: true }));

/** What each example prints, as a pattern: the shape of the text, and figures where they are certain. */
const expected: Readonly<Record<string, RegExp>> = {
  "auroc.ts": /^AUROC 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] of 40 patients\n$/,
  "bleed.ts": /^grade 3, \d+ x \d+ x \d+ voxels, [1-9]\d{2,} of them blood\n$/,
  "dataset.ts": /^3 phantom brains, .*\n(\S+: \d\d\.\d weeks, \d+ x \d+ x \d+, (train|val|test)\n){3}$/,
};

test("every example is run here", async () => {
  expect((await readdir(join(root, "examples"))).filter((name) => name.endsWith(".ts")).sort()).toEqual(
    Object.keys(expected).sort(),
  );
});

test.each(Object.keys(expected))("examples/%s runs and uses the public surface alone", { timeout: 180_000 }, async (name) => {
  const file = join(root, "examples", name);
  const specifiers = [...(await readFile(file, "utf8")).matchAll(/from "([^"]+)"/g)].map((match) => match[1]!);
  expect(specifiers.filter((from) => !from.startsWith("node:"))).toEqual(["../src/index.ts"]);
  const child = spawn(process.execPath, ["--import", "tsx", file, join(out, name)], { cwd: root });
  let [text, errors] = ["", ""];
  child.stdout.on("data", (part) => {
    text += part;
  });
  child.stderr.on("data", (part) => {
    errors += part;
  });
  const [code] = await once(child, "close");
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(text).toMatch(expected[name]!);
});
