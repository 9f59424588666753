import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseAst } from "vitest/node";
import { longest } from "./longest-first.ts";

const src = fileURLToPath(new URL("../src", import.meta.url));

/** What the command line and the public surface may import. */
const anything = [
  "core",
  "backend",
  "data",
  "picture",
  "synth",
  "models",
  "tissue",
  "eval",
  "eval/metrics",
  "train",
  "export",
  "config",
  "sweep",
];

/** Who may import whom; ARCHITECTURE.md has the same table. A part may always import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  backend: ["core"],
  data: ["core"],
  picture: ["core", "data"],
  synth: ["core", "data", "picture"],
  models: ["core", "backend"],
  "eval/metrics": ["core"],
  tissue: ["core", "backend", "data", "models"],
  eval: ["core", "backend", "data", "models", "picture", "tissue", "eval/metrics"],
  train: ["core", "backend", "data", "models", "eval/metrics"],
  export: ["core", "backend", "data", "models"],
  config: ["core", "options"],
  sweep: ["core", "config"],
  cli: anything,
  index: anything,
};

/** Files that declare options, or what they go with, and nothing that takes long to load, and the file errors that configs share with data. */
const optionFiles =
  /(^|\/)(options|[a-z]+-options)\.ts$|^data\/(splits|preprocess|label-schemes|files|classes|datasets\/holdings)\.ts$|^models\/(index|unet)\.ts$|^train\/learns-from\.ts$/;

/** A stage's own files: what it keeps (folder), what it reads (load, sidecar), and its work in a worker thread (job, load-job). */
const stageFiles = /^(synth|train|tissue|eval|export|data)\/([a-z-]+\/)*(stage|folder|load|job|load-job|sidecar)\.ts$/;

/** Where the disk may be touched, by Node's own functions or by our readers and writers. ARCHITECTURE.md says the same. */
const mayTouchDisk = (path: string) => stageFiles.test(path) || /^data\/|^config\/files\.ts$/.test(path) || isMachine(path);

/** Where clock, console and environment may be. */
const mayTouchProcess = (path: string) => /(^|\/)stage\.ts$/.test(path) || isMachine(path);

const isMachine = (path: string) => /^(cli|backend)\/|^cli\.ts$/.test(path);

/** Our functions that read or write files. Within `data` and `config` they build on one another. */
const readersAndWriters =
  /\b(readDataset|readSplits|writeDataset|writeSplits|readJson|readText|readBytes|writeAtomic|makeFolder|appendDurably|readNifti|inspectNifti|readVolume|readLabels|writeNifti|readPicture|readColours|readDicomSeries|dicomFiles|readModelFolder|readWeightsFile|readRegularFile|listFiles|readConfigText)\b/;

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
  const disk =
    /["']node:fs|["']node:child_process/.exec(source.code) ??
    (["data", "config", "index"].includes(source.part) ? null : readersAndWriters.exec(source.code));
  if (disk !== null && !mayTouchDisk(source.path))
    found.push(`touches the disk (${disk[0].replace(/["']/, "")}); only stages, readers, cli and backend may`);
  const world = /\bprocess\.(?!cwd\b)|\bconsole\.|\bperformance\.now\b|\bDate\.now\b|\bnew Date\b/.exec(source.code);
  if (world !== null && !mayTouchProcess(source.path)) found.push(`touches ${world[0]}; only stage.ts, cli and backend may`);
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

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === "string";

/** The functions of a source that are longer than `most` lines, from their first word to their last brace, each as `name: lines`. */
function longFunctions({ path, text }: Pick<Source, "path" | "text">, most: number): string[] {
  const line = (at: number) => text.slice(0, at).split("\n").length;
  const found: string[] = [];
  const visit = (node: Node, owner: Node): void => {
    const lines = line(node.end) - line(owner.start) + 1;
    if (lines <= most) return;
    const key = node.id ?? owner.key;
    const name = isNode(key) ? text.slice(key.start, key.end) : "function";
    if (/Function/.test(node.type)) found.push(`${path}: ${name}: ${lines} lines`);
    const isMethod = node.type === "MethodDefinition" || node.method === true || node.kind === "get" || node.kind === "set";
    for (const child of Object.values(node).flat())
      if (isNode(child)) visit(child, isMethod && child === node.value ? node : child);
  };
  const program = parseAst(text, { lang: path.endsWith(".ts") ? "ts" : "js" }) as unknown as Node;
  visit(program, program);
  return found;
}

test("no function is longer than a screen, 40 lines", () => {
  expect(sources.flatMap((source) => longFunctions(source, 40))).toEqual([]);
  const long = (lines: number) => `const x = 1;\nexport function f() {\n${"  g();\n".repeat(lines - 2)}}\n`;
  expect(longFunctions({ path: "a.ts", text: long(40) }, 40)).toEqual([]);
  expect(longFunctions({ path: "a.ts", text: long(41) }, 40)).toEqual(["a.ts: f: 41 lines"]);
  const nested = `const o = {\n  m() {\n${"    g();\n".repeat(40)}  },\n};\n`;
  expect(longFunctions({ path: "a.ts", text: nested }, 40)).toEqual(["a.ts: m: 42 lines"]);
});

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
  expect(planted("train/x.ts", "Date.now()")).toEqual(["train/x.ts: touches Date.now; only stage.ts, cli and backend may"]);
  expect(planted("data/x.ts", "Date.now()")).toHaveLength(1);
  expect(planted("train/folder.ts", "console.log()")).toHaveLength(1);
  expect(planted("train/stage.ts", "process.env.X")).toEqual([]);
  const opens = 'import { open } from "node:fs/promises";';
  for (const path of ["train/x.ts", "eval/metrics/x.ts", "config/x.ts", "core/job.ts"])
    expect(planted(path, opens), path).toHaveLength(1);
  for (const path of ["train/stage.ts", "train/load.ts", "data/files.ts"]) expect(planted(path, opens), path).toEqual([]);
  const reads = 'import { readVolume } from "../data/nifti.ts";';
  expect(planted("eval/x.ts", reads)).toEqual([
    "eval/x.ts: touches the disk (readVolume); only stages, readers, cli and backend may",
  ]);
  expect(planted("eval/stage.ts", reads)).toEqual([]);
  expect(planted("synth/x.ts", "\n".repeat(401))).toEqual(["synth/x.ts: has 401 lines; at most 400"]);
  expect(planted("novel/x.ts", 'import { y } from "../core/y.ts";')).toEqual([
    "novel/x.ts: lies in novel, which the table does not know",
  ]);
});

test("the test files that are told to start first are there", () => {
  expect(longest.filter((name) => !existsSync(join(src, "..", name)))).toEqual([]);
});
