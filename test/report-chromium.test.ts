import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentContext } from "../src/core/context.ts";
import { seededRng } from "../src/core/rng.ts";
import { boxesOptions } from "../src/eval/boxes/options.ts";
import { runBoxes } from "../src/eval/boxes/stage.ts";
import { masksOptions } from "../src/eval/masks/options.ts";
import { runMasks } from "../src/eval/masks/stage.ts";
import { evalOptions } from "../src/eval/options.ts";
import { metricsOptions } from "../src/eval/predictions/options.ts";
import { runMetrics } from "../src/eval/predictions/stage.ts";
import { runEval } from "../src/eval/stage.ts";
import { sweepPage } from "../src/eval/sweep/page.ts";
import { sweepResultsSchema } from "../src/eval/sweep/results.ts";
import { chromium, openTab, type Tab } from "./helpers/chromium.ts";
import { writeFakeRun } from "./helpers/fake-run.ts";

if (chromium === undefined) console.log("skipped: reports in Chromium, which is neither at CHROMIUM_PATH nor in PATH");

const evil = `=cmd()"><script>document.title='run'</script><img src=//evil.example/x onerror=document.title='run'>`;
let root: string;
let tab: Tab;
const pages = new Map<string, string>();

async function writePages(): Promise<void> {
  const fake = await writeFakeRun(root, { seed: 1, subjects: 4, effect: 3 });
  const run = { data: fake.data, predictions: fake.predictions, out: join(root, "eval"), report: join(root, "report.html") };
  await runEval(
    { ...run, options: evalOptions.parse({ bootstrap: { resamples: 100 } }), seed: 1, config: evil },
    silentContext(),
  );
  pages.set("run", run.report);
  const ids = fake.rows.flatMap((row) => (row.level === "stack" && row.split === "test" ? [row.case] : []));
  for (const [folder, from, kind] of [
    ["true", fake.data, "lesion"],
    ["found", fake.predictions, "lesionprob"],
  ] as const) {
    // biome-ignore format: one line
    await mkdir(join(root, folder));
    for (const id of ids) await copyFile(join(from, `${id}_${kind}.nii.gz`), join(root, folder, `${id}.nii.gz`));
  }
  const cases = join(root, "cases.csv");
  await writeFile(cases, ["id,patient,site", ...ids.map((id, i) => `${id},p${i >> 2},"${i % 2 ? evil.replaceAll('"', '""') : "a"}"`), ""].join("\n")); // biome-ignore format: one line
  const masks = masksOptions.parse({ threshold: 0.5, resamples: 100, permutations: 0, columns: { subgroup: "site" } });
  await runMasks({ predictions: join(root, "found"), reference: join(root, "true"), compare: [], cases, out: join(root, "masks"), options: masks }, silentContext()); // biome-ignore format: one line
  pages.set("masks", join(root, "masks", "report.html"));
}

async function writeTables(): Promise<void> {
  const rng = seededRng(1);
  const rows = (skill: number) =>
    Array.from({ length: 80 }, (_, i) => `${i},p${i >> 1},"${i % 3 ? "a" : evil.replaceAll('"', '""')}",${(i >> 1) % 2},${(1 / (1 + Math.exp(-rng.normal() - skill * ((i >> 1) % 2)))).toFixed(4)}`); // biome-ignore format: one line
  const [one, two] = [join(root, "one.csv"), join(root, "<img src=x onerror=alert(1)>.csv")];
  for (const [file, skill] of [[one, 2], [two, 1]] as const) await writeFile(file, ["id,patient,site,label,prob", ...rows(skill), ""].join("\n")); // biome-ignore format: one line
  const options = metricsOptions.parse({ resamples: 100, permutations: 50, columns: { cluster: ["patient"], subgroup: "site" } });
  await runMetrics({ predictions: one, validation: null, compare: [two], compareScore: null, out: join(root, "rows"), options }, silentContext()); // biome-ignore format: one line
  pages.set("rows", join(root, "rows", "report.html"));
  const images = Array.from({ length: 24 }, (_, id) => ({ id, width: 100, height: 100, patient: `p${id >> 2}` }));
  const box = () => [10 + rng.below(50), 10 + rng.below(50), 20, 20];
  const annotations = images.map(({ id }) => ({ id: id + 1, image_id: id, category_id: 1 + (id % 2), bbox: box(), area: 400, iscrowd: 0 })); // biome-ignore format: one line
  const found = annotations.flatMap(({ image_id, category_id, bbox }) => [bbox, box()].map((b) => ({ image_id, category_id, bbox: b, score: rng.uniform() }))); // biome-ignore format: one line
  const categories = [{ id: 1, name: evil }, { id: 2, name: "b" }]; // biome-ignore format: one line
  await writeFile(join(root, "reference.json"), JSON.stringify({ images, annotations, categories }));
  await writeFile(join(root, "found.json"), JSON.stringify(found));
  const boxes = boxesOptions.parse({ resamples: 100, cluster: "patient" });
  await runBoxes({ detections: join(root, "found.json"), reference: join(root, "reference.json"), cases: null, compare: [], out: join(root, "boxes"), options: boxes }, silentContext()); // biome-ignore format: one line
  pages.set("boxes", join(root, "boxes", "report.html"));
}

/** A page of six runs, one of which failed; every text that a user can choose is hostile. */
async function writeSweep(): Promise<void> {
  const figure = { metric: "auroc", per: "stack" } as const;
  const points = Array.from({ length: 6 }, (_, i) => ({
    ...{ name: `${evil}_${i}`, setting: `${evil}${i >> 1}`, seed: String(i % 2), values: { "model.kind": `${evil}${i >> 1}`, "train.seed": i % 2 } },
    ...{ state: i === 4 ? "failed" : "done", failure: i === 4 ? { fault: "data", message: evil } : null, validation: [] },
    metrics: i === 4 ? [] : [{ ...figure, estimate: [0.7, 0.9, 1e-7, 1, 0, 0.5][i]!, low: 0.1, high: 1 }],
  })); // biome-ignore format: one line
  const components = { seed: 0.1, patients: 0.1, both: 0.1, all: 0.17 };
  const spread = { ...figure, seeds: 2, low: 0.1, high: 0.9, caseSd: 0.1, seedSd: 0.1, components, reason: evil };
  const results = sweepResultsSchema.parse({
    ...{ schemaVersion: 1, name: evil, threads: 1, baseline: `${evil}0`, testOn: evil, level: 0.95, resamples: 100, points, notes: [evil] },
    factors: [{ path: "model.kind", label: evil }, { path: "train.seed", label: "seed" }],
    settings: [0, 1, 2].map((i) => ({ setting: `${evil}${i}`, figures: [{ ...spread, mean: 0.5 + i / 10 }] })),
    comparisons: [1, 2].map((i) => ({ setting: `${evil}${i}`, ...spread, patients: 9, difference: 0.1, p: 0.2, pHolm: 0.4, levelHolm: 0.975, lowHolm: 0, highHolm: 0.3 })),
    best: { ...figure, run: { name: `${evil}_0`, validation: 0.9 }, setting: { name: `${evil}0`, seeds: 2, validation: 0.8 } },
  }); // biome-ignore format: one line
  pages.set("sweep", join(root, "sweep.html"));
  await writeFile(join(root, "sweep.html"), sweepPage(results));
}

/** Counts what the page's own policy refused, from its first moment on. */
const watch = `window.refused = []; addEventListener("securitypolicyviolation", (e) => refused.push(e.blockedURI + " " + e.violatedDirective));`;

/** Texts whose contrast with what is behind them is below 4.5, as WCAG computes it. */
const faintTexts = `(() => {
  const rgb = (css) => css.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c; } return [255, 255, 255]; };
  const out = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === "" || e.tagName === "title") continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(rgb(e.closest("svg") ? style.fill : style.color)), light(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) out.push(walker.currentNode.data.slice(0, 40) + " " + contrast.toFixed(2));
  }
  return out;
})()`;

async function look(page: string, width: number, scheme: "light" | "dark", media: "screen" | "print"): Promise<void> {
  await tab.send("Emulation.setDeviceMetricsOverride", { width, height: 800, deviceScaleFactor: 1, mobile: width < 500 });
  await tab.send("Emulation.setEmulatedMedia", { media, features: [{ name: "prefers-color-scheme", value: scheme }] });
  await tab.open(pathToFileURL(pages.get(page)!).href);
}

describe.skipIf(chromium === undefined)("reports in Chromium", () => {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "hemosynth-report-"));
    await writePages();
    await writeTables();
    await writeSweep();
    tab = await openTab(chromium!);
    await tab.send("Page.addScriptToEvaluateOnNewDocument", { source: watch });
  }, 300_000);
  afterAll(async () => {
    await tab?.close();
    await rm(root, { recursive: true });
  });

  describe.each(["run", "masks", "rows", "boxes", "sweep"])("%s", { timeout: 120_000 }, (page) => {
    test.each([
      ["on a phone", 360, "light", "screen"],
      ["on a phone in the dark", 360, "dark", "screen"],
      ["on a screen in the dark", 1100, "dark", "screen"],
      ["on paper, whatever the screen", 673, "dark", "print"],
    ] as const)("%s it fits the width and every text can be read", async (_, width, scheme, media) => {
      await look(page, width, scheme, media);
      expect(await tab.evaluate<string[]>(faintTexts)).toEqual([]);
      expect(await tab.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    });

    test("it asks for nothing, runs nothing and is refused nothing", async () => {
      await look(page, 800, "light", "screen");
      expect(await tab.evaluate<string[]>("refused")).toEqual([]);
      expect(await tab.evaluate<string>("document.title")).not.toBe("run");
      expect(await tab.evaluate<number>("document.querySelectorAll('svg').length")).toBeGreaterThan(2);
      expect(
        await tab.evaluate<number>("document.querySelectorAll('iframe, link, object, form, main a, img[src*=evil]').length"),
      ).toBe(0);
      expect(await tab.evaluate<number>("document.scripts.length")).toBe(page === "sweep" ? 1 : 0);
      const urls = tab.events("Network.requestWillBeSent").map(({ request }) => (request as { url: string }).url);
      expect(urls.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"))).toEqual([]);
    });
  });

  test("a sweep's table is sorted by a press on a head or Enter, numbers as numbers, runs without a figure last", async () => {
    await look("sweep", 1100, "light", "screen");
    const head = "[...document.querySelectorAll('table.sortable')][0].tHead.rows[0].cells[4]";
    const order = "[...document.querySelectorAll('table.sortable')][0].tBodies[0].innerText.match(/_\\d/g).join('')";
    expect(await tab.evaluate<string>(`${head}.innerText`)).toBe("stack AUROC");
    expect(await tab.evaluate<string>(order)).toBe("_0_1_2_3_4_5");
    expect(await tab.evaluate<string>(`(${head}.click(), ${order})`)).toBe("_2_5_0_1_3_4");
    expect(await tab.evaluate<string>(`(${head}.click(), ${order})`)).toBe("_3_1_0_5_2_4");
    const enter = `${head}.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }))`;
    expect(await tab.evaluate<string>(`(${enter}, ${order})`)).toBe("_2_5_0_1_3_4");
    expect(await tab.evaluate<string>(`${head}.getAttribute("aria-sort")`)).toBe("ascending");
  });
});
