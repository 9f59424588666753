import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadExperiment, parseExperiment } from "./experiment.ts";
import { experimentJsonSchema, experimentYaml } from "./show.ts";

const root = join(import.meta.dirname, "../..");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-experiment-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function configFiles(): Promise<string[]> {
  const entries = await readdir(join(root, "configs"), { recursive: true });
  return entries.filter((name) => name.endsWith(".yaml")).map((name) => join(root, "configs", name));
}

test("every config that names data resolves, and its resolved form is accepted back unchanged", async () => {
  const files = await configFiles();
  expect(files.length).toBeGreaterThanOrEqual(4);
  for (const file of files.filter((name) => !/\/(base|sweeps)\//.test(name))) {
    const value = await loadExperiment(file);
    const shown = join(folder, "shown.yaml");
    await writeFile(shown, experimentYaml(value, folder));
    expect(await loadExperiment(shown)).toEqual(value);
    expect(experimentYaml(await loadExperiment(shown), folder)).toBe(await readFile(shown, "utf8"));
  }
});

test("a config with sizes resolves at each, and the figures of a publication have a source", async () => {
  const files = (await configFiles()).filter((name) => !name.includes("/sweeps/"));
  const sized = await Promise.all(files.map(async (file) => /^sizes:/m.test(await readFile(file, "utf8"))));
  const presets = files.filter((_, i) => sized[i]!);
  expect(presets.length).toBeGreaterThanOrEqual(5);
  for (const file of presets) {
    const steps = [];
    for (const value of ["smoke", "small", "full"]) {
      const { train, reference, assumed, atSize } = await loadExperiment(file, [{ path: "size", value, where: "test" }]);
      expect(atSize).toBe(value);
      expect(assumed.length, file).toBeGreaterThan(0);
      expect(reference?.figures.length, file).toBeGreaterThan(0);
      steps.push(train.steps);
    }
    expect(steps, file).toEqual([...steps].sort((a, b) => a - b));
  }
});

test("a verb without a config has no sizes either", () => {
  const sized = () =>
    parseExperiment("data: { kind: phantom }", "phantom", [{ path: "size", value: "smoke", where: "--set size" }]);
  expect(sized).toThrow('--set size goes with a config that has sizes; this one has none; got "smoke". Leave it out');
});

test("every base config resolves once it is given data", async () => {
  const bases = (await configFiles()).filter((name) => name.includes("/base/"));
  expect(bases.length).toBeGreaterThan(0);
  for (const file of bases) await loadExperiment(file, [{ path: "data", value: "{ kind: phantom }", where: "test" }]);
});

test("every config tells editors its schema", async () => {
  for (const file of await configFiles()) {
    expect(await readFile(file, "utf8"), file).toMatch(
      /^# yaml-language-server: \$schema=(\.\.\/)+docs\/schema\/experiment\.schema\.json$/m,
    );
  }
});

test("the committed JSON Schema is current; mend: node dist/cli.js config schema > docs/schema/experiment.schema.json", async () => {
  const committed = await readFile(join(root, "docs/schema/experiment.schema.json"), "utf8");
  expect(`${JSON.stringify(experimentJsonSchema(), null, 2)}\n`).toBe(committed);
});

test("by the JSON Schema alone every config is right, and a mistake in what its parts share is found in each", async () => {
  const schema = z.fromJSONSchema(experimentJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  for (const file of await configFiles()) {
    const { error } = schema.safeParse(parse(await readFile(file, "utf8")));
    expect(error?.issues, file).toBeUndefined();
  }
  const isRight = (optimizer: object) => [
    schema.safeParse({ train: { optimizer } }).success,
    schema.safeParse({ pretrain: { train: { optimizer } } }).success,
    schema.safeParse({ regions: { detector: { train: { optimizer } } } }).success,
  ];
  expect(isRight({ kind: "sgd", schedule: { kind: "polynomial", power: 0.5 } })).toEqual([true, true, true]);
  expect(isRight({ kind: "sgd", schedule: { kind: "polynomial", pover: 0.5 } })).toEqual([false, false, false]);
  expect(isRight({ learningRate: 11 })).toEqual([false, false, false]);
});

test("every option is described", () => {
  const bare: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    const { properties, anyOf, description } = node as {
      properties?: Record<string, unknown>;
      anyOf?: unknown[];
      description?: string;
    };
    if (properties === undefined && description === undefined && anyOf === undefined) bare.push(path);
    for (const [key, value] of Object.entries(properties ?? {})) visit(value, `${path}.${key}`);
    for (const [i, value] of (anyOf ?? []).entries())
      if ((value as { properties?: unknown }).properties) visit(value, `${path}|${i}`);
  };
  const { $defs, ...schema } = experimentJsonSchema() as { $defs: Record<string, object> };
  visit(schema, "");
  expect(Object.keys($defs)).toContain("optimizer");
  for (const [name, part] of Object.entries($defs)) visit({ description: "where it stands", ...part }, name);
  expect(bare).toEqual([]);
});

test("a path starts from the folder of the file that names it, from here when set on the command line", async () => {
  await mkdir(join(folder, "base"), { recursive: true });
  await writeFile(join(folder, "package.json"), "{}");
  await writeFile(join(folder, "base/data.yaml"), "data: { kind: folder, path: ../volumes }\n");
  await writeFile(join(folder, "x.yaml"), "extends: base/data.yaml\n");
  const pathOf = async (value?: string) => {
    const sets = value === undefined ? [] : [{ path: "data.path", value, where: "--set data.path" }];
    const { data } = await loadExperiment(join(folder, "x.yaml"), sets);
    return data.kind === "folder" ? data.path : null;
  };
  expect(await pathOf()).toBe(join(folder, "volumes"));
  expect(await pathOf("elsewhere")).toBe(join(process.cwd(), "elsewhere"));
  await writeFile(join(folder, "base/data.yaml"), "data: { kind: phantom }\ntrain: { init: { from: ../w.safetensors } }\n");
  const { train } = await loadExperiment(join(folder, "x.yaml"));
  expect(train.init).toEqual({ from: join(folder, "w.safetensors"), into: null, only: [] });
});

test("the first weights of a pretraining and of a detector start from the file that names them, too, and are named from a run folder", async () => {
  const training = "train: { init: { from: ../w.safetensors } }";
  const own = "data: { kind: dataset, path: . }\nmodel: { kind: hexanet, regions: 2 }\n";
  const crops = `regions: { names: [csp, lv], detector: { ${training} } }\ntrain: { task: crops, outputs: [a, b] }\n`;
  await mkdir(join(folder, "named"), { recursive: true });
  await writeFile(join(folder, "named/p.yaml"), `data: { kind: phantom }\npretrain: { ${training} }\n`);
  await writeFile(join(folder, "named/d.yaml"), own + crops);
  const before = await loadExperiment(join(folder, "named/p.yaml"));
  const found = await loadExperiment(join(folder, "named/d.yaml"));
  expect(before.pretrain!.train.init!.from).toBe(join(folder, "w.safetensors"));
  expect(found.regions!.detector.train.init!.from).toBe(join(folder, "w.safetensors"));
  for (const value of [before, found])
    expect(experimentYaml(value, join(folder, "runs/a"))).toContain("from: ../../w.safetensors\n");
});

test("a resolved config in a run folder names its data relative to itself", () => {
  const value = parseExperiment("data: { kind: folder, path: /study/volumes }", "test");
  expect(experimentYaml(value, "/study/runs/a")).toContain("path: ../../volumes\n");
});

test("the shares of a split must add up, whichever of them is a default", () => {
  const load = () => parseExperiment("data: { kind: phantom }\nsplit: { train: 0.9 }", "x.yaml");
  expect(load).toThrow(/^x\.yaml split: train, val and test must add up to 1; got 1\.3$/);
});

test("a rule over two sections is found before anything runs, in the section or in its default", () => {
  const load = (text: string) => () => parseExperiment(`data: { kind: phantom }\n${text}`, "x.yaml");
  const rule = "train.cropSize must be a multiple of 4, since model.channels has 3 levels; got 50";
  expect(load("model: { kind: unet, channels: [2, 4, 8] }\ntrain: { cropSize: 50 }")).toThrow(`x.yaml ${rule}`);
  const deep = "x.yaml train.cropSize must be a multiple of 64, since model.channels has 7 levels; got 160";
  expect(load("model: { kind: unet, channels: [2, 2, 2, 2, 2, 2, 2] }\ntrain: { cropSize: 160 }")).toThrow(deep);
  expect(load("synth: { lesion: { intensity: [0.5, 0.2] } }")).toThrow(
    /^x\.yaml synth\.lesion\.intensity: a range is \[low, high\] with low <= high; got \[0\.5, 0\.2\]$/,
  );
});

test("a window that the stride of an encoder, or a grid of cells over its maps, does not divide is refused with the config", () => {
  const load = (model: string, train: string) => () => parseExperiment(`data: { kind: phantom }\nmodel: { kind: ${model} }\ntrain: { ${train} }`, "x.yaml"); // biome-ignore format: one line
  const restore = "task: restore, restore: { sidePixels: [4, 8] }";
  expect(load("resnet18", `${restore}, cropSize: 80`)).toThrow(
    /^x\.yaml train\.cropSize must be a multiple of 32, the stride of a resnet18; got 80$/,
  );
  expect(load("mil, encoder: { kind: resnet18 }", "task: weakGrid, weakCells: 2, cropSize: 96")).toThrow(
    /^x\.yaml train\.cropSize must be a multiple of 64, the stride of a mil, 32, by train\.weakCells, 2; got 96$/,
  );
  expect(load("resnet18", "task: weakBinary, cropSize: 80")).not.toThrow();
  expect(load("resnet18", "task: weakGrid, weakCells: 2, cropSize: 128")).not.toThrow();
  expect(load("resnet18", `${restore}, cropSize: 96`)).not.toThrow();
  expect(load("yolov5", `${restore}, cropSize: 96`)).toThrow(/must be detect or regions for a yolov5/); // and no RangeError
});

test("fresh stacks are for the main training alone: a pretraining or a detector that asks for them is refused", () => {
  const load = (text: string) => () => parseExperiment(text, "x.yaml");
  expect(load("data: { kind: phantom }\npretrain: { train: { freshEvery: 5 } }")).toThrow(
    /^x\.yaml pretrain\.train\.freshEvery must be null for a pretraining, whose images stay as they are; got 5$/,
  );
  const crops = "train: { task: crops, outputs: [a, b] }\nmodel: { kind: hexanet, regions: 2 }";
  expect(
    load(`data: { kind: dataset, path: . }\n${crops}\nregions: { names: [csp, lv], detector: { train: { freshEvery: 5 } } }`),
  ).toThrow(/^x\.yaml regions\.detector\.train\.freshEvery must be null for a detector, whose images stay as they are; got 5$/);
});

test("a loss of which the task uses nothing is refused, and a part that the task has no use for", () => {
  const of =
    (train: string, model = "{ kind: unet }") =>
    () =>
      parseExperiment(`data: { kind: phantom }\nmodel: ${model}\ntrain: ${train}\n`, "x.yaml", []);
  const classify = (loss: string) => of(`{ task: classify, loss: ${loss} }`, "{ kind: resnet18 }");
  expect(of("{ loss: { dice: 0, crossEntropy: 0 } }")).toThrow(
    /train\.loss must give a part that task lesion uses a weight above 0/,
  );
  expect(classify("{ crossEntropy: 0, dice: 1 }")).toThrow(/a part that task classify uses/);
  expect(classify("{ tversky: { weight: 3 } }")).toThrow(/tversky\.weight must be 0 for task classify/);
  expect(of("{ loss: { dice: 0, crossEntropy: 0, focal: { weight: 1 } } }")).not.toThrow();
  expect(classify("{ dice: 0 }")).not.toThrow();
});

const set = (layout: string) => ({ path: "data", value: `{ kind: public, layout: ${layout}, path: . }`, where: "--set data" });

test.each([
  ["hexanet", "fetal-planes-db", /a set with boxes of lateral-ventricle, csp, .+, for regions\.names; got fetal-planes-db, which has the classes Fetal brain, .+, Other\. docs/],
  ["hexanet", "feta", /for regions\.names; got feta, which has normal brains to paint bleeds into\. docs/],
  ["cns-resnet34", "fetal-planes-db", /the classes normal, anencephaly, .+; got fetal-planes-db, .+\. Set train\.outputs to names among Fetal brain, .+, Other$/],
  ["cns-resnet34", "hc18", /the classes normal, .+; got hc18, which has brain masks\. docs/],
  ["ich-label-efficient", "feta", /must be of CT, as pretrain\.data are, since preprocess is that of both; got T2w$/],
  ["ich-label-efficient", "cq500", /a set with masks of blood and of the brain, for train\.task lesion; got cq500, which has brain masks; the classes normal, hemorrhage\. docs/],
  ["detect", "fetus-framework", /masks of blood and of the brain, for train\.task detect; got fetus-framework, which has boxes of CM, .+, thalami\. Set train\.task to regions and train\.outputs to names of its boxes \(docs\/head-ct\.md#real-pictures-with-boxes\)$/],
  ["freehemoseg", "fetal-planes-db", /masks of blood and of the brain, for train\.task lesion; got fetal-planes-db/],
  ["neo-mil", "hc18", /a set with exams with masks of blood or grades, for train\.task mil; got hc18/],
] as const)("%s does not fit %s: one line, before any file is looked at", async (preset, layout, message) => {
  const error: Error = await loadExperiment(join(root, `configs/${preset}.yaml`), [set(layout)]).then(fail, (thrown) => thrown);
  expect(error).toMatchObject({ fault: "usage" });
  expect(error.message).toMatch(/^--set data data\.layout must be of .+$/); // one line
  expect(error.message).toMatch(message);
}); // biome-ignore format: a table

test("head CT asks for a window, which T2 may not have; what docs/datasets.md names for a preset fits it", async () => {
  const at = async (preset: string, layout: string, ...more: { path: string; value: string; where: string }[]) =>
    await loadExperiment(join(root, `configs/${preset}.yaml`), [set(layout), ...more]);
  const window = (value: string) => ({ path: "preprocess.window", value, where: "--set preprocess.window" });
  await expect(at("denoise", "bhsd", { path: "synth", value: "{}", where: "--set synth" })).rejects.toThrow(/preprocess\.window must be given for CT, .+; got null$/); // biome-ignore format: one line
  await expect(at("freehemoseg", "crl", window("[0, 255]"))).rejects.toThrow(/must be null for T2w MRI, .+; got \[0, 255\]$/);
  for (const layout of ["feta", "dhcp-fetal", "crl"]) await at("freehemoseg", layout);
  for (const layout of ["seg-cq500", "physionet-ct-ich", "bhsd", "instance22"]) await at("ich-label-efficient", layout);
  const pool = { path: "pretrain.data", value: "{ kind: public, layout: hc18, path: . }", where: "--set pretrain.data" };
  const restored = { path: "pretrain.train", value: "{ task: restore, cropSize: 96 }", where: "--set pretrain.train" };
  await expect(at("ich-label-efficient", "bhsd", pool)).rejects.toThrow(/pretrain\.data\.layout must be of a set with masks of .+, for train\.outputs; got hc18/); // biome-ignore format: one line
  await expect(at("ich-label-efficient", "bhsd", pool, restored)).rejects.toThrow(/pretrain\.data\.layout must be of CT, as data are, .+; got US$/); // biome-ignore format: one line
  const planes = "[Fetal brain, Fetal abdomen, Fetal femur, Fetal thorax, Maternal cervix, Other]";
  await at("cns-resnet34", "fetal-planes-db", { path: "train.outputs", value: planes, where: "--set train.outputs" });
});

test("a YOLO set has boxes that its files name; a detector of painted bleeds is told to learn them as regions", async () => {
  const yolo = {
    path: "data",
    value: '{ kind: public, layout: yolo, path: ., subject: "(a)", pixelMm: 0.4 }',
    where: "--set data",
  };
  const detect = join(root, "configs/detect.yaml");
  await expect(loadExperiment(detect, [yolo])).rejects.toThrow(
    /^--set data data\.layout must be of a set with masks of blood and of the brain, for train\.task detect; got yolo, which has boxes that its files name\. Set train\.task to regions and train\.outputs to names of its boxes \(docs\/head-ct\.md#real-pictures-with-boxes\)$/,
  );
  const train = { path: "train", value: "{ task: regions, outputs: [EDH, IPH], cropSize: 128 }", where: "--set train" };
  const gate = { path: "predict.gate", value: "none", where: "--set predict.gate" };
  await loadExperiment(detect, [yolo, train, gate]);
});

test("a config that sets how bleeds are painted into T2 brains is not for a set of CT or ultrasound, with a window or without", async () => {
  const window = { path: "preprocess.window", value: "[-50, 150]", where: "--set preprocess.window" };
  const bhsd = (...more: (typeof window)[]) => loadExperiment(join(root, "configs/freehemoseg.yaml"), [set("bhsd"), ...more]);
  for (const more of [[], [window]])
    await expect(bhsd(...more)).rejects.toThrow(
      /^--set data data\.layout must be of normal T2w brains, since synth sets how bleeds are painted into them; got bhsd, of CT, which nothing is painted into\. Start from a config of CT, as docs\/datasets\.md names it, or set synth to \{\}$/,
    );
  await bhsd(window, { path: "synth", value: "{}", where: "--set synth" });
});

const fail = (): never => {
  throw new Error("nothing was refused");
};
