import { rm, stat } from "node:fs/promises";
import { basename, join, posix, relative, resolve, sep } from "node:path";
import { type StageContext, type StageResult, throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { seededRng } from "../../core/rng.ts";
import { many } from "../../core/words.ts";
import {
  type Case,
  type Dataset,
  type FileRef,
  type Finding,
  type Splits,
  splitNames,
  writeDataset,
  writeSplits,
} from "../dataset.ts";
import { dicomFiles } from "../dicom.ts";
import { dataFault, oneLine } from "../faults.ts";
import { fileFault } from "../files.ts";
import type { Fingerprint } from "../fingerprint.ts";
import { imageKind, mayBeDicom } from "../image-name.ts";
import { leaks } from "../leaks.ts";
import { writeNifti } from "../nifti.ts";
import { readRegularFile } from "../regular-file.ts";
import { type SplitOptions, splitSubjects, splitWords, subjectsOf } from "../splits.ts";
import { type CheckedCase, checkCase } from "./check.ts";
import { errorOf, warningOf } from "./findings.ts";
import { isTable, parseTable, type Table } from "./gestational-age.ts";
import { type Companion, companions, layoutOf, matching } from "./layout.ts";
import type { FolderOptions, IngestOptions } from "./options.ts";
import { outsideFolder } from "./patterns.ts";
import { type Plan, type PlannedCase, planFolder } from "./plan.ts";
import { readCaseFile } from "./read.ts";
import { byCodeUnit, listFiles } from "./walk.ts";

/** What to ingest, and where the dataset goes. */
export interface IngestJob {
  /** Folder that gets `dataset.json` and `splits.json`; volumes stay where they are, pictures become volumes in `pictures/`, DICOM series in `volumes/`. */
  readonly out: string;
  readonly options: IngestOptions;
  readonly split: SplitOptions;
  /** Decides which subjects go to which split, where `split` gives fractions. */
  readonly seed: number;
}

/**
 * Turns a folder of volumes and pictures into a dataset: finds images and what belongs to them, checks every file, divides the subjects.
 * Pictures are written again as volumes one voxel thick, and DICOM series as one volume, so that all that reads datasets reads NIfTI alone.
 *
 * @throws {UserError} (data) With every error found, a line for each; nothing is written then.
 */
export async function runIngest({ out, options, split, seed }: IngestJob, context: StageContext): Promise<StageResult> {
  const plan = await readPlan(options);
  const root = commonFolder(options.path, out, plan);
  const checked = await checkAll(options, plan, root, context);
  const cases = checked.flatMap((c) => c.case ?? []);
  const findings = [...plan.findings, ...checked.flatMap((c) => c.findings), ...duplicateFindings(cases)];
  const dataset: Dataset = {
    schemaVersion: 1,
    name: options.name ?? (basename(resolve(options.path)) || "dataset"),
    root: posixPath(relative(resolve(out), root)) || ".",
    ...(checked.every(({ modality }) => modality === "CT") ? { modality: "CT" as const } : {}),
    labelScheme: cases.some((c) => c.labels) ? options.labels.scheme : null,
    cases,
    findings,
  };
  const splits = splitSubjects(seededRng(seed).fork("split"), subjectsOf(cases), split);
  const all = [...findings, ...splitFindings(dataset, splits, split, checked)];
  refuseErrors(options.path, all);
  warnOf(all, context);
  await rm(join(out, "dataset.json"), { force: true }); // the folder is not whole until this run is done
  const stored = await storeImages({ out, options }, plan, cases, root, context);
  await writeSplits(out, splits);
  await writeDataset(out, { ...dataset, cases: stored, findings: all });
  return resultOf(cases, splits, split, all);
}

/**
 * How many images a folder has, found by name alone; no volume is read.
 *
 * @throws {UserError} (data) As {@link runIngest}, with what can be told from names and tables.
 */
export async function countImages(options: IngestOptions): Promise<number> {
  const { cases, findings } = await readPlan(options);
  refuseErrors(options.path, findings);
  return cases.length;
}

async function readPlan(options: IngestOptions): Promise<Plan> {
  await checkFolder(options.path);
  const { files: all, unreadable } = await listFiles(options.path);
  const files = await withSeries(options.path, all);
  const layout = layoutOf(options, files);
  const patterns = companions.flatMap((kind) => layout.companions[kind]);
  const outside = new Set(patterns.map(outsideFolder).filter((folder) => folder !== null));
  const found = new Set(files);
  for (const folder of outside) {
    await checkFolder(join(options.path, folder));
    for (const file of (await listFiles(join(options.path, folder))).files) found.add(posix.join(folder, file));
  }
  const tables: Table[] = [];
  for (const file of files.filter(isTable))
    tables.push(parseTable(file, (await readRegularFile(join(options.path, file))).toString("utf8")));
  const plan = planFolder([...found].sort(byCodeUnit), tables, options);
  if (plan.cases.length === 0) {
    throw noImages(files, options);
  }
  return { ...plan, findings: [...unreadable.map((line) => errorOf("unreadable", null, line)), ...plan.findings] };
}

/** The files, with the folder in place of the DICOM slices that lie in it: `scan/` for `scan/1.dcm`, `scan/2.dcm`. */
async function withSeries(folder: string, files: readonly string[]): Promise<string[]> {
  const slices = new Set<string>();
  const series: string[] = [];
  for (const dir of new Set(files.filter(mayBeDicom).map((file) => posix.dirname(file)))) {
    const found = await dicomFiles(join(folder, dir));
    if (found.length > 0) series.push(`${dir}/`);
    for (const name of found) slices.add(posix.join(dir, name));
  }
  return [...files.filter((file) => !slices.has(file)), ...series].sort(byCodeUnit);
}

/** Says which patterns found nothing, and of the files one folder down or deeper, how many they would find there. */
function noImages(files: readonly string[], { path, image }: FolderOptions): UserError {
  const deeper = image.filter((pattern) => !pattern.startsWith("**/")).map((pattern) => `**/${pattern}`);
  const inFolders = matching(files, deeper).length;
  const pictures = files.filter((file) => imageKind(file) === "picture").length;
  if (pictures > 0 && inFolders === 0) {
    const rule = "must hold volumes (.nii or .nii.gz), or pictures whose pixel size is given";
    return dataFault(path, rule, `${many(pictures, "picture")} without`, "Set data.pictures.pixelMm and data.pictures.plane, or list them in a slices.csv"); // biome-ignore format: one line
  }
  const rule = image.length > 0 ? ` that match data.image, ${image.join(" or ")}` : "";
  const got = `none among ${files.length} files${inFolders > 0 ? `, but ${inFolders} in folders below` : ""}`;
  const wayOut =
    inFolders > 0
      ? `Set data.image to "${deeper.join('", "')}", or leave it out: BIDS folders are known`
      : 'Correct data.path, or name the images by data.image, such as "**/*_T2w.nii.gz"';
  return dataFault(path, `must hold images (.nii, .nii.gz or folders of DICOM slices)${rule}`, got, wayOut);
}

async function checkFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch((error: unknown) => {
    throw fileFault(folder, "read", error, "check the path");
  });
  if (!stats.isDirectory()) throw dataFault(folder, "must be a folder", "a file", "Give the folder that holds the images");
}

/** The deepest folder that holds every file of the dataset: its paths start there and never go up. */
function commonFolder(folder: string, out: string, plan: Plan): string {
  const volumes = plan.cases.filter((c) => c.place === null);
  let common = resolve(plan.cases.every(isRewritten) ? out : folder);
  const files = volumes.flatMap((c) => [c.labels, c.brainMask, c.lesionMask].filter((file) => file !== null));
  const kept = [...files.map((file) => resolve(folder, file)), ...(plan.cases.some(isRewritten) ? [resolve(out)] : [])];
  for (const file of kept) {
    while (relative(common, file).startsWith("..")) common = resolve(common, "..");
  }
  return common;
}

/** Whether an image is written again as a NIfTI volume, so that all that reads datasets reads NIfTI alone. */
const isRewritten = ({ image }: Pick<PlannedCase, "image">): boolean => imageKind(image) !== "nifti";

/** Writes pictures with what belongs to them, and DICOM series, as volumes; all else stays where it lies. */
async function storeImages(
  { out, options }: Pick<IngestJob, "out" | "options">,
  plan: Plan,
  cases: readonly Case[],
  root: string,
  { signal }: StageContext,
): Promise<Case[]> {
  const planned = new Map(plan.cases.map((c) => [c.id, c]));
  const store = async ({ id, place, ...files }: PlannedCase, kind: "image" | Companion): Promise<FileRef> => {
    const { volume } = await readCaseFile(options.path, files[kind]!, kind, place);
    const file = join(out, place === null ? "volumes" : "pictures", kind === "image" ? `${id}.nii.gz` : `${id}_${kind}.nii.gz`);
    const { sha256 } = await writeNifti(file, { ...volume, data: wholeNumbers(volume.data, place === null) });
    return { path: posixPath(relative(root, resolve(file))), sha256 };
  };
  const stored: Case[] = [];
  for (const c of cases) {
    throwIfStopped(signal);
    const from = planned.get(c.id)!;
    if (!isRewritten(from)) stored.push(c);
    else if (from.place === null) stored.push({ ...c, image: await store(from, "image") });
    else {
      const belonging: Partial<Record<Companion, FileRef>> = {};
      for (const kind of companions) if (c[kind] !== null) belonging[kind] = await store(from, kind);
      stored.push({ ...c, image: await store(from, "image"), ...belonging });
    }
  }
  return stored;
}

/** Pixels as 16-bit numbers; of a series with a sign, and as they are where they do not fit. */
function wholeNumbers(data: Float32Array, isSigned: boolean): Uint16Array | Int16Array | Float32Array {
  if (!isSigned) return Uint16Array.from(data, Math.round);
  return data.every((value) => Math.abs(value) < 32767) ? Int16Array.from(data, Math.round) : data;
}

function posixPath(path: string): string {
  return path.split(sep).join("/");
}

/** Checks every case, a few at a time; the result is in the plan's order whatever finishes first. */
async function checkAll(options: FolderOptions, plan: Plan, root: string, context: StageContext): Promise<CheckedCase[]> {
  const results: CheckedCase[] = new Array(plan.cases.length);
  const pathOf = (file: string) => posixPath(relative(root, resolve(options.path, file)));
  let [next, done] = [0, 0];
  const work = async () => {
    for (let i = next++; i < plan.cases.length; i = next++) {
      throwIfStopped(context.signal);
      const nameOf = plan.cases[i]!.place === null ? pathOf : (file: string) => file; // a picture's own path, until it is written as a volume
      results[i] = await checkCase(options.path, plan.cases[i]!, options.labels.scheme, nameOf);
      context.reporter.progress("check", ++done, plan.cases.length, plan.cases[i]!.id);
    }
  };
  // Unzipping runs on Node's own threads; more than a few volumes at once only costs memory.
  await Promise.all(Array.from({ length: Math.min(4, Math.max(1, context.workers)) }, work));
  return results;
}

function duplicateFindings(cases: readonly Case[]): Finding[] {
  const first = new Map<string, Case>();
  const findings: Finding[] = [];
  for (const c of cases) {
    const other = first.get(c.image.sha256);
    if (!other) first.set(c.image.sha256, c);
    else {
      const report = other.subject === c.subject ? warningOf : errorOf;
      const message = `${c.image.path}: an image must be there once; got the same bytes in ${other.image.path}. Remove one.`;
      findings.push(report("duplicate-image", c.id, message));
    }
  }
  return findings;
}

function splitFindings(
  dataset: Dataset,
  splits: Splits,
  { folds }: Pick<SplitOptions, "folds">,
  checked: readonly CheckedCase[],
): Finding[] {
  const fingerprints = new Map<string, Fingerprint>();
  const ids = new Set(dataset.cases.map((c) => c.id));
  const unique = ids.size === dataset.cases.length; // else an id does not say whose fingerprint it is, and that is an error already
  for (const { case: c, fingerprint } of unique ? checked : []) if (c && fingerprint) fingerprints.set(c.id, fingerprint);
  const findings = leaks({ dataset, splits, folds: folds !== null, where: "splits.json", fingerprints }).map((leak) =>
    errorOf("leak", null, `splits: ${leak}`),
  );
  const used = new Set(splitNames.flatMap((name) => splits[name]));
  const unused = subjectsOf(dataset.cases).filter(({ id }) => !used.has(id));
  const empty = splitNames.filter((name) => splits[name].length === 0);
  if (empty.length > 0 && folds === null) {
    const message = `splits: train, val and test should each have a subject; got none in ${empty.join(" and ")}. Add subjects, or set split.`;
    findings.push(warningOf("small-split", null, message));
  }
  if (unused.length > 0) {
    const list = unused.map(({ id }) => id).join(", ");
    findings.push(
      warningOf("subject-unused", null, `splits: every subject should be in a split; got none for ${list}. Add them to split.`),
    );
  }
  return findings;
}

function refuseErrors(folder: string, findings: readonly Finding[]): void {
  const errors = findings.filter((finding) => finding.severity === "error");
  if (errors.length === 0) return;
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  const lines = errors.map(({ rule, message }) => `  [${rule}] ${message}`);
  throw new UserError("data", [`${oneLine(folder)}: ${count} in the data; no dataset was written.`, ...lines].join("\n"));
}

/** One line a rule: a folder of a hundred files with the same quirk is one thing to know. */
function warnOf(findings: readonly Finding[], context: StageContext): void {
  const byRule = new Map<string, Finding[]>();
  for (const finding of findings) byRule.set(finding.rule, [...(byRule.get(finding.rule) ?? []), finding]);
  for (const [rule, [first, ...others]] of byRule) {
    context.reporter.warn(
      `[${rule}] ${first!.message}${others.length > 0 ? ` And ${others.length} more like it, see dataset.json.` : ""}`,
    );
  }
}

function resultOf(cases: readonly Case[], splits: Splits, split: SplitOptions, findings: readonly Finding[]): StageResult {
  const subjects = subjectsOf(cases).length;
  const counts = Object.fromEntries(splitNames.map((name) => [name, splits[name].length]));
  const headline = `${many(cases.length, "case")} of ${many(subjects, "subject")} (${splitWords(splits, split)}); ${many(findings.length, "warning")}`;
  const withFile = (kind: "labels" | "brainMask" | "lesionMask") => cases.filter((c) => c[kind] !== null).length;
  return {
    headline,
    summary: {
      cases: cases.length,
      subjects,
      splits: counts,
      warnings: findings.length,
      labels: withFile("labels"),
      brainMasks: withFile("brainMask"),
      lesionMasks: withFile("lesionMask"),
    },
  };
}
