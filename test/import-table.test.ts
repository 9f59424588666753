import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const src = fileURLToPath(new URL("../src", import.meta.url));

/** Who may import whom; ARCHITECTURE.md has the same table. A part may always import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  backend: ["core"],
  data: ["core"],
  synth: ["core", "data"],
  models: ["core", "backend"],
  "eval/metrics": ["core"],
  eval: ["core", "backend", "data", "models", "eval/metrics"],
  train: ["core", "backend", "data", "models", "eval/metrics"],
  config: ["core", "options"],
  sweep: ["core", "config"],
  cli: ["core", "backend", "data", "synth", "models", "eval", "eval/metrics", "train", "config", "sweep"],
  index: ["core", "backend", "data", "synth", "models", "eval", "eval/metrics", "train", "config", "sweep"],
};

/** Files that declare options and nothing that takes long to load, and the file errors that configs share with data. */
const optionFiles =
  /(^|\/)(options|[a-z]+-options)\.ts$|^data\/(splits|preprocess|label-schemes|files)\.ts$|^models\/(index|unet)\.ts$/;

/**
 * Where disk, clock, console and environment may be touched: stages (and folder.ts, the files of a stage that would make it too long),
 * readers and writers, the machine's side of the backend.
 */
const mayTouchTheWorld = /(^|\/)(stage|folder)\.ts$|^(cli|data|backend)\/|^cli\.ts$|^config\/files\.ts$|^core\/parallel/;

interface Source {
  readonly path: string;
  readonly part: string;
  readonly text: string;
  /** Without comments, so that a rule may be spoken about. */
  readonly code: string;
  readonly imports: readonly string[];
}

const names = readdirSync(src, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
const isTest = (name: string) => /\.(test|bench)\.ts$/.test(name);
const sources = names.filter((name) => /\.(ts|mjs)$/.test(name) && !isTest(name)).map(readSource);

function readSource(path: string): Source {
  const text = readFileSync(join(src, path), "utf8");
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|[^:"'`])\/\/.*$/gm, "$1");
  const specifiers = [...code.matchAll(/(?:\bfrom|\bimport|\brequire|\bimport\.meta\.resolve)\s*\(?\s*["']([^"']+)["']/g)];
  return { path, part: partOf(path), text, code, imports: specifiers.map((found) => found[1]!) };
}

function partOf(path: string): string {
  if (path.startsWith("eval/metrics/")) return "eval/metrics";
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path.replace(/\.ts$/, "");
}

/** What a source does that it may not, each as `file: rule`. */
function violations(source: Source): string[] {
  const found = source.imports.flatMap((specifier) => importFault(source, specifier) ?? []);
  const touches =
    /["']node:fs|["']node:child_process|\bprocess\.(?!cwd\b)|\bconsole\.|\bperformance\.now\b|\bDate\.now\b|\bnew Date\b/.exec(
      source.code,
    );
  if (touches !== null && !mayTouchTheWorld.test(source.path))
    found.push(`touches ${touches[0]}; only stages, cli, data and backend may`);
  const clock = /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/.exec(source.code);
  if (clock !== null && !/(^|\/)stage\.ts$|^cli\/|^backend\//.test(source.path))
    found.push(`reads the clock (${clock[0]}); only stages and cli may`);
  if (/\bMath\.random\b/.test(source.code)) found.push("uses Math.random; draw from an Rng");
  const lines = source.text.split("\n").length - 1;
  if (lines > 400) found.push(`has ${lines} lines; at most 400`);
  return found.map((rule) => `${source.path}: ${rule}`);
}

function importFault({ path, part }: Source, specifier: string): string | null {
  if (specifier.startsWith("@tensorflow/")) return part === "backend" ? null : `imports ${specifier}; only backend may`;
  if (!specifier.startsWith(".")) return null;
  const target = relative(src, join(src, dirname(path), specifier)).replaceAll("\\", "/");
  if (target.startsWith("..")) return `imports ${specifier}, which is outside src`;
  const to = partOf(target);
  const allowed = mayImport[part];
  if (allowed === undefined) return `lies in ${part}, which the table does not know`;
  if (to === part || allowed.includes(to)) return null;
  return allowed.includes("options") && optionFiles.test(target)
    ? null
    : `imports ${target}; ${part} may import ${allowed.join(", ") || "nothing of ours"}`;
}

test("walks the sources", () => {
  expect(sources.length).toBeGreaterThan(20);
  expect(sources.reduce((sum, { imports }) => sum + imports.length, 0)).toBeGreaterThan(100);
});

test("every file keeps to the import table, to its place and to its length", () => {
  expect(sources.flatMap(violations)).toEqual([]);
});

test("the rules see what they forbid", () => {
  const planted = (path: string, code: string): string[] => {
    const imports = [...code.matchAll(/from ["']([^"']+)["']/g)].map((match) => match[1]!);
    return violations({ path, part: partOf(path), text: code, code, imports });
  };
  expect(planted("core/x.ts", 'import { y } from "../synth/y.ts";')).toEqual([
    "core/x.ts: imports synth/y.ts; core may import nothing of ours",
  ]);
  expect(planted("eval/metrics/x.ts", 'import { y } from "../match.ts";')).toHaveLength(1);
  expect(planted("train/x.ts", 'import { y } from "../eval/report/y.ts";')).toHaveLength(1);
  expect(planted("train/x.ts", 'import { y } from "../synth/stage.ts";')).toHaveLength(1);
  expect(planted("config/x.ts", 'import { y } from "../synth/stage.ts";')).toHaveLength(1);
  expect(planted("config/x.ts", 'import { y } from "../synth/options.ts";')).toEqual([]);
  expect(planted("models/x.ts", 'import * as tf from "@tensorflow/tfjs";')).toEqual([
    "models/x.ts: imports @tensorflow/tfjs; only backend may",
  ]);
  expect(planted("synth/x.ts", 'import { z } from "../cli/z.ts";')).toHaveLength(1);
  expect(planted("synth/x.ts", "Math.random()")).toEqual(["synth/x.ts: uses Math.random; draw from an Rng"]);
  expect(planted("train/x.ts", "Date.now()")).toHaveLength(2);
  expect(planted("data/x.ts", "Date.now()")).toHaveLength(1);
  expect(planted("train/x.ts", 'import { open } from "node:fs/promises";')).toHaveLength(1);
  expect(planted("train/stage.ts", 'import { open } from "node:fs/promises";')).toEqual([]);
  expect(planted("synth/x.ts", "\n".repeat(401))).toEqual(["synth/x.ts: has 401 lines; at most 400"]);
  expect(planted("novel/x.ts", 'import { y } from "../core/y.ts";')).toEqual([
    "novel/x.ts: lies in novel, which the table does not know",
  ]);
});
