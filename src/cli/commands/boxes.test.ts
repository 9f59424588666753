import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentContext } from "../../core/context.ts";
import { type MetricsFlags, metrics } from "./metrics.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-boxes-cli-"));
  await mkdir(join(folder, "labels"));
  const images = [1, 2].map((id) => ({ id, file_name: `im${id}.png`, width: 100, height: 50, patient: `p${id}` }));
  const annotations = [1, 2].map((id) => ({ id, image_id: id, category_id: 1, bbox: [10, 10, 20, 10], area: 200, iscrowd: 0 }));
  await writeFile(join(folder, "truth.json"), JSON.stringify({ images, annotations, categories: [{ id: 1, name: "bleed" }] }));
  const found = [1, 2].map((image_id) => ({ image_id, category_id: 1, bbox: [10, 10, 20, 10], score: 0.9 }));
  await writeFile(join(folder, "found.json"), JSON.stringify(found));
  for (const id of [1, 2]) await writeFile(join(folder, "labels", `im${id}.txt`), "0 0.2 0.3 0.2 0.2 0.9\n");
});
afterAll(() => rm(folder, { recursive: true }));

const run = (name: string, flags: MetricsFlags) =>
  metrics(join(folder, name), { reference: join(folder, "truth.json"), resamples: "100", ...flags }, silentContext());

test("COCO results and a folder of YOLO's text files give the same figures", async () => {
  const [coco, yolo] = [await run("found.json", {}), await run("labels", {})];
  const figures = ({ json }: typeof coco) => (json as { figures: { metric: string; estimate: number | null }[] }).figures;
  expect(figures(coco).find(({ metric }) => metric === "AP50")!.estimate).toBe(1);
  expect(figures(yolo)).toEqual(figures(coco));
});

test("options of masks and of tables are refused beside boxes", async () => {
  await expect(run("found.json", { empty: "one" })).rejects.toThrow("--empty: goes with masks");
  await expect(run("labels", { permutations: "10" })).rejects.toThrow("--permutations: goes with predictions in a CSV file");
  await expect(run("found.json", { cluster: ["a", "b"] })).rejects.toThrow("--cluster: must be one column for boxes");
  await expect(run("found.json", { id: ["image"] })).rejects.toThrow("--id: names a column of --cases; got image without.");
  await expect(run("found.json", { level: "2" })).rejects.toThrow('--level: must be less than 1; got "2".');
});
