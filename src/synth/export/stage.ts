import { basename, join, resolve } from "node:path";
import { type StageContext, type StageResult, throwIfStopped } from "../../core/context.ts";
import { many } from "../../core/words.ts";
import { assertApart, assertEmpty } from "../../data/apart.ts";
import { type Case, type Dataset, type FileRef, readDataset, readSplits, type SplitName, type Splits, splitNames } from "../../data/dataset.ts"; // biome-ignore format: one line
import { dataFault, oneLine } from "../../data/faults.ts";
import { writeAtomic } from "../../data/files.ts";
import { type Grid, ontoGrid } from "../../data/grid.ts";
import { decodeNifti, encodeNifti, toLabels } from "../../data/nifti.ts";
import { readRecorded } from "../../data/recorded.ts";
import { packageVersion } from "../../data/version.ts";
import { bidsFormat } from "./bids.ts";
import { cocoFormat } from "./coco.ts";
import type { ExportAbout, ExportItem, Format, FormatName, OutFile } from "./format.ts";
import { nnunetFormat } from "./nnunet.ts";
import { pngFormat } from "./png.ts";
import { yoloFormat } from "./yolo.ts";

/** What {@link runExport} needs. */
export interface ExportRun {
  /** Folder of a dataset with lesion masks: of `synth`, or ingested. */
  readonly data: string;
  /** Folder to fill; must be empty. */
  readonly out: string;
  readonly format: FormatName;
}

/**
 * Writes a dataset in the format of another program. Patients keep their split. One case is in memory at a time; what makes
 * the folder whole for that program is written last.
 *
 * @throws {UserError} (data) If a file is missing or changed, or no case has a lesion mask; (usage) if `out` is not empty or not apart from `data`.
 * @throws {StoppedError} If the user asks to stop.
 */
export async function runExport(
  { data, out, format: name }: ExportRun,
  { reporter, signal }: StageContext,
): Promise<StageResult> {
  await assertApart(data, out);
  await assertEmpty(out);
  const about = { dataset: await readDataset(data), splits: await readSplits(data), version: packageVersion() };
  const chosen = chosenCases(about, data, reporter.warn);
  const format = makeFormat(name, about);
  const entries: unknown[] = [];
  for (const [done, [c, split]] of chosen.entries()) {
    throwIfStopped(signal);
    reporter.progress("export", done, chosen.length);
    const { files, entry } = await format.caseFiles(await readItem(join(data, about.dataset.root), c, split));
    await writeAll(out, files);
    entries.push(entry);
  }
  await writeAll(out, format.indexFiles(entries));
  reporter.progress("export", chosen.length, chosen.length);
  remark(name, out, reporter);
  const counts = Object.fromEntries(splitNames.map((split) => [split, chosen.filter(([, s]) => s === split).length]));
  return {
    headline: `${many(chosen.length, "stack")} as ${name} (${splitNames.map((split) => `${counts[split]} ${split}`).join(", ")})`,
    summary: { format: name, stacks: chosen.length, splits: counts },
  };
}

/** The format of that name. Entries are handed back to the format that made them, so their type stays inside. */
function makeFormat(name: FormatName, about: ExportAbout): Format<unknown> {
  switch (name) {
    case "bids":
      return bidsFormat(about) as Format<unknown>;
    case "png":
      return pngFormat(about) as Format<unknown>;
    case "nnunet":
      return nnunetFormat(about) as Format<unknown>;
    case "coco":
      return cocoFormat(about) as Format<unknown>;
    case "yolo":
      return yoloFormat(about) as Format<unknown>;
    default:
      return name satisfies never;
  }
}

/** Says what the reader of a format has to know or do. */
function remark(name: FormatName, out: string, { info, warn }: StageContext["reporter"]): void {
  if (name === "png")
    info(
      `${out}: pictures are 16-bit with the voxels' own values: most viewers show them almost black. coco and yolo have 8-bit ones.`,
    );
  if (name !== "nnunet") return;
  const folder = basename(resolve(out));
  const fits = /^Dataset\d{3}_.+$/.test(folder);
  if (!fits) warn(`${out}: nnU-Net needs a folder in nnUNet_raw named as Dataset501_Name; got ${oneLine(folder)}. Rename it.`);
  const target = join("nnUNet_preprocessed", fits ? folder : "DatasetNNN_Name");
  info(
    `${join(out, "splits_final.json")}: nnU-Net takes this split from ${target} alone: copy it there after planning, before training.`,
  );
}

/** The cases in a split whose lesions are known, with their split. */
function chosenCases({ dataset, splits }: { dataset: Dataset; splits: Splits }, where: string, warn: (line: string) => void) {
  const splitOf = new Map<string, SplitName>(
    splitNames.flatMap((name) => splits[name].map((subject) => [subject, name] as const)),
  );
  const inSplit = dataset.cases.filter((c) => splitOf.has(c.subject));
  const known = inSplit.filter((c) => c.lesionMask !== null);
  const file = join(where, "dataset.json");
  if (known.length === 0)
    throw dataFault(
      file,
      "an export needs cases with lesion masks",
      `${inSplit.length} without`,
      "Name a dataset that synth made, or ingest lesion masks",
    );
  if (inSplit.length < dataset.cases.length)
    warn(`${file}: left out ${many(dataset.cases.length - inSplit.length, "case")} of subjects in no split.`);
  if (known.length < inSplit.length)
    warn(`${file}: left out ${many(inSplit.length - known.length, "case")} without a lesion mask.`);
  return known.map((c) => [c, splitOf.get(c.subject)!] as const);
}

async function readItem(root: string, c: Case, split: SplitName): Promise<ExportItem> {
  const image = await readVolumeOf(root, c.image);
  const brain = c.brainMask && (await readMaskOf(root, c.brainMask, image.volume));
  const sidecar = c.sidecar && (await readRecorded(root, c.sidecar)).toString("utf8");
  const lesion = await readMaskOf(root, c.lesionMask!, image.volume);
  const files = { image: image.zipped, lesion: lesion.zipped, brain: brain?.zipped ?? null };
  return { case: c, split, image: image.volume, lesion: lesion.volume, files, sidecar };
}

/** A volume, and its file zipped: as it is, where it is zipped already. */
async function readVolumeOf(root: string, ref: FileRef) {
  const bytes = await readRecorded(root, ref);
  const { volume } = await decodeNifti(bytes, join(root, ref.path));
  return { volume, zipped: ref.path.toLowerCase().endsWith(".gz") ? bytes : encodeNifti(volume, true) };
}

async function readMaskOf(root: string, ref: FileRef, image: Grid) {
  const { volume, zipped } = await readVolumeOf(root, ref);
  const file = join(root, ref.path);
  return {
    volume: ontoGrid(toLabels(volume, file), image, file, "a mask must be on its image's grid", "Run ingest again"),
    zipped,
  };
}

async function writeAll(out: string, files: readonly OutFile[]): Promise<void> {
  for (const { path, content } of files) await writeAtomic(join(out, path), content);
}
