import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { silentContext } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { seededRng } from "../../core/rng.ts";
import type { Voxels } from "../../core/volume.ts";
import { writeNifti } from "../../data/nifti.ts";
import { encodeGreyPng } from "../../data/png.ts";
import { masksOptions } from "./options.ts";
import { masksJsonSchema, masksSchema } from "./results.ts";
import { maskFiles, runMasks } from "./stage.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-masks-"));
});
afterAll(() => rm(folder, { recursive: true }));

const shape: Vec3 = [8, 7, 5];
const affine = axisAlignedAffine(shape, [0.8, 0.8, 4]);
const put = (path: string, data: Voxels, more: { shape?: Vec3; affine?: typeof affine } = {}) =>
  writeNifti(join(folder, path), { data, shape, affine, ...more });
const noise = (seed: number, values = 1) => {
  const rng = seededRng(seed);
  return Uint8Array.from({ length: 280 }, () => (rng.uniform() < 0.3 ? 1 + rng.below(values) : 0));
};
const run = (reference: string, predictions: string, more: object = {}, options: object = {}) =>
  runMasks(
    {
      predictions: join(folder, predictions),
      reference: join(folder, reference),
      compare: [],
      cases: null,
      out: null,
      ...more,
      options: masksOptions.parse({ resamples: 100, ...options }),
    },
    silentContext(),
  );

/** Six cases of three patients in `ref`, `a` and `b`. */
async function study(name: string, values = 1): Promise<void> {
  for (let i = 0; i < 6; i++) {
    const id = `sub-${i % 3}_run-${i}`;
    await put(`${name}/ref/sub-${i % 3}/anat/${id}_label-lesion_mask.nii.gz`, noise(i, values));
    await put(`${name}/a/${id}.nii.gz`, noise(100 + i, values));
    await put(`${name}/b/${id}_pred.nii`, noise(200 + i, values));
  }
}

test("writes five files, the same bytes again, and returns what stands in metrics.json", async () => {
  await study("bytes");
  const asked = (out: string) => run("bytes/ref", "bytes/a", { compare: [join(folder, "bytes/b")], out: join(folder, out) });
  const results = await asked("one");
  await asked("two");
  expect((await readdir(join(folder, "one"))).sort()).toEqual([...maskFiles].sort());
  for (const name of maskFiles)
    expect(await readFile(join(folder, "one", name))).toEqual(await readFile(join(folder, "two", name)));
  expect(masksSchema.parse(JSON.parse(await readFile(join(folder, "one/metrics.json"), "utf8")))).toEqual(results);
  expect([results.cases, results.patients, results.patientsBy]).toEqual([6, 3, "sub"]);
  const rows = parse(await readFile(join(folder, "one/cases.csv"), "utf8"), { columns: true }) as Record<string, string>[];
  expect(rows).toHaveLength(12);
  const dices = rows.filter((row) => row.predictions === join(folder, "bytes/a")).map((row) => Number(row.dice));
  const dice = results.figures.find(({ per, metric }) => per === "case" && metric === "dice")!;
  expect(dices.reduce((a, b) => a + b) / 6).toBeCloseTo(dice.estimate!, 12);
});

test("labels each have their figures; several without a word are refused", async () => {
  await study("labels", 3);
  const { content, figures } = await run("labels/ref", "labels/a", {}, { labels: [1, 3] });
  expect(content.map(({ label }) => label)).toEqual([1, 3]);
  expect(new Set(figures.map(({ label }) => label))).toEqual(new Set([1, 3]));
  await expect(run("labels/ref", "labels/a")).rejects.toThrow(
    "masks must hold one value beside 0, or labels must be named; got 1, 2, 3. Give --label 1 2 3",
  );
  const absent = await run("labels/ref", "labels/a", {}, { labels: [7] });
  expect(absent.figures.find(({ per, metric }) => per === "case" && metric === "dice")!.reason).toBe(
    "no case has a lesion in either mask",
  );
});

test("probability maps: masks from the threshold on, and a FROC curve", async () => {
  await put("prob/ref/x.nii.gz", noise(1));
  await put(
    "prob/maps/x_lesionprob.nii.gz",
    Float32Array.from(noise(1), (v) => (v === 1 ? 0.7 : 0.2)),
  );
  const { froc, figures } = await run("prob/ref", "prob/maps", {}, { threshold: 0.5 });
  expect(figures.find(({ per, metric }) => per === "pooled" && metric === "dice")!.estimate).toBe(1);
  expect(
    froc.map(({ threshold, sensitivity }) => [threshold, sensitivity.estimate]).filter(([t]) => t === 0.7 || t === 0.75),
  ).toEqual([
    [0.7, 1],
    [0.75, 0],
  ]);
  await put(
    "prob/bad/x.nii.gz",
    Float32Array.from(noise(1), (v) => 2 * v),
  );
  await expect(run("prob/ref", "prob/bad", {}, { threshold: 0.5 })).rejects.toThrow(
    "bad/x.nii.gz: a probability must be in [0, 1]; got 0 to 2.",
  );
  await expect(run("prob/ref", "prob/maps")).rejects.toThrow(
    /x_lesionprob.nii.gz: labels must be whole numbers.* If it is a probability map, give --threshold\.$/,
  );
});

test("pictures of slices: pixel size from the option, volumes with a thickness alone", async () => {
  for (const [i, at] of ["ref/s1.png", "ref/s2.png", "a/s1.png", "a/s2.png"].entries()) {
    await mkdir(join(folder, "png", at, ".."), { recursive: true });
    await writeFile(join(folder, "png", at), await encodeGreyPng({ data: noise(i).map((v) => 255 * v), width: 20, height: 14 }));
  }
  await expect(run("png/ref", "png/a")).rejects.toThrow("a picture says nothing of its pixel size; got no --spacing.");
  const flat = await run("png/ref", "png/a", {}, { spacing: [0.8, 0.8] });
  expect(flat.figures.some(({ per, metric }) => per === "slice" || metric.includes("_ml"))).toBe(false);
  const thick = await run("png/ref", "png/a", {}, { spacing: [0.8, 0.8, 4] });
  expect(thick.figures.some(({ metric }) => metric === "volume_error_ml")).toBe(true);
  const hd = (found: typeof flat) => found.figures.find(({ metric }) => metric === "hd_mm")!.estimate;
  expect(hd(thick)).toBe(hd(flat));
});

test("bad input is refused with the file, as a fault of the data", async () => {
  await put("bad/ref/x.nii.gz", noise(1));
  const fails = async (name: string, rule: string, reference = "bad/ref") => {
    const error = await run(reference, name).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect([(error as UserError).fault, (error as Error).message]).toEqual(["data", expect.stringContaining(rule)]);
    expect((error as Error).message).toContain(folder);
  };
  await put("bad/shape/x.nii.gz", noise(1), { shape: [7, 8, 5] });
  await fails("bad/shape", "shape/x.nii.gz: a prediction must be on its reference's grid of 8 x 7 x 5; got 7 x 8 x 5.");
  await put("bad/moved/x.nii.gz", noise(1), {
    affine: affine.map((v, i) => (i === 3 ? v + 0.5 : v)) as unknown as typeof affine,
  });
  await fails(
    "bad/moved",
    "moved/x.nii.gz: a prediction must be on its reference's grid of 8 x 7 x 5; got a corner 0.62 voxels away.",
  );
  await put(
    "bad/soft/x.nii.gz",
    Float32Array.from(noise(1), (v) => 0.4 * v),
  );
  await fails("bad/soft", "soft/x.nii.gz: labels must be whole numbers from 0 to 65535; got 0.4");
  await put(
    "bad/nan/x.nii.gz",
    Float32Array.from(noise(1), (v) => (v === 1 ? Number.NaN : 0)),
  );
  await fails("bad/nan", "nan/x.nii.gz: labels must be whole numbers");
  await mkdir(join(folder, "bad/empty"), { recursive: true });
  await fails("bad/empty", "empty: must hold NIfTI files, as the reference; got none.");
  await fails("bad/ref", "empty: references must be NIfTI volumes, or pictures of slices; got neither.", "bad/empty");
  await fails("bad/none", "none: could not read: no such file or folder");
  await put("bad/torn/x.nii.gz", noise(1));
  const bytes = await readFile(join(folder, "bad/torn/x.nii.gz"));
  await writeFile(join(folder, "bad/torn/x.nii.gz"), bytes.subarray(0, bytes.length - 20));
  await fails("bad/torn", "torn/x.nii.gz: ");
  await put("bad/mixed/x.nii.gz", noise(1));
  await put("bad/mixed/y.nii.gz", noise(1), { shape: [20, 14, 1] });
  await fails(
    "bad/mixed",
    "y.nii.gz: cases must all be volumes, or all lone slices; got a lone slice, and a volume in",
    "bad/mixed",
  );
});

test("rounding of the affine and a stored scale are no other place and no other mask", async () => {
  await put("round/ref/x.nii.gz", noise(1));
  await put("round/a/x.nii.gz", Float32Array.from(noise(1)), {
    affine: affine.map((v) => v * (1 + 1e-6)) as unknown as typeof affine,
  });
  const { figures } = await run("round/ref", "round/a");
  expect(figures.find(({ per, metric }) => per === "pooled" && metric === "dice")!.estimate).toBe(1);
});

test("options that do not go together, or would replace what is read", async () => {
  await put("opt/ref/x.nii.gz", noise(1));
  await expect(run("opt/ref", "opt/ref", {}, { threshold: 0.5, labels: [1, 2] })).rejects.toThrow(
    "--label: a probability map is of one label; got 1 2.",
  );
  await expect(run("opt/ref", "opt/ref", {}, { columns: { subgroup: "site" } })).rejects.toThrow(
    "--subgroup: names a column of --cases; got no --cases.",
  );
  await writeFile(join(folder, "cases.csv"), "id,patient\nx,A\n");
  await expect(run("opt/ref", "opt/ref", { cases: join(folder, "cases.csv"), out: folder })).rejects.toThrow(
    "--out: must not replace a file that is read",
  );
});

test("formulas, markup and TeX in names are inert", async () => {
  const name = "=cmd()<script>&_%";
  await put(`evil/ref/${name}.nii.gz`, noise(1));
  await put(`evil/ref/y.nii.gz`, noise(2));
  await writeFile(join(folder, "evil.csv"), `id,patient,site\n${name},+1,<b>|a\ny,@x,\\input{x}\n`);
  const out = join(folder, "evil/out");
  await run("evil/ref", "evil/ref", { cases: join(folder, "evil.csv"), out }, { columns: { subgroup: "site" } });
  const text = async (file: string) => await readFile(join(out, file), "utf8");
  for (const file of ["metrics.csv", "cases.csv"])
    expect((parse(await text(file)) as string[][]).flat().filter((cell) => /^[=+@\t\r]/.test(cell))).toEqual([]);
  expect(await text("cases.csv")).toContain("'=cmd()");
  expect(await text("metrics.md")).not.toMatch(/<(script|b)>/);
  const page = await text("report.html");
  expect(page).toContain("site=&lt;b&gt;|a");
  expect(page).not.toMatch(/<(script|b)>|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
  expect(
    (await text("metrics.tex"))
      .split("\n")
      .filter((line) => !line.startsWith("%"))
      .join("\n"),
  ).not.toMatch(/\\input|[^\\]%/);
});

test("the committed schema is current; mend: node dist/cli.js config schema masks > docs/schema/masks.schema.json", async () => {
  const file = resolve(import.meta.dirname, "../../../docs/schema/masks.schema.json");
  expect(`${JSON.stringify(masksJsonSchema(), null, 2)}\n`).toBe(await readFile(file, "utf8"));
});
