import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { writeModelFolder } from "../../../test/helpers/model-folder.ts";
import { readyBackend } from "../../backend/ready.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
import { readCsv } from "../../data/csv.ts";
import { modelOptions } from "../../models/index.ts";
import { findJobs, readInput } from "./load.ts";
import { predictOptions } from "./options.ts";
import { runPredict } from "./stage.ts";

/** A grey picture of 6 x `height` pixels. */
async function writePicture(file: string, height: number, grey: number): Promise<void> {
  const raw = { width: 6, height, channels: 1 } as const;
  const picture = sharp(Buffer.alloc(6 * height, grey), { raw });
  await writeFile(file, await picture.png().toBuffer());
}

test("pictures of a folder become the stacks of examinations, where that is asked for", async () => {
  const input = await mkdtemp(join(tmpdir(), "hemosynth-frames-"));
  for (const [i, name] of ["x_COR1", "x_COR2", "x_SAG1", "y_COR1", "y_COR2"].entries())
    await writePicture(join(input, `${name}.png`), 4 + i, 10 * (i + 1));
  const options = predictOptions.parse({ gate: "none", pictureStacks: true, picturePixelMm: 0.25 });
  const jobs = await findJobs({ model: "", input, splits: null, out: "", options });
  expect(jobs.map(({ id, subject }) => [id, subject])).toEqual([["x", "x"], ["y", "y"]]); // biome-ignore format: one line
  const [x, y] = await Promise.all(jobs.map((job) => readInput(job, options, silentContext())));
  expect([x!.shape, y!.shape]).toEqual([[6, 6, 3], [6, 8, 2]]); // biome-ignore format: one line
  expect([0, 1, 2].map((z) => x!.data[36 * z + 15])).toEqual([10, 20, 30]);
  const alone = await findJobs({ model: "", input, splits: null, out: "", options: { ...options, pictureStacks: false } });
  expect(alone).toHaveLength(5);
});

test("frames go by the numbers in their names, attention.csv says which picture each was, and one line warns of all pixel sizes", async () => {
  const [input, model, out] = await Promise.all(
    ["in", "model", "out"].map((name) => mkdtemp(join(tmpdir(), `hemosynth-${name}-`))),
  );
  for (const frame of ["baby_1", "baby_10", "baby_11", "baby_2", "alone"])
    await writePicture(join(input!, `${frame}.png`), 6, 99);
  await readyBackend("cpu", silentReporter);
  const mil = modelOptions.parse({ kind: "mil", encoder: { kind: "miniresnet", widths: [2, 3] } });
  await writeModelFolder(model!, mil, ["bleed", "attention"], 32);
  const warnings: string[] = [];
  const context = { ...silentContext(), reporter: { ...silentReporter, warn: (line: string) => warnings.push(line) } };
  const options = predictOptions.parse({ pictureStacks: true });
  await runPredict({ model: model!, input: input!, splits: null, out: out!, options }, context);
  const { columns, rows } = readCsv(await readFile(join(out!, "attention.csv"), "utf8"), "attention.csv", "");
  expect(columns).toEqual(["subject", "case", "slice", "attention", "logit", "picture"]);
  expect(rows.map(({ cells }) => [cells[1], cells[2], cells[5]])).toEqual([
    ["alone", "0", "alone.png"],
    ["baby", "0", "baby_1.png"],
    ["baby", "1", "baby_2.png"],
    ["baby", "2", "baby_10.png"],
    ["baby", "3", "baby_11.png"],
  ]);
  expect(warnings).toEqual([
    `${input}: pictures do not tell their pixel size; 1 mm is taken for all 5. Set predict.picturePixelMm.`,
  ]);
});

test("a folder without an image says what is in it", async () => {
  const input = await mkdtemp(join(tmpdir(), "hemosynth-empty-"));
  const refused = () => findJobs({ model: "", input, splits: null, out: "", options: predictOptions.parse({ gate: "none" }) });
  const message = (got: string) =>
    `${input}: must be, or hold, .nii, .nii.gz, .png, .jpg or .tif files, or DICOM slices; got ${got}. Name another path; subfolders are not searched.`;
  await expect(refused()).rejects.toMatchObject({ fault: "data", message: message("an empty folder") });
  await writeFile(join(input, "notes.txt"), "");
  await expect(refused()).rejects.toMatchObject({ message: message("notes.txt") });
  await writeFile(join(input, "more.txt"), "");
  await expect(refused()).rejects.toMatchObject({ message: message("2 others") });
});
