import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { temporaryFolder, writeDiscDataset } from "../../../test/helpers/disc-dataset.ts";
import { silentContext, silentReporter } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { extractSlice, type Image } from "../../core/volume.ts";
import { type Case, type Dataset, readDataset, readSplits, splitNames, writeDataset, writeSplits } from "../../data/dataset.ts";
import { readLabels, readVolume, writeNifti } from "../../data/nifti.ts";
import { readPicture } from "../../data/png.ts";
import { type FormatName, formatNames } from "./format.ts";
import { runLengths } from "./rle.ts";
import { runExport } from "./stage.ts";

let data = "";
let dataset: Dataset;
const shape = [22, 18, 5] as const; // not square: a swapped axis shows

beforeAll(async () => {
  data = await temporaryFolder("export");
  await writeDiscDataset(data, { cases: 4, shape: [...shape], seed: 1 });
  await writeSplits(data, { schemaVersion: 1, train: ["sub-01", "sub-02"], val: ["sub-00"], test: ["sub-03"] });
  dataset = await readDataset(data);
});

async function exported(format: FormatName, from = data): Promise<string> {
  const out = join(await temporaryFolder("exported"), "out");
  await runExport({ data: from, out, format }, silentContext());
  return out;
}

/** Every slice of the dataset's lesion masks, by the name of its picture. */
async function masks(): Promise<Map<string, { split: string; mask: Image<Uint16Array> }>> {
  const splits = await readSplits(data);
  const all = new Map<string, { split: string; mask: Image<Uint16Array> }>();
  for (const c of dataset.cases) {
    const lesion = await readLabels(join(data, c.lesionMask!.path));
    const split = splitNames.find((name) => splits[name].includes(c.subject))!;
    for (let k = 0; k < shape[2]; k++) all.set(`${c.id}_slice-00${k}`, { split, mask: extractSlice(lesion, 2, k) });
  }
  return all;
}

describe("what is read back is what the dataset holds", () => {
  test("png: slices and masks, voxel by voxel, in the patient's split", async () => {
    const out = await exported("png");
    const [head, ...rows] = (await readFile(join(out, "slices.csv"), "utf8")).trimEnd().split("\n");
    expect(rows.length).toBe(4 * shape[2]);
    expect(head!.split(",").slice(0, 4)).toEqual(["image", "mask", "split", "case"]);
    const expected = await masks();
    const stacks = new Map(
      await Promise.all(dataset.cases.map(async (c) => [c.id, await readVolume(join(data, c.image.path))] as const)),
    );
    for (const [image, mask, split, id, , , slice] of rows.map((line) => line.split(","))) {
      const { split: own, mask: truth } = expected.get(`${id}_slice-00${slice}`)!;
      expect(split).toBe(own);
      expect(await readPicture(join(out, image!))).toEqual(extractSlice(stacks.get(id!)!, 2, Number(slice)));
      expect((await readPicture(join(out, mask!))).data).toEqual(Float32Array.from(truth.data, (v) => 255 * v));
    }
  });

  test("coco: run lengths, areas and boxes of the patches make up the masks", async () => {
    const out = await exported("coco");
    const expected = await masks();
    for (const split of splitNames) {
      const coco = JSON.parse(await readFile(join(out, `annotations/instances_${split}.json`), "utf8"));
      for (const image of coco.images) {
        const name = image.file_name.replace(/^.*\/(.*)\.png$/, "$1");
        const { split: own, mask } = expected.get(name)!;
        expect(split).toBe(own);
        const { width, height } = await readPicture(join(out, "images", image.file_name));
        expect([image.width, image.height]).toEqual([width, height]);
        const union = new Uint16Array(mask.data.length);
        for (const patch of coco.annotations.filter((a: { image_id: number }) => a.image_id === image.id)) {
          const own = decodeRuns(patch.segmentation.counts, width, height);
          expect(own.reduce((a, b) => a + b, 0)).toBe(patch.area);
          const [x, y, w, h] = patch.bbox;
          for (const [i, v] of own.entries()) {
            if (v === 0) continue;
            expect(i % width >= x && i % width < x + w && Math.floor(i / width) >= y && Math.floor(i / width) < y + h).toBe(true);
            union[i]! += 1;
          }
        }
        expect(union).toEqual(mask.data);
        expected.delete(name);
      }
      const ids = coco.annotations.map((a: { id: number }) => a.id);
      expect(new Set(ids).size).toBe(ids.length);
    }
    expect(expected.size).toBe(0);
  });

  test("yolo: boxes read back to the pixel, in the patient's split; slices without blood have an empty file", async () => {
    const out = await exported("yolo");
    const yaml = await readFile(join(out, "data.yaml"), "utf8");
    let boxes = 0;
    for (const [name, { split, mask }] of await masks()) {
      expect(yaml).toContain(`\n${split}: images/${split}\n`);
      await readPicture(join(out, "images", split, `${name}.png`));
      const lines = (await readFile(join(out, "labels", split, `${name}.txt`), "utf8")).split("\n").filter(Boolean);
      const covered = new Uint16Array(mask.data.length);
      for (const line of lines) {
        const [kind, cx, cy, w, h] = line.split(" ").map(Number) as [number, number, number, number, number];
        expect(kind).toBe(0);
        const edges = [
          (cx - w / 2) * mask.width,
          (cx + w / 2) * mask.width,
          (cy - h / 2) * mask.height,
          (cy + h / 2) * mask.height,
        ];
        for (const edge of edges) expect(Math.abs(edge - Math.round(edge))).toBeLessThan(1e-4);
        const [x0, x1, y0, y1] = edges.map(Math.round) as [number, number, number, number];
        for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) covered[x + mask.width * y] = 1;
        boxes++;
      }
      expect(mask.data.every((v, i) => v === 0 || covered[i] === 1)).toBe(true);
      if (!mask.data.includes(1)) expect(lines).toEqual([]);
    }
    expect(boxes).toBeGreaterThan(4);
  });

  test("coco and yolo: types of lesions by the value of the mask, then regions, under the names of dataset.json", async () => {
    const { from, expected, typed } = await typedDataset();
    const names = [...typed.lesionTypes!, ...typed.regions!];
    const [coco, yolo] = [await exported("coco", from), await exported("yolo", from)];
    expect(await yoloNames(yolo)).toEqual(names);
    for (const split of splitNames) {
      const { categories, images, annotations } = JSON.parse(
        await readFile(join(coco, `annotations/instances_${split}.json`), "utf8"),
      );
      expect(categories).toEqual(names.map((name, i) => ({ id: i + 1, name, supercategory: i < 3 ? "lesion" : "region" })));
      for (const { id, file_name, width, height } of images) {
        const name = file_name.replace(/^.*\/(.*)\.png$/, "$1");
        const { mask, boxes } = expected.get(name)!;
        const read = new Uint16Array(mask.data.length);
        const own = annotations.filter((a: { image_id: number }) => a.image_id === id);
        for (const { category_id, segmentation, area, bbox } of own) {
          if (category_id > 3) expect([area, segmentation]).toEqual([bbox[2] * bbox[3], undefined]);
          else for (const [i, v] of decodeRuns(segmentation.counts, width, height).entries()) read[i]! += category_id * v;
        }
        expect(read).toEqual(mask.data);
        const boxed = own.filter((a: { category_id: number }) => a.category_id > 3);
        const shown = boxed.map(({ category_id, bbox: [x, y, w, h] }: { category_id: number; bbox: number[] }) => {
          return [names[category_id - 1], x, y, x! + w!, y! + h!];
        });
        expect(shown).toEqual(boxes);
        const lines = (await readFile(join(yolo, "labels", split, `${name}.txt`), "utf8")).split("\n").filter(Boolean);
        expect(lines.map((line) => yoloBox(line, names, width, height))).toEqual(
          own.map(({ category_id, bbox: [x, y, w, h] }: { category_id: number; bbox: number[] }) => {
            return [names[category_id - 1], x, y, x! + w!, y! + h!];
          }),
        );
        expected.delete(name);
      }
    }
    expect(expected.size).toBe(0);
  });

  test("nnunet: files to the byte, train and val named as ours, test apart", async () => {
    const out = await exported("nnunet");
    const about = JSON.parse(await readFile(join(out, "dataset.json"), "utf8"));
    expect(about).toMatchObject({ labels: { background: 0, hemorrhage: 1 }, numTraining: 3, file_ending: ".nii.gz" });
    const [fold] = JSON.parse(await readFile(join(out, "splits_final.json"), "utf8"));
    expect(fold).toEqual({ train: ["sub-01_T2w", "sub-02_T2w"], val: ["sub-00_T2w"] });
    for (const { id, image, lesionMask } of dataset.cases) {
      const suffix = id === "sub-03_T2w" ? "Ts" : "Tr";
      expect(await readFile(join(out, `images${suffix}/${id}_0000.nii.gz`))).toEqual(await readFile(join(data, image.path)));
      expect(await readFile(join(out, `labels${suffix}/${id}.nii.gz`))).toEqual(await readFile(join(data, lesionMask!.path)));
    }
  });

  test("nnunet: types of lesions by their values, and the channel by its modality: of CT nnU-Net keeps HU", async () => {
    const from = await changed({ modality: "CT", lesionTypes: ["subdural", "epidural"] });
    const about = JSON.parse(await readFile(join(await exported("nnunet", from), "dataset.json"), "utf8"));
    expect(about).toMatchObject({ channel_names: { "0": "CT" }, labels: { background: 0, subdural: 1, epidural: 2 } });
  });

  test("bids: files to the byte, each patient's split, cases that would share a name as runs", async () => {
    const twin = { ...dataset.cases[0]!, id: "sub-00_twin_T2w" };
    const from = await changed({ cases: [...dataset.cases, twin] });
    const out = await exported("bids", from);
    expect(JSON.parse(await readFile(join(out, "dataset_description.json"), "utf8"))).toMatchObject({
      DatasetType: "derivative",
    });
    expect(await readFile(join(out, "participants.tsv"), "utf8")).toBe(
      "participant_id\tsplit\nsub-00\tval\nsub-01\ttrain\nsub-02\ttrain\nsub-03\ttest\n",
    );
    expect(await readdir(join(out, "sub-00/anat"))).toEqual(
      expect.arrayContaining(["sub-00_run-1_T2w.nii.gz", "sub-00_run-2_T2w.nii.gz", "sub-00_run-1_desc-lesion_mask.nii.gz"]),
    );
    expect(await readFile(join(out, "sub-03/anat/sub-03_T2w.nii.gz"))).toEqual(
      await readFile(join(data, dataset.cases[3]!.image.path)),
    );
  });
});

/** The dataset with three types of lesions, of which the last is nowhere and the first two touch, and boxes of one region of two; what each slice then has. */
async function typedDataset() {
  const cases: Case[] = [];
  const expected = new Map<string, { mask: Image<Uint16Array>; boxes: (string | number)[][] }>();
  for (const [n, c] of dataset.cases.entries()) {
    const lesion = await readLabels(join(data, c.lesionMask!.path));
    const values = lesion.data.map((v, i) => (v === 0 ? 0 : 1 + (i % shape[0] < 9 ? 0 : 1)));
    const path = `images/${c.id}_typed.nii.gz`;
    const { sha256 } = await writeNifti(join(data, path), { ...lesion, data: Uint8Array.from(values) });
    const box: [number, number, number, number] = [1.5, 2, 9 + n, 7.25];
    cases.push({ ...c, lesionMask: { path, sha256 }, ...(n === 0 ? {} : { boxes: [{ name: "no", slice: 2, box }] }) });
    for (let k = 0; k < shape[2]; k++) {
      const mask = extractSlice({ ...lesion, data: Uint16Array.from(values) }, 2, k);
      expected.set(`${c.id}_slice-00${k}`, { mask, boxes: n > 0 && k === 2 ? [["no", ...box]] : [] });
    }
  }
  expect(new Set([...expected.values()].flatMap(({ mask }) => [...mask.data]))).toEqual(new Set([0, 1, 2]));
  const typed = { lesionTypes: ["subdural", "dark: deep", "unseen"], regions: ["thalami", "no"], cases }; // "no" means false in YAML 1.1
  return { from: await changed(typed), expected, typed };
}

/** The names of data.yaml, in the order of their numbers. */
async function yoloNames(folder: string): Promise<unknown[]> {
  const { names } = parse(await readFile(join(folder, "data.yaml"), "utf8"), { version: "1.1" });
  return Object.keys(names).map((_, i) => names[i]);
}

/** Name and corners of a line, to a thousandth of a pixel. */
function yoloBox(line: string, names: readonly string[], width: number, height: number): (string | number)[] {
  const [kind, cx, cy, w, h] = line.split(" ").map(Number) as [number, number, number, number, number];
  const corners = [(cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height];
  return [names[kind]!, ...corners.map((v) => Math.round(1e3 * v) / 1e3)];
}

/** Pixels of uncompressed COCO run lengths, row by row. */
function decodeRuns(counts: readonly number[], width: number, height: number): number[] {
  const columns = counts.flatMap((n, i) => Array.from({ length: n }, () => i % 2));
  expect(columns.length).toBe(width * height);
  return Array.from({ length: width * height }, (_, i) => columns[(i % width) * height + Math.floor(i / width)]!);
}

test("run lengths of any label image read back", () => {
  const rng = seededRng(5);
  for (let n = 0; n < 50; n++) {
    const [width, height] = [1 + rng.below(7), 1 + rng.below(7)];
    const labels = Array.from({ length: width * height }, () => rng.below(3));
    for (const label of [1, 2])
      expect(decodeRuns(runLengths(labels, width, height, label), width, height)).toEqual(
        labels.map((v) => (v === label ? 1 : 0)),
      );
  }
});

/** The dataset with something else in its dataset.json, in a folder beside the same files. */
async function changed(more: Partial<Dataset>): Promise<string> {
  const folder = await temporaryFolder("changed");
  await writeDataset(folder, { ...dataset, ...more, root: join("..", data.split("/").at(-1)!) });
  await writeSplits(folder, await readSplits(data));
  return folder;
}

describe("what cannot be exported is one line, and no folder looks whole", () => {
  const fault = (from: string, format: FormatName, out: string) =>
    runExport({ data: from, out, format }, silentContext()).then(() => "exported", (error: Error) => error.message); // biome-ignore format: one line
  const wholeFiles: Record<FormatName, string> = {
    bids: "dataset_description.json", png: "slices.csv", nnunet: "dataset.json", coco: "annotations", yolo: "data.yaml",
  }; // biome-ignore format: a table

  test.each(formatNames)("%s: a file that changed or is missing", async (format) => {
    const last = dataset.cases[3]!;
    const out = await temporaryFolder("half");
    const other = { ...last, lesionMask: { ...last.lesionMask!, sha256: "0".repeat(64) } };
    expect(await fault(await changed({ cases: [...dataset.cases.slice(0, 3), other] }), format, out)).toMatch(
      /sub-03_lesion\.nii\.gz: must be the file that the dataset was made with; got another content\. Restore it, or make the dataset again\.$/,
    );
    expect((await readdir(out)).length).toBeGreaterThan(0);
    expect(await readdir(out)).not.toContain(wholeFiles[format]);
    expect(await fault(data, format, out)).toMatch(/an export needs an empty folder; got one with .*\. Choose another --out\.$/);
  });

  test("no lesion masks, an output inside the input, values that 16 bits do not hold, labels that BIDS cannot tell apart", async () => {
    const out = join(await temporaryFolder("none"), "out");
    const blind = await changed({ cases: dataset.cases.map((c) => ({ ...c, lesionMask: null })) });
    expect(await fault(blind, "png", out)).toMatch(/dataset\.json: an export needs cases with lesion masks; got 4 without\./);
    expect(await fault(data, "png", join(data, "export"))).toContain("must be apart from what is read; got inside the folder");
    const half = await readVolume(join(data, dataset.cases[0]!.image.path));
    const path = "images/half.nii.gz";
    const { sha256 } = await writeNifti(join(data, path), { ...half, data: half.data.map((v) => v / 2) });
    const first = { ...dataset.cases[0]!, image: { path, sha256 } };
    expect(await fault(await changed({ cases: [first, ...dataset.cases.slice(1)] }), "png", out)).toMatch(
      /images\/half\.nii\.gz: 16-bit PNG holds whole numbers from 0 to 65535; got \d+\.5\./,
    );
    const rename = (subjects: readonly string[]): Case[] =>
      dataset.cases.map((c, i) => ({ ...c, subject: subjects[i] ?? c.subject }));
    const twins = await changed({ cases: rename(["a-1", "a1"]) });
    await writeSplits(twins, { schemaVersion: 1, train: ["a-1", "a1", "sub-02", "sub-03"], val: [], test: [] });
    expect(await fault(twins, "bids", out)).toMatch(/must tell patients and sessions apart; got a-1 and a1, both sub-a1\./);
    const nameless = await changed({ cases: rename(["--"]) });
    expect(await fault(nameless, "bids", out)).toMatch(/BIDS labels need letters or digits; got "--"\./);
  });

  test.each(["coco", "yolo"] as const)("%s: a mask's value without a type, a box beyond its slice", async (format) => {
    const out = join(await temporaryFolder("odd"), "out");
    const { typed } = await typedDataset();
    expect(await fault(await changed({ ...typed, lesionTypes: ["subdural"] }), format, out)).toMatch(
      /_typed\.nii\.gz: values must be 0 to 1, as many as dataset\.json has lesionTypes; got 2\. Name the type/,
    );
    const wide = {
      ...dataset.cases[0]!,
      boxes: [{ name: "no", slice: 0, box: [1, 1, 23, 2] as [number, number, number, number] }],
    };
    expect(await fault(await changed({ regions: ["no"], cases: [wide] }), format, out)).toMatch(
      /boxes of sub-00_T2w in dataset\.json: boxes must lie in the picture, 22 x 18; got no at 1, 1, 23, 2\. Correct/,
    );
  });

  test("cases without a mask or in no split are left out with a warning", async () => {
    const cases = dataset.cases.map((c, i) => (i === 0 ? { ...c, lesionMask: null } : c));
    const from = await changed({ cases });
    await writeSplits(from, { schemaVersion: 1, train: ["sub-00", "sub-01"], val: ["sub-02"], test: [] });
    const warnings: string[] = [];
    const reporter = { ...silentReporter, warn: (line: string) => warnings.push(line) };
    const out = join(await temporaryFolder("some"), "out");
    const { summary } = await runExport({ data: from, out, format: "nnunet" }, { ...silentContext(), reporter });
    expect(summary).toEqual({ format: "nnunet", stacks: 2, splits: { train: 1, val: 1, test: 0 } });
    expect(warnings.join()).toMatch(/left out 1 case of subjects in no split.*left out 1 case without a lesion mask/);
  });

  test("a name in the dataset cannot forge a line of data.yaml", async () => {
    const out = await exported("yolo", await changed({ name: "x\ntrain: /etc" }));
    expect((await readFile(join(out, "data.yaml"), "utf8")).split("\n").filter((line) => line.startsWith("train:"))).toEqual([
      "train: images/train",
    ]);
    const named = await exported("yolo", await changed({ lesionTypes: ["x\ntrain: /etc", "b\u2028train: /etc"] }));
    expect(await yoloNames(named)).toEqual(["x\\ntrain: /etc", "b\\u{2028}train: /etc"]);
  });
});

test("what a reader has to know is said: 16 bits look black, nnU-Net's folder name and where its split goes", async () => {
  const linesOf = async (format: FormatName, name: string) => {
    const lines: string[] = [];
    const reporter = {
      ...silentReporter,
      info: (line: string) => lines.push(`i ${line}`),
      warn: (line: string) => lines.push(`w ${line}`),
    };
    const out = join(await temporaryFolder("said"), name);
    await runExport({ data, out, format }, { ...silentContext(), reporter });
    return lines.map((line) => line.replace(out, "OUT"));
  };
  expect(await linesOf("png", "out")).toEqual([expect.stringMatching(/^i OUT: pictures are 16-bit .* almost black/)]);
  expect(await linesOf("coco", "out")).toEqual([]);
  const move = (folder: string) => expect.stringContaining(`from ${join("nnUNet_preprocessed", folder)} alone: copy it there`);
  expect(await linesOf("nnunet", "Dataset501_Blood")).toEqual([move("Dataset501_Blood")]);
  expect(await linesOf("nnunet", "blood")).toEqual([
    "w OUT: nnU-Net needs a folder in nnUNet_raw named as Dataset501_Name; got blood. Rename it.",
    move("DatasetNNN_Name"),
  ]);
});

test("the same dataset gives the same bytes", async () => {
  for (const format of formatNames) {
    const [a, b] = [await exported(format), await exported(format)];
    const names = (await readdir(a, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name).slice(a.length)); // biome-ignore format: one line
    for (const name of names) expect(await readFile(join(a, name))).toEqual(await readFile(join(b, name)));
  }
});
