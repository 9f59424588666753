import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentContext } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { drawPlan, percentileInterval } from "../metrics/bootstrap.ts";
import { bootstrapP } from "../metrics/bootstrap-p.ts";
import { holmAdjusted } from "../metrics/holm.ts";
import { documentText } from "../tables/document.ts";
import { parseDetections, parseReference } from "./coco.ts";
import { boxSample, boxValues } from "./figures.ts";
import { boxesDocument } from "./format.ts";
import { boxesOptions } from "./options.ts";
import { boxesJsonSchema, boxesSchema, wholeFigures } from "./results.ts";
import { type BoxesRequest, runBoxes } from "./stage.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-boxes-"));
  for (const [name, content] of Object.entries({
    "ref.json": instances,
    "a.json": results(1),
    "=b|<b>.json": results(2),
    "c.json": results(3),
  }))
    await writeFile(join(folder, name), JSON.stringify(content));
});
afterAll(() => rm(folder, { recursive: true }));

const evil = ["=cmd()", "<script>a|b</script>", "\\input{x}_$%&#"];
/** 24 pictures of 12 patients, three classes with names that nothing may run; objects on a grid. */
const instances = {
  images: Array.from({ length: 24 }, (_, i) => ({
    id: i + 1,
    file_name: `${i + 1}.png`,
    patient: `=p${i % 12}`,
    width: 100,
    height: 100,
  })),
  categories: evil.map((name, id) => ({ id, name })),
  annotations: Array.from({ length: 72 }, (_, i) => ({
    image_id: 1 + (i % 24),
    category_id: i % 3,
    bbox: [10 * (i % 9), 5, 9, 9],
  })),
};
/** Boxes about the objects, some wrong, of a model. */
function results(model: number) {
  const rng = seededRng(model);
  return instances.annotations.map(({ image_id, category_id, bbox: [left] }) => {
    const moved = left! + (rng.uniform() < 0.25 * model ? 40 : rng.uniform());
    return { image_id, category_id, bbox: [moved, 5, 9, 9], score: Math.round(1000 * rng.uniform()) / 1000 };
  });
}
const request = (out: string | null, change: Partial<BoxesRequest> = {}, options: object = {}): BoxesRequest => ({
  detections: join(folder, "a.json"),
  reference: join(folder, "ref.json"),
  cases: null,
  compare: [],
  out: out === null ? null : join(folder, out),
  ...change,
  options: boxesOptions.parse({ resamples: 200, ...options }),
});
const others = () => ["=b|<b>.json", "c.json"].map((name) => join(folder, name));
const run = (of: BoxesRequest) => runBoxes(of, silentContext());

test("writes five files, the same bytes again, and what it returns is what stands in metrics.json", async () => {
  const [one, two] = [request("one", { compare: others() }), request("two", { compare: others() })];
  const returned = await run(one);
  await run(two);
  expect((await readdir(one.out!)).sort()).toEqual(["metrics.csv", "metrics.json", "metrics.md", "metrics.tex", "report.html"]);
  for (const name of await readdir(one.out!))
    expect(await readFile(join(one.out!, name))).toEqual(await readFile(join(two.out!, name)));
  expect(boxesSchema.parse(JSON.parse(await readFile(join(one.out!, "metrics.json"), "utf8")))).toEqual(returned);
  expect(returned.figures.filter(({ subset }) => subset === "all").map(({ metric }) => metric)).toEqual([...wholeFigures]);
});

test("intervals, differences and p values are those of a loop that evaluates each resample by hand", async () => {
  const got = await run(request(null, { compare: others() }));
  const reference = parseReference(JSON.stringify(instances), "ref");
  const samples = [1, 2, 3].map((model) =>
    boxSample(reference, parseDetections(JSON.stringify(results(model)), "r", reference).found),
  );
  const patients = reference.images.map(({ entry }) => String(entry.patient));
  const plan = drawPlan(seededRng(0).fork("metrics").fork("evaluated"), patients, 200);
  const ap = samples.map((sample) =>
    Array.from({ length: 200 }, (_, r) => {
      const weights = Uint16Array.from(patients, (p) => plan.counts[r * 12 + plan.patients.indexOf(p)]!);
      return boxValues(sample, null, weights)[0]!;
    }),
  );
  const { low, high } = percentileInterval(Float64Array.from(ap[0]!), 12);
  expect(got.figures[0]).toMatchObject({
    metric: "AP",
    estimate: boxValues(samples[0]!, null)[0],
    low,
    high,
    n: 72,
    clusters: 12,
  });
  const differences = [1, 2].map((k) => ap[0]!.map((v, r) => v - ap[k]![r]!));
  const p = differences.map((d) =>
    Math.min(1, (2 * (1 + Math.min(d.filter((v) => v <= 0).length, d.filter((v) => v >= 0).length))) / 201),
  );
  expect(got.comparisons.map(({ differences: [first] }) => first!.p)).toEqual(p.map((v) => expect.closeTo(v, 12)));
  expect(got.comparisons.map(({ differences: [first] }) => first!.pHolm)).toEqual(
    holmAdjusted(p).map((v) => expect.closeTo(v!, 12)),
  );
  const spread = percentileInterval(Float64Array.from(differences[0]!), 12);
  expect(got.comparisons[0]!.differences[0]).toMatchObject({ low: spread.low, high: spread.high });
});

test("a model compared with itself differs by nothing, with p 1; p is below .05 just where the 95% interval leaves 0 out", async () => {
  const { comparisons } = await run(request(null, { compare: [join(folder, "a.json")] }));
  for (const { estimate, p, reason } of comparisons[0]!.differences)
    if (estimate !== null) expect([estimate, p, reason]).toEqual([0, 1, "the same value in every resample"]);
  const rng = seededRng(3);
  for (let n = 0; n < 40; n++) {
    const values = Array.from({ length: 1999 }, () => rng.normal() + n / 10);
    const { low, high } = percentileInterval(Float64Array.from(values), 9);
    if (Math.min(Math.abs(low!), Math.abs(high!)) > 0.05) expect(bootstrapP(values) < 0.05).toBe(low! > 0 || high! < 0);
  }
  expect(bootstrapP([Number.NaN])).toBeNaN();
});

test("a resample without a class or size leaves it out, and one without any object of it is counted", async () => {
  const few = {
    ...instances,
    annotations: [...instances.annotations.slice(0, 1), { image_id: 1, category_id: 1, bbox: [0, 0, 50, 50] }],
  };
  await writeFile(join(folder, "few.json"), JSON.stringify(few));
  const { figures, notes } = await run(request(null, { reference: join(folder, "few.json") }));
  const of = (metric: string, subset = "all") => figures.find((one) => one.metric === metric && one.subset === subset)!;
  expect(of("AP").undefinedResamples).toBeGreaterThan(30);
  expect(of("APl")).toMatchObject({ estimate: null, low: null, undefinedResamples: 200, reason: "no large object", n: 0 });
  expect(of("recall")).toMatchObject({ low: null, clusters: 1, reason: expect.stringContaining("at least 2 patients") });
  expect(notes.join()).toContain(`Without an object, so that they count in no mean: 1 of 3 classes, ${evil[2]}`);
});

test("nothing found: recall and AP are 0, precision does not exist and says why", async () => {
  await writeFile(join(folder, "none.json"), "[]");
  const { figures, confidence, notes } = await run(request(null, { detections: join(folder, "none.json") }));
  expect(confidence).toEqual({ value: null, rule: "highest F1 of all classes together" });
  expect(figures.find(({ metric }) => metric === "AP")).toMatchObject({
    estimate: 0,
    low: null,
    reason: "the same value in every resample",
  });
  expect(figures.find(({ metric }) => metric === "precision")).toMatchObject({ estimate: null, reason: "no box is called" });
  expect(notes).toContain("No box was found.");
});

test("boxes wholly outside their picture are counted in a note: touching an edge is outside, a hair within is not", async () => {
  const note = async (corners: number[][], reference = "ref.json") => {
    const entries = corners.map(([left, top]) => ({ image_id: 1, category_id: 0, bbox: [left, top, 9, 9], score: 0.5 }));
    await writeFile(join(folder, "outside.json"), JSON.stringify(entries));
    const asked = { detections: join(folder, "outside.json"), reference: join(folder, reference) };
    const { notes } = await run(request(null, asked));
    return notes.filter((text) => text.includes("outside")).join();
  };
  const touching = [[100, 5], [-9, 5], [5, 100], [5, -9]]; // biome-ignore format: a side each
  const within = [[99.9, 5], [-8.9, 5], [5, 99.9], [5, -8.9]]; // biome-ignore format: a side each
  for (const one of touching) expect(await note([one, ...within])).toMatch(/^1 box found wholly outside the picture/);
  expect(await note([...touching, ...within])).toMatch(/^4 boxes found wholly outside the picture/);
  expect(await note(within)).toBe("");
  const images = instances.images.map(({ width, height, ...rest }) => rest);
  await writeFile(join(folder, "sizeless.json"), JSON.stringify({ ...instances, images }));
  expect(await note(touching, "sizeless.json")).toBe("");
});

test("a given confidence is taken as it is, and no note calls it optimistic; the chosen one is the best there is", async () => {
  const chosen = await run(request(null));
  const given = await run(request(null, {}, { confidence: chosen.confidence.value, interval: "bca" }));
  const f1 = ({ figures }: typeof given) => figures.find(({ metric }) => metric === "f1")!.estimate;
  expect(f1(given)).toBe(f1(chosen));
  expect([chosen.notes.join().includes("optimistic"), given.notes.join().includes("optimistic")]).toEqual([true, false]);
  expect(f1(chosen)).toBe(chosen.curves[0]!.best!.f1);
  expect(Math.max(...chosen.curves[0]!.f1.map((v) => v ?? 0))).toBeLessThanOrEqual(f1(chosen)!);
  expect(given.method).toContain("BCa bootstrap of whole patients (patient), 200 resamples");
});

test("formulas, markup and TeX in names and files are inert in every table", async () => {
  const asked = request("evil", { compare: others() });
  const returned = await run(asked);
  const text = async (name: string) => await readFile(join(asked.out!, name), "utf8");
  const cells = parse(await text("metrics.csv")) as string[][];
  expect(cells.flat().some((cell) => cell.includes("=cmd()"))).toBe(true);
  expect(cells.flat().filter((cell) => /^[=+@\t\r]/.test(cell))).toEqual([]);
  const markdown = await text("metrics.md");
  expect(markdown).not.toMatch(/<(script|b)>|\]\(/);
  const page = await text("report.html");
  expect(page).toContain("&lt;script&gt;");
  expect(page).not.toMatch(/<(script|b)>|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
  const widths = new Set(markdown.split("\n\n").filter((part) => part.includes("\n| ")).map((part) => new Set(part.split("\n").filter((line) => line.startsWith("|")).map((line) => line.replaceAll("\\|", "").split("|").length)).size));
  expect(widths).toEqual(new Set([1])); // every line of a table has as many cells
  const tex = (await text("metrics.tex")).split("\n").filter((line) => !line.startsWith("%"));
  expect(tex.join("\n")).not.toMatch(/\\input|[^\\]%|[^\\]#/);
  expect(documentText(boxesDocument(returned))).toContain("<script>");
}); // biome-ignore format: short

test("refuses to replace what it reads", async () => {
  const file = join(folder, "metrics.json");
  await writeFile(file, JSON.stringify(results(1)));
  await expect(run({ ...request(null), out: folder, detections: file })).rejects.toThrow(
    "--out: must not replace a file that is read",
  );
});

test("the committed schema is current; mend: node dist/cli.js config schema boxes > docs/schema/boxes.schema.json", async () => {
  const file = resolve(import.meta.dirname, "../../../docs/schema/boxes.schema.json");
  expect(`${JSON.stringify(boxesJsonSchema(), null, 2)}\n`).toBe(await readFile(file, "utf8"));
});
