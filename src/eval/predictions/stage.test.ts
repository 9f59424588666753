import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentContext } from "../../core/context.ts";
import { documentText } from "../tables/document.ts";
import { metricsFileSchema, metricsJsonSchema } from "./json-schema.ts";
import { metricsOptions } from "./options.ts";
import { documentOf, runMetrics } from "./stage.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-metrics-"));
});
afterAll(() => rm(folder, { recursive: true }));

const evil = ["=cmd()", "<script>a|b</script>", "\\input{x}_$%&#", "[x](javascript:1)"];
async function write(name: string): Promise<string> {
  const rows = Array.from({ length: 24 }, (_, i) => `${i},"${evil[i % 4]}",${i % 3 === 0 ? 1 : 0},0.${(i * 37) % 90}`);
  const file = join(folder, name);
  await writeFile(file, ["id,group,label,prob", ...rows, ""].join("\n"));
  return file;
}
const request = async (out: string | null, columns: object = {}) => ({
  predictions: await write("p.csv"),
  validation: null,
  compare: [await write("=other|<b>.csv")],
  compareScore: null,
  out: out === null ? null : join(folder, out),
  options: metricsOptions.parse({ resamples: 100, columns }),
});

test("writes five files, the same bytes again, and what it returns is what stands in metrics.json", async () => {
  const [one, two] = [await request("one"), await request("two")];
  const results = await runMetrics(one, silentContext());
  await runMetrics(two, silentContext());
  expect((await readdir(one.out!)).sort()).toEqual(["metrics.csv", "metrics.json", "metrics.md", "metrics.tex", "report.html"]);
  for (const name of await readdir(one.out!))
    expect(await readFile(join(one.out!, name))).toEqual(await readFile(join(two.out!, name)));
  expect(metricsFileSchema.parse(JSON.parse(await readFile(join(one.out!, "metrics.json"), "utf8")))).toEqual(results);
});

test("formulas, markup and TeX in names and groups are inert in every table", async () => {
  const asked = await request("evil", { subgroup: "group" });
  const results = await runMetrics(asked, silentContext());
  const text = async (name: string) => await readFile(join(asked.out!, name), "utf8");
  const cells = parse(await text("metrics.csv")) as string[][];
  expect(cells.flat().some((cell) => cell.includes("=cmd()"))).toBe(true);
  expect(cells.flat().filter((cell) => /^[=+@\t\r]/.test(cell))).toEqual([]);
  const markdown = await text("metrics.md");
  expect(markdown).not.toMatch(/<(script|b)>/);
  const page = await text("report.html");
  expect(page).toContain("&lt;script&gt;");
  expect(page).not.toMatch(/<(script|b)>|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
  for (const row of markdown.split("\n").filter((line) => line.startsWith("|")))
    expect([6, 7, 9, 10, 11]).toContain(row.replaceAll("\\|", "").split("|").length);
  expect(markdown).not.toMatch(/\]\(/);
  const tex = (await text("metrics.tex")).split("\n").filter((line) => !line.startsWith("%"));
  expect(tex.join("\n")).not.toMatch(/\\input|[^\\]%|[^\\]#/);
  expect(documentText(documentOf(results))).toContain("group=<script>");
});

test("the figures of a file compared stand in tables, page and CSV, named as its own", async () => {
  const asked = await request("own");
  await runMetrics(asked, silentContext());
  const text = async (name: string) => await readFile(join(asked.out!, name), "utf8");
  const [other] = asked.compare;
  const cells = parse(await text("metrics.csv")) as string[][];
  const auroc = cells.filter(([file, subset, metric]) => file!.endsWith(other!) && subset === "all" && metric === "roc_auc");
  expect(auroc.length).toBeGreaterThan(0);
  expect(Number(auroc[0]![3])).toBeGreaterThan(0);
  expect(await text("report.html")).toMatch(/<h2>Figures of [^<]*other\|&lt;b&gt;\.csv<\/h2>/);
});

test("refuses to replace what it reads", async () => {
  const asked = { ...(await request(null)), out: folder };
  const file = join(folder, "metrics.csv");
  await writeFile(file, await readFile(asked.predictions));
  await expect(runMetrics({ ...asked, predictions: file }, silentContext())).rejects.toThrow(
    "--out: must not replace a file that is read",
  );
});

test("the committed schema is current; mend: node dist/cli.js config schema metrics > docs/schema/metrics.schema.json", async () => {
  const file = resolve(import.meta.dirname, "../../../docs/schema/metrics.schema.json");
  expect(`${JSON.stringify(metricsJsonSchema(), null, 2)}\n`).toBe(await readFile(file, "utf8"));
});

test("several classes go the same way: five files, what is returned in metrics.json, names inert; options of two classes are refused", async () => {
  const kinds = ["=a()", "<b>", "c"];
  const rows = Array.from({ length: 30 }, (_, i) => {
    const odds = kinds.map((_, c) => 1 + ((i * 7 + c * 5) % 11) + (i % 3 === c ? 6 : 0));
    const sum = odds.reduce((a, b) => a + b, 0);
    return `${i},p${i >> 1},"${kinds[i % 3]}",${odds.map((o) => (o / sum).toFixed(4)).join(",")}`;
  });
  const predictions = join(folder, "several.csv");
  await writeFile(predictions, [`id,patient,label,${kinds.map((kind) => `"prob_${kind}"`).join(",")}`, ...rows, ""].join("\n"));
  const options = metricsOptions.parse({ resamples: 100, permutations: 50 });
  const asked = {
    predictions,
    validation: null,
    compare: [predictions],
    compareScore: null,
    out: join(folder, "classes"),
    options,
  };
  const results = await runMetrics(asked, silentContext());
  expect(results.kind).toBe("several classes");
  const text = async (name: string) => await readFile(join(asked.out, name), "utf8");
  expect(metricsFileSchema.parse(JSON.parse(await text("metrics.json")))).toEqual(results);
  const cells = parse(await text("metrics.csv")) as string[][];
  expect(cells.flat().filter((cell) => /^[=+@\t\r]/.test(cell))).toEqual([]);
  expect(await text("metrics.md")).not.toMatch(/<b>/);
  const refused = { ...asked, options: { ...options, threshold: { rule: "youden" as const } } };
  await expect(runMetrics(refused, silentContext())).rejects.toThrow(
    "--threshold: is for two classes; got a score for each of 3.",
  );
});
