import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentContext } from "../../core/context.ts";
import { documentText } from "../tables/document.ts";
import { readerDocument } from "./format.ts";
import { readerOptions } from "./options.ts";
import { readerJsonSchema, readerSchema } from "./results.ts";
import { runReader } from "./stage.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-reader-"));
});
afterAll(() => rm(folder, { recursive: true }));

const evil = { readers: ["=cmd()", "<script>a|b</script>"], arms: ["\\input{x}_$%&#", "[x](javascript:1)"] };

/** Two simulated readers, two arms, 24 cases of 12 patients. */
async function write(name: string): Promise<string> {
  const rows = evil.readers.flatMap((reader, j) =>
    evil.arms.flatMap((arm, i) =>
      Array.from({ length: 24 }, (_, k) => {
        const label = k % 3 === 0 ? 1 : 0;
        const rating = ((k * 37 + j * 11 + i * 5) % 50) + 10 * label * (1 + i);
        return `"${reader}",${k},p${k % 12},"${arm}",${label},${rating},${20 + ((k * 17 + j * 7 + i * 23) % 40)}`;
      }),
    ),
  );
  const file = join(folder, name);
  await writeFile(file, ["reader,case,patient,arm,truth,rating,seconds", ...rows, ""].join("\n"));
  return file;
}
const request = async (out: string | null) => ({
  readings: await write("=<b>.csv"),
  out: out === null ? null : join(folder, out),
  options: readerOptions.parse({ resamples: 100, arms: evil.arms, threshold: 30 }),
});

test("writes five files, the same bytes again, and what it returns is what stands in reader.json", async () => {
  const [one, two] = [await request("one"), await request("two")];
  const results = await runReader(one, silentContext());
  await runReader(two, silentContext());
  const names = ["reader.csv", "reader.html", "reader.json", "reader.md", "reader.tex"];
  expect((await readdir(one.out!)).sort()).toEqual(names);
  for (const name of names) expect(await readFile(join(one.out!, name))).toEqual(await readFile(join(two.out!, name)));
  expect(readerSchema.parse(JSON.parse(await readFile(join(one.out!, "reader.json"), "utf8")))).toEqual(results);
  expect(results.figures.map(({ metric }) => metric)).toEqual(["roc_auc", "recall", "specificity", "time_seconds"]);
});

test("formulas, markup and TeX in names are inert in every table and on the page", async () => {
  const asked = await request("evil");
  const results = await runReader(asked, silentContext());
  const text = async (name: string) => await readFile(join(asked.out!, name), "utf8");
  const cells = parse(await text("reader.csv")) as string[][];
  expect(cells.flat().some((cell) => cell.includes("=cmd()"))).toBe(true);
  expect(cells.flat().filter((cell) => /^[=+@\t\r]/.test(cell))).toEqual([]);
  const markdown = await text("reader.md");
  expect(markdown).not.toMatch(/<(script|b)>|\]\(/);
  const tex = (await text("reader.tex")).split("\n").filter((line) => !line.startsWith("%"));
  expect(tex.join("\n")).not.toMatch(/\\input|[^\\]%|[^\\]#/);
  const page = await text("reader.html");
  expect(page).not.toMatch(/<script|<b>|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  expect(page).toContain("default-src 'none'");
  expect(page.match(/<svg /g)).toHaveLength(2 + 4); // a panel for each reader, a forest for each figure
  expect(documentText(readerDocument(results))).toContain("<script>");
});

test("refuses to replace what it reads, before anything is written", async () => {
  const asked = { ...(await request(null)), out: folder };
  const file = join(folder, "reader.csv");
  await writeFile(file, await readFile(asked.readings));
  await expect(runReader({ ...asked, readings: file }, silentContext())).rejects.toThrow(
    "--out: must not replace a file that is read",
  );
  expect(await readdir(folder)).not.toContain("reader.json");
});

test("stopped, it writes nothing", async () => {
  const asked = await request("stopped");
  const signal = AbortSignal.abort();
  await expect(runReader(asked, { signal })).rejects.toThrow("stopped");
  expect(await readdir(folder)).not.toContain("stopped");
});

test("the committed schema is current; mend: node dist/cli.js config schema reader > docs/schema/reader.schema.json", async () => {
  const file = resolve(import.meta.dirname, "../../../docs/schema/reader.schema.json");
  expect(`${JSON.stringify(readerJsonSchema(), null, 2)}\n`).toBe(await readFile(file, "utf8"));
});
