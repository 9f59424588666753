import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentContext } from "../../../core/context.ts";
import { readDataset } from "../../../data/dataset.ts";
import { readVolume } from "../../../data/nifti.ts";
import { splitOptions } from "../../../data/splits.ts";
import { cranialUltrasoundOptions } from "./options.ts";
import { runCranialUltrasound } from "./stage.ts";

const options = (more: Record<string, unknown>) =>
  cranialUltrasoundOptions.parse({
    kind: "cranial-ultrasound",
    subjects: 3,
    pixels: 96,
    coronal: 3,
    sagittal: 2,
    grades: { kind: "free", I: 1 },
    ...more,
  });
const split = splitOptions.parse({});

async function made(workers: number) {
  const out = await mkdtemp(join(tmpdir(), "cranial-ultrasound-"));
  const result = await runCranialUltrasound(
    { out, options: options({ prevalence: 0.34 }), split, seed: 2 },
    silentContext(workers),
  );
  return { out, result };
}

test("the same bytes for any number of workers; one volume an exam, bleeds in an exact number", async () => {
  const one = await made(1);
  const two = await made(2);
  const files = (await readdir(one.out, { recursive: true })).filter((file) => /\.(json|gz)$/.test(file)).sort();
  expect(files.length).toBe(3 * 4 + 2);
  for (const file of files) expect(await readFile(join(two.out, file)), file).toEqual(await readFile(join(one.out, file)));
  const { cases, modality, classes } = await readDataset(one.out);
  expect([modality, classes]).toEqual(["US", ["normal", "bleed"]]);
  const bleeding = cases.filter((c) => c.class === "bleed");
  expect(bleeding).toHaveLength(1);
  expect(cases[0]!.shape).toEqual([96, 96, 5]);
  for (const c of cases) {
    const mask = await readVolume(join(one.out, c.lesionMask!.path));
    if (c.class === "normal") expect(mask.data.some((v) => v > 0)).toBe(false);
  }
}, 300_000);

test("impossible options are refused", () => {
  const fault = (more: Record<string, unknown>) =>
    cranialUltrasoundOptions.safeParse({ kind: "cranial-ultrasound", ...more }).error?.issues[0]?.message;
  expect(fault({ age: [33, 26] })).toBe("must be [low, high] with low <= high");
  expect(fault({ prevalence: 1.2 })).toContain("<=1");
});
