import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { ensureBuilt, hemosynth, root } from "./cli-process.ts";

const configs = join(root, "configs");
const texts = new Map<string, string>();
for (const name of await readdir(configs))
  if (name.endsWith(".yaml")) texts.set(name, await readFile(join(configs, name), "utf8"));
const presets = [...texts].filter(([, text]) => parse(text).sizes?.smoke !== undefined).map(([name]) => name);

let out = "";
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "hemosynth-presets-"));
  await ensureBuilt();
}, 180_000);
afterAll(() => rm(out, { recursive: true }));

test("five systems are presets", () => {
  expect(presets.sort()).toEqual([
    "cns-resnet34.yaml",
    "freehemoseg.yaml",
    "hexanet.yaml",
    "ich-label-efficient.yaml",
    "neo-mil.yaml",
  ]);
});

test.each(presets)(
  "%s runs to its report at size smoke; what is assumed and what was published stand beside it",
  { timeout: 240_000 },
  async (name) => {
    const folder = join(out, name);
    const { code, stderr } = await hemosynth(["run", join(configs, name), "--out", folder, "--set", "size=smoke"]);
    expect(code, stderr).toBe(0);
    const report = await readFile(join(folder, "report.html"), "utf8");
    const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
    const { assumed, reference } = parse(texts.get(name)!);
    expect(manifest.assumed).toEqual(assumed);
    expect(manifest.size).toBe("smoke");
    const words = report
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll("&#39;", "'")
      .replaceAll("&amp;", "&")
      .replaceAll(/\s+/g, " ");
    for (const line of [...assumed, reference.source, "atSize: smoke"]) expect(words).toContain(line);
    if (name === "hexanet.yaml") expect(words).toContain("A unit is positive when its class is not normal."); // by the dataset's order, not the alphabet's
  },
);
