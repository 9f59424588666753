import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { UserError } from "../core/errors.ts";
import { loadConfig, type Override } from "./load.ts";

const schema = z.strictObject({
  atSize: z.string().optional(),
  seed: z.int().min(0).max(2147483647).default(0),
  data: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("phantom"), subjects: z.int().min(1).default(3) }),
    z.strictObject({ kind: z.literal("folder"), path: z.string().describe("Folder of images.") }),
  ]),
  train: z
    .strictObject({
      epochs: z.int().min(1).default(5),
      batchSize: z.int().min(1).default(8),
      learningRate: z.number().gt(0).max(1).default(1e-3),
      shuffle: z.boolean().default(true),
      range: z.tuple([z.number(), z.number()]).default([0, 1]),
    })
    .prefault({}),
  channels: z.array(z.int().min(1)).min(2).default([8, 16]),
  fraction: z.number().min(0).max(1).default(0.5),
  scheme: z.union([z.enum(["feta", "bounti"]), z.record(z.string().regex(/^\d+$/), z.enum(["csf", "cortex"]))]).default("feta"),
});

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-config-"));
  await writeFile(join(folder, "package.json"), "{}"); // the project's root, which extends may not leave
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

const set = (text: string): Override => {
  const [path = "", ...value] = text.split("=");
  return { path, value: value.join("="), where: `--set ${path}` };
};

async function load(content: string | Uint8Array, ...sets: string[]) {
  return (await loadConfig(await write("x.yaml", content), schema, sets.map(set))).value;
}

/** The lines of the error, with the temporary folder left out. */
async function mistakes(content: string | Uint8Array, ...sets: string[]): Promise<string[]> {
  const error = await load(content, ...sets).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).fault).toBe("usage");
  return (error as UserError).message.replaceAll(`${folder}/`, "").split("\n");
}

const whole = "data: {kind: phantom}\n";

test("gives every default, and what the file says", async () => {
  const value = await load("data: {kind: phantom, subjects: 4}\ntrain: {learningRate: 1e-3}\n");
  expect(value.data).toEqual({ kind: "phantom", subjects: 4 });
  expect(value.train).toEqual({ epochs: 5, batchSize: 8, learningRate: 1e-3, shuffle: true, range: [0, 1] });
});

test("names every mistake at once, in the order of the lines", async () => {
  const text =
    "seed: -1\ndata:\n  kind: phantom\n  subjects: 0\ntrain:\n  lr: 0.1\n  epochs: ten\n  shuffle: yes\nfraction: 1.1\n";
  expect(await mistakes(text)).toEqual([
    "x.yaml:1:7 seed must be at least 0; got -1",
    "x.yaml:4:13 data.subjects must be at least 1; got 0",
    'x.yaml:6:3 unknown key "lr" in train; did you mean "learningRate"?',
    'x.yaml:7:11 train.epochs must be a whole number; got the text "ten"',
    'x.yaml:8:12 train.shuffle must be true or false; got the text "yes"; write true',
    "x.yaml:9:11 fraction must be at most 1; got 1.1",
  ]);
});

const refused: readonly (readonly [name: string, content: string | Uint8Array, lines: readonly string[]])[] = [
  ["62 unknown key of another section", `${whole}epochs: 3\n`, ['x.yaml:2:1 unknown key "epochs"; did you mean "train.epochs"?']],
  ["62 unknown key like no other", `${whole}train: {zzz: 3}\n`, ['x.yaml:2:9 unknown key "zzz" in train; known keys: epochs, batchSize, learningRate, shuffle, range']],
  ["a variable, and the schema's mistakes with it", `${whole}seed: "\${SEED}"\ntrain: 5\n`, [
    expect.stringMatching(/^x\.yaml:2:7 \$\{SEED\} would be read from nowhere/),
    "x.yaml:3:8 train must be a section of `key: value` lines; got 5",
  ]],
  ["63 wrong type", `${whole}train: 5\n`, ["x.yaml:2:8 train must be a section of `key: value` lines; got 5"]],
  ["63 a section where a number belongs", `${whole}seed: {a: 1}\n`, ["x.yaml:2:7 seed must be a whole number; got a section with a"]],
  ["63 a fraction where a whole number belongs", `${whole}seed: 1.5\n`, ["x.yaml:2:7 seed must be a whole number; got 1.5"]],
  ["63 too few items", `${whole}channels: [4]\n`, ["x.yaml:2:11 channels must have at least 2 items; got [4]"]],
  ["63 a wrong item", `${whole}channels: [4, x]\n`, ['x.yaml:2:15 channels.1 must be a whole number; got the text "x"']],
  ["63 nothing where a section belongs", `${whole}train:\n`, ["x.yaml:2:7 train must be a section of `key: value` lines; got nothing"]],
  ["64 duplicate key", `${whole}seed: 1\nseed: 2\n`, ["x.yaml:3:1 a key may stand only once in a section; remove one of the two"]],
  ["64 duplicate key by another spelling", `${whole}scheme: {1: csf, "1": cortex}\n`, ["x.yaml:2:18 a key may stand only once in a section; remove one of the two"]],
  ["65 tab indent", "data:\n\tkind: phantom\n", ["x.yaml:2:1 a tab may not indent; use spaces"]],
  ["67 anchor cycle", `${whole}train: &a {epochs: *a}\n`, ["x.yaml:2:20 an anchor contains its own alias; a config cannot be endless"]],
  ["67 unknown anchor", `${whole}train: *a\n`, ["x.yaml:2:8 *a names no anchor above it"]],
  ["68 __proto__", `${whole}train: {__proto__: {epochs: 9}}\n`, ['x.yaml:2:9 "__proto__" cannot be a key']],
  ["68 constructor", `${whole}constructor: {prototype: {}}\n`, ['x.yaml:2:1 "constructor" cannot be a key', 'x.yaml:2:15 "prototype" cannot be a key'].slice(0, 1)],
  ["69 two documents", `${whole}---\nseed: 1\n`, ["x.yaml:2:1 a config is one YAML document; got a second one; remove the `---` and what follows it"]],
  ["70 empty", "", ["x.yaml:1:1 must not be empty; got nothing"]],
  ["70 only a comment", "# nothing yet\n", ["x.yaml:1:1 must not be empty; got nothing"]],
  ["70 not a section", "- 1\n", ["x.yaml:1:1 a config must be `key: value` lines; got something else"]],
  ["71 byte-order mark", `\uFEFF${whole}`, ["x.yaml:1:1 must be plain UTF-8; got a byte-order mark. Save it as UTF-8 without a byte-order mark."]],
  ["71 UTF-16", Buffer.from(`\uFEFF${whole}`, "utf16le"), ["x.yaml:1:1 must be plain UTF-8; got a byte-order mark. Save it as UTF-8 without a byte-order mark."]],
  ["71 Latin-1", Buffer.from("# caf\xe9\n", "latin1"), ["x.yaml: must be UTF-8; got bytes that are not. Save it as UTF-8 without a byte-order mark."]],
  ["71 NUL", `${whole}seed: 1\0\n`, ["x.yaml:2:8 must be text; got the control character U+0000. Remove it."]],
  ["73 a tag that runs code elsewhere", `${whole}seed: !!js/function 'x'\n`, ["x.yaml:2:7 tags have no meaning in a config; got tag:yaml.org,2002:js/function; remove it"]],
  ["73 a standard tag", `${whole}seed: !!int 3\n`, ["x.yaml:2:13 tags have no meaning in a config; got tag:yaml.org,2002:int; remove it"]],
  ["74 1e400", `${whole}fraction: 1e400\n`, ["x.yaml:2:11 must be a finite number; got 1e400"]],
  ["74 NaN", `${whole}fraction: .nan\n`, ["x.yaml:2:11 must be a finite number; got .nan"]],
  ["74 number in quotes", `${whole}fraction: "1e-3"\n`, ['x.yaml:2:11 fraction must be a number; got the text "1e-3"; remove the quotes']],
  ["74 underscores", `${whole}seed: 1_000\n`, ['x.yaml:2:7 seed must be a whole number; got the text "1_000"; write 1000']],
  ["74 leading zero", `${whole}seed: 010\n`, ['x.yaml:2:7 a number may not start with a zero; got 010; write 10, or "010" for text']],
  ["75 2^53 + 1", `${whole}seed: 9007199254740993\n`, ["x.yaml:2:7 a whole number must be within ±2^53 to keep its digits; got 9007199254740993"]],
  ["75 2^31", `${whole}seed: 2147483648\n`, ["x.yaml:2:7 seed must be at most 2147483647; got 2147483648"]],
  ["80 an environment variable", `data: {kind: folder, path: "\${HOME}/study"}\n`, [`x.yaml:1:28 \${HOME} would be read from nowhere: a config does not look at environment variables; write the value, or give it with --set`]],
  ["82 nothing to do", `${whole}train: {epochs: 0, batchSize: 0}\n`, ["x.yaml:2:17 train.epochs must be at least 1; got 0", "x.yaml:2:31 train.batchSize must be at least 1; got 0"]],
  ["83 a kind that does not exist", "data: {kind: fantom}\n", ['x.yaml:1:14 data.kind must be "phantom" or "folder"; got the text "fantom"; did you mean "phantom"?']],
  ["83 no kind", "data: {subjects: 3}\n", ['x.yaml:1:7 data.kind must be "phantom" or "folder"; add it']],
  ["83 a key of another kind", "data: {kind: folder, path: a, subjects: 3}\n", ['x.yaml:1:31 unknown key "subjects" in data; known keys: kind, path']],
  ["a missing key", "data: {kind: folder}\n", ["x.yaml:1:7 data.path is required (Folder of images); add it"]],
  ["a missing section", "seed: 1\n", ["x.yaml:1:1 data is required; add it"]],
  ["a union of a name and a mapping", `${whole}scheme: fetta\n`, ['x.yaml:2:9 scheme must be "feta" or "bounti", or a section of `key: value` lines; got the text "fetta"; did you mean "feta"?']],
  ["a wrong value in a mapping", `${whole}scheme: {1: csf, 2: cotrex}\n`, ['x.yaml:2:21 scheme.2 must be "csf" or "cortex"; got the text "cotrex"; did you mean "cortex"?']],
  ["a wrong key in a mapping", `${whole}scheme: {one: csf}\n`, ['x.yaml:2:10 "one" cannot be a key of scheme; must match /^\\d+$/']],
  ["a YAML merge key", `a: &a {seed: 1}\n<<: *a\n${whole}`, ['x.yaml:1:1 unknown key "a"; known keys: atSize, seed, data, train, channels, fraction, scheme', 'x.yaml:2:1 unknown key "<<"; YAML merge keys are not used; use `extends:`']],
  ["a Windows path in extends", `extends: base\\x.yaml\n${whole}`, ['x.yaml:1:10 extends must be written with forward slashes, relative to this file; got "base\\\\x.yaml"']],
]; // biome-ignore format: one case a line

test.each(refused)("refuses %s", async (_, content, lines) => {
  expect((await mistakes(content)).map((line) => line.replace(/ must match .*/, " must match /^\\d+$/"))).toEqual(lines);
});

test("refuses an alias bomb at once", async () => {
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(",")}]`);
  const started = process.cpuUsage(); // processor time: a busy machine is not slow code
  expect((await mistakes(`a0: &a0 [x]\n${levels.join("\n")}\n`))[0]).toMatch(
    /too large: more than 20000 values once aliases are followed$/,
  );
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000); // ms
});

test("refuses deep nesting, in flow and in block style", async () => {
  for (const text of ["[".repeat(20_000), `${Array.from({ length: 40 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")}\n`]) {
    expect((await mistakes(text))[0]).toMatch(/^x\.yaml:\d+:\d+ nested too deeply; at most 32 levels$/);
  }
});

test("refuses a file that is too large, missing, or a folder", async () => {
  expect(await mistakes("#".repeat((1 << 20) + 1))).toEqual([
    "x.yaml: a config has at most 1048576 bytes; got more. Is it the right file?",
  ]);
  await expect(loadConfig(join(folder, "no.yaml"), schema)).rejects.toThrow(
    /no\.yaml: could not read: no such file or folder; check the path\.$/,
  );
  await expect(loadConfig(folder, schema)).rejects.toThrow(/must be a file; got a folder or a device/);
  await expect(loadConfig("/dev/zero", schema)).rejects.toThrow(/must be a file; got a folder or a device/);
});

test("-0 is 0, and a mapping of digits is a mapping", async () => {
  const value = await load(`${whole}seed: -0\nscheme: {1: csf, 3: cortex}\n`);
  expect(Object.is(value.seed, 0)).toBe(true);
  expect(value.scheme).toEqual({ 1: "csf", 3: "cortex" });
});

test("sizes: one of them is laid over the rest, small where none is asked for, and options that are set win", async () => {
  const text = `${whole}train: {epochs: 9, batchSize: 1}\nsizes:\n  small: {train: {epochs: 2}}\n  full: {train: {epochs: 3}}\n`;
  const at = async (...sets: string[]) => {
    const { atSize, train } = await load(text, ...sets);
    return [train.epochs, train.batchSize, atSize];
  };
  expect(await at()).toEqual([2, 1, "small"]);
  expect(await at("size=full")).toEqual([3, 1, "full"]);
  expect(await at("train.epochs=5", "size=full")).toEqual([5, 1, "full"]);
  expect(await load(whole)).not.toHaveProperty("atSize");
  expect(await mistakes(text, "size=huge")).toEqual(['--set size must be one of small, full; got "huge"']);
  expect(await mistakes(whole, "size=full")).toEqual([
    '--set size goes with a config that has sizes; this one has none; got "full". Leave it out',
  ]);
  expect(await mistakes(`${whole}size: full\nseed: -1\n`)).toEqual([
    'x.yaml:2:1 size goes with a config that has sizes; this one has none; got "full". Leave it out',
    "x.yaml:3:7 seed must be at least 0; got -1",
  ]);
  expect(await mistakes(`${whole}atSize: small\n`, "size=full")).toEqual([
    '--set size goes with a config that has sizes; this is one at size small; got "full". Name the config that it was made from',
  ]);
});

test("sizes of a base say nothing of data that are of another kind in the config that extends it", async () => {
  await write("base/sized.yaml", `${whole}sizes:\n  small: {data: {subjects: 7}, train: {epochs: 2}}\n`);
  const other = await load("extends: base/sized.yaml\ndata: {kind: folder, path: study}\n");
  expect(other).toMatchObject({ data: { kind: "folder", path: "study" }, train: { epochs: 2 } });
  expect((await load("extends: base/sized.yaml\ndata: {kind: phantom}\n")).data).toEqual({ kind: "phantom", subjects: 7 });
});

test("what a config says itself goes before the sizes of what it extends, and its own sizes go before that", async () => {
  await write(
    "base/sized.yaml",
    `${whole}train: {epochs: 9}\nsizes:\n  small: {train: {epochs: 2, batchSize: 7}, scheme: {1: csf}}\n`,
  );
  const own = "extends: base/sized.yaml\ntrain: {epochs: 5}\nscheme: {3: cortex}\n";
  expect(await load(own)).toMatchObject({ train: { epochs: 5, batchSize: 7 }, scheme: { 1: "csf", 3: "cortex" } });
  expect(await load(`${own}sizes: {small: {train: {epochs: 3}}}\n`)).toMatchObject({ train: { epochs: 3, batchSize: 7 } });
  await write("base/own.yaml", own.replace("base/", ""));
  expect(await load("extends: base/own.yaml\ntrain: {batchSize: 8}\n")).toMatchObject({ train: { epochs: 5, batchSize: 8 } });
});

test("extends: sections merge, lists replace, later bases win, the file wins", async () => {
  await write(
    "base/a.yaml",
    "seed: 1\ndata: {kind: phantom, subjects: 9}\ntrain: {epochs: 1, batchSize: 1}\nchannels: [1, 2, 3]\n",
  );
  await write("base/b.yaml", "extends: a.yaml\ntrain: {epochs: 2}\n");
  const value = await load("extends: [base/a.yaml, base/b.yaml]\ntrain: {batchSize: 3}\nchannels: [4, 5]\n");
  expect(value).toMatchObject({ seed: 1, data: { subjects: 9 }, train: { epochs: 2, batchSize: 3 }, channels: [4, 5] });
});

test("another kind starts its section afresh", async () => {
  await write("base/a.yaml", "data: {kind: phantom, subjects: 9}\n");
  expect((await load("extends: base/a.yaml\ndata: {kind: folder, path: p}\n")).data).toEqual({ kind: "folder", path: "p" });
});

test("a mistake in a base is placed in the base", async () => {
  await write("base/a.yaml", "data: {kind: phantom}\ntrain:\n  epochs: 0\n");
  expect(await mistakes("extends: base/a.yaml\nseed: -1\n")).toEqual([
    "base/a.yaml:3:11 train.epochs must be at least 1; got 0",
    "x.yaml:2:7 seed must be at least 0; got -1",
  ]);
});

test("extends: cycle, missing, absolute, outside, not YAML", async () => {
  await write("loop.yaml", "extends: x.yaml\n");
  expect(await mistakes("extends: loop.yaml\n")).toEqual([
    'loop.yaml:1:10 extends must not lead back to a file that it came from; got "x.yaml"',
  ]);
  expect(await mistakes("extends: x.yaml\n")).toEqual([
    'x.yaml:1:10 extends must not lead back to a file that it came from; got "x.yaml"',
  ]);
  expect(await mistakes("extends: no.yaml\n")).toEqual(['x.yaml:1:10 extends must name a file that is there; got "no.yaml"']);
  expect(await mistakes(`extends: ${join(folder, "base/x.yaml")}\n`)).toEqual([
    'x.yaml:1:10 extends must be relative to this file; got "base/x.yaml". Write base/x.yaml.',
  ]);
  expect(await mistakes("extends: ../../etc/passwd\n")).toEqual([
    'x.yaml:1:10 extends must name a .yaml file; got "../../etc/passwd"',
  ]);
  for (const path of ["../x.yaml", "/etc/x.yaml"])
    expect((await mistakes(`extends: ${path}\n`))[0]).toMatch(
      new RegExp(
        `^x\\.yaml:1:10 extends must stay inside the project \\(.*\\); got "${path}"\\. Move this file into the project of the other, or copy the other, .+\\.$`,
      ),
    );
  expect(await mistakes("extends: [3]\n")).toEqual(["x.yaml:1:11 extends must be the path of a config file, or a list of them"]);
});

test("a symbolic link does not lead extends out of the project", async () => {
  const outside = await mkdtemp(join(tmpdir(), "hemosynth-outside-"));
  await writeFile(join(outside, "secret.yaml"), "seed: 1\n");
  await symlink(outside, join(folder, "link"));
  expect((await mistakes("extends: link/secret.yaml\n"))[0]).toMatch(/extends must stay inside the project/);
  await rm(outside, { recursive: true });
});

test("--set lays YAML values on top, and names itself in mistakes", async () => {
  const value = await load(
    whole,
    "train.epochs=7",
    "channels=[3, 4]",
    "channels.1=9",
    "train.learningRate=1e-2",
    "scheme.4=csf",
    "data.subjects=2",
  );
  expect(value).toMatchObject({
    train: { epochs: 7, learningRate: 0.01 },
    channels: [3, 9],
    scheme: { 4: "csf" },
    data: { subjects: 2 },
  });
  expect(await mistakes(whole, "train.epoch=7", "seed=x")).toEqual([
    '--set seed must be a whole number; got the text "x"',
    '--set train.epoch unknown key "epoch" in train; did you mean "epochs"?',
  ]);
});

test("77 --set into a value, past the end of a list, or without a key or value", async () => {
  const base = `${whole}seed: 3\nchannels: [1, 2]\n`;
  expect(await mistakes(base, "seed.x=1")).toEqual(["--set seed.x cannot set x inside 3 (x.yaml:2:7), which is not a section"]);
  expect(await mistakes(base, "channels.2=1")).toEqual([
    "--set channels.2 the list at x.yaml:3:11 has no item 2; its items are 0 to 1",
  ]);
  expect(await mistakes(base, "channels.-1=1")).toEqual([
    "--set channels.-1 the list at x.yaml:3:11 has no item -1; its items are 0 to 1",
  ]);
  expect(await mistakes(base, "train=5")).toEqual(["--set train must be a section of `key: value` lines; got 5"]);
  expect(await mistakes(base, "train.epochs=")).toEqual([
    "--set train.epochs needs a value after the `=`; write null or '' if that is meant",
  ]);
  expect(await mistakes(base, "=5")).toEqual(['--set  must be written key=value with a dotted key such as train.steps; got ""']);
  expect(await mistakes(base, "train.__proto__.x=5")).toEqual(["--set train.__proto__.x cannot set train.__proto__.x"]);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
  expect(await mistakes(base, "fraction=[1")).toHaveLength(1);
});
