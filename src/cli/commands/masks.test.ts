import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axisAlignedAffine } from "../../core/affine.ts";
import { silentContext } from "../../core/context.ts";
import { writeNifti } from "../../data/nifti.ts";
import { type MetricsFlags, metrics } from "./metrics.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hemosynth-masks-cli-"));
  await mkdir(join(folder, "ref"));
  const shape = [4, 4, 2] as const;
  const affine = axisAlignedAffine(shape, [1, 1, 3]);
  for (const id of ["a", "b"]) {
    const data = Uint8Array.from({ length: 32 }, (_, i) => (i % 5 === (id === "a" ? 0 : 1) ? 1 : 0));
    await writeNifti(join(folder, "ref", `${id}.nii.gz`), { data, shape, affine });
  }
  await writeFile(join(folder, "p.csv"), "label,prob\n0,.1\n1,.9\n");
});
afterAll(() => rm(folder, { recursive: true }));

const run = (name: string, flags: MetricsFlags) => metrics(join(folder, name), flags, silentContext());
const reference = () => join(folder, "ref");

test("a folder or an image beside --reference is of masks", async () => {
  const { text, json } = await run("ref", {
    reference: reference(),
    resamples: "100",
    tolerance: ["1", "2.5"],
    match: "iou=.5",
    label: ["1"],
  });
  expect(text).toContain("Surface Dice at 2.5 mm");
  expect(text).toContain("IoU of at least 0.5, one to one");
  expect((json as { cases: number }).cases).toBe(2);
  const one = await run("ref/a.nii.gz", { reference: join(folder, "ref/b.nii.gz"), resamples: "100" });
  expect((one.json as { figures: { reason: string }[] }).figures[0]!.reason).toContain("at least 2 patients");
});

test("options that are wrong or of something else are named, with what was got", async () => {
  const fails = (name: string, flags: MetricsFlags, rule: string) => expect(run(name, flags)).rejects.toThrow(rule);
  await fails("ref", {}, "masks need --reference, the folder or file with the true ones; got none.");
  await fails("ref", { reference: reference(), truth: "label" }, "--truth: goes with predictions in a CSV file");
  await fails("ref", { reference: reference(), compareScore: "p" }, "--compare-score: goes with predictions in a CSV file");
  await fails("p.csv", { empty: "one" }, "--empty: goes with masks, in a folder or an image file;");
  await fails("p.csv", { reference: reference() }, "--reference: goes with boxes in a .json file, or with masks;");
  await fails("ref", { reference: reference(), match: "half" }, '--match: must be any, iou=.5 or dice=.5; got "half".');
  await fails("ref", { reference: reference(), match: "iou=2" }, '--match: must be at most 1; got "iou=2".');
  await fails("ref", { reference: reference(), tolerance: ["1", "x"] }, '--tolerance: must be a number; got "1 x".');
  await fails("ref", { reference: reference(), connectivity: "8" }, '--connectivity: must be 6, 18 or 26; got "8".');
  await fails("ref", { reference: reference(), sizes: ["1", "0.1"] }, '--sizes: must ascend; got "1 0.1".');
  await fails("ref", { reference: reference(), threshold: "youden" }, '--threshold: must be a number; got "youden".');
  await fails("ref", { reference: reference(), spacing: ["1", "-1"] }, '--spacing: must be more than 0; got "1 -1".');
  await fails("ref", { reference: reference(), resamples: "1.5" }, '--resamples: must be a whole number; got "1.5".');
  await fails("ref", { reference: reference(), cluster: ["woman"] }, "--cluster: names a column of --cases; got no --cases.");
  await fails("ref", { reference: reference(), id: ["a", "b"] }, "--id: must be one column of --cases; got a b.");
}); // biome-ignore format: lines of one kind
