import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../core/errors.ts";
import { canonicalJson } from "../core/hash.ts";
import type { Rectangle } from "../core/rectangle.ts";
import { ruleWords } from "../core/rule-words.ts";
import { readText, writeAtomic } from "./files.ts";
import { labelScheme } from "./label-schemes.ts";

/** A file of a dataset: path relative to the dataset's folder, with forward slashes and no `..`; SHA-256 of its bytes. */
export const fileRef = z.strictObject({
  path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type FileRef = z.output<typeof fileRef>;

/** Id of a case, a BIDS-like stem that names files: nothing of it can lead out of a folder. */
export const caseId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

/** A region of interest in one slice. */
const regionBox = z.strictObject({
  /** One of the dataset's `regions`. */
  name: z.string().min(1),
  /** Along the slice axis, from 0. */
  slice: z.int().min(0),
  /** `[x0, y0, x1, y1]`, half-open, pixels along the two in-plane array axes. */
  box: z
    .tuple([z.number().min(0), z.number().min(0), z.number(), z.number()])
    .refine(([x0, y0, x1, y1]) => x1 > x0 && y1 > y0, { message: "must be [x0, y0, x1, y1] with x0 < x1 and y0 < y1" }),
});
export type RegionBox = z.output<typeof regionBox>;

/** Where a region lies in its slice. */
export function placeOfRegion({ box: [left, top, right, bottom] }: Pick<RegionBox, "box">): Rectangle {
  return { left, top, right, bottom };
}

/** One volume or stack of one subject, with what is known of it. `null` is "not known" or "not there", never "none". */
export const caseSchema = z.strictObject({
  /** BIDS-like stem, unique in the dataset: `sub-01_ses-01_acq-axial_T2w`. Names every file made from the case. */
  id: caseId,
  subject: z.string().min(1),
  session: z.string().nullable(),
  /** Gestational age at the scan, weeks. */
  gestationalAge: z.number().min(10).max(45).nullable(),
  image: fileRef,
  /** Tissue label map on the image's grid, in the dataset's label scheme. */
  labels: fileRef.nullable(),
  /** That a tissue network drew the label map; absent for any other. */
  labelSource: z.literal("network").optional(),
  /** 1 inside the skull's inner table (brain and cerebrospinal fluid), on the image's grid. */
  brainMask: fileRef.nullable(),
  /** Not 0 where there is blood, on the image's grid, of which sort `lesionTypes` says; all zero for a case known to be healthy. */
  lesionMask: fileRef.nullable(),
  /** JSON of every drawn parameter of a synthetic case. */
  sidecar: fileRef.nullable(),
  shape: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  /** mm along the array axes. */
  spacing: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  /** Worst Papile grade of both sides: 0 healthy, 1-4; null when not known. */
  grade: z.int().min(0).max(4).nullable(),
  /** What the whole image shows: one of the dataset's `classes`. */
  class: z.string().min(1).optional(),
  /** Where the dataset's `regions` lie. One that is not listed is not seen. */
  boxes: z.array(regionBox).optional(),
  /** Of an ultrasound view, such as `transventricular`. */
  plane: z.string().min(1).optional(),
  /** Of a synthetic case: what was painted that looks like blood and is none, in words. */
  lookAlikes: z.array(z.string()).optional(),
  /** Ids of the normal cases that this one was made from; empty for an original. They share its subject. */
  sources: z.array(z.string()),
});
export type Case = z.output<typeof caseSchema>;

/** Something the integrity check noticed. Errors make `ingest` fail; warnings are kept with the dataset. */
export const findingSchema = z.strictObject({
  severity: z.enum(["warning", "error"]),
  case: z.string().nullable(),
  /** Short stable name of the rule, such as `affine-mismatch`. */
  rule: z.string(),
  message: z.string(),
});
export type Finding = z.output<typeof findingSchema>;

export const modalities = ["T2w", "US", "CT"] as const;
export type Modality = (typeof modalities)[number];

const names = z
  .array(z.string().min(1))
  .min(1)
  .refine((list) => new Set(list).size === list.length, { message: "must name each once" });

/** The content of `dataset.json`, written last: a folder without it is not a dataset. */
export const datasetSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string(),
  /** Folder that the file paths start from, relative to the folder of `dataset.json`: `.`, or where an ingested folder lies. */
  root: z.string().default("."),
  /** How the images were made; absent: T2-weighted MRI. */
  modality: z.enum(modalities).optional(),
  /** What `class` of a case may be, normal first. */
  classes: names.optional(),
  /** What boxes may be of. */
  regions: names.optional(),
  /** What the values 1, 2, … of lesion masks are; absent: every value above 0 is blood. */
  lesionTypes: names.optional(),
  labelScheme: labelScheme.nullable(),
  cases: z.array(caseSchema).min(1),
  findings: z.array(findingSchema),
});
export type Dataset = z.output<typeof datasetSchema>;

/** The content of `splits.json`: subjects, never images, so that no patient is on two sides. */
export const splitsSchema = z.strictObject({
  schemaVersion: z.literal(1),
  train: z.array(z.string()),
  val: z.array(z.string()),
  test: z.array(z.string()),
});
export type Splits = z.output<typeof splitsSchema>;
export const splitNames = ["train", "val", "test"] as const;
export type SplitName = (typeof splitNames)[number];

/** @throws {UserError} (data) If the folder has no valid dataset. */
export async function readDataset(folder: string): Promise<Dataset> {
  const dataset = await readJson(
    join(folder, "dataset.json"),
    datasetSchema,
    "run `hemosynth ingest` or `hemosynth phantom` to make one",
  );
  const problem = datasetProblem(dataset);
  if (problem !== null) throw new UserError("data", `${join(folder, "dataset.json")}: ${problem}. Make it again.`);
  return dataset;
}

/** What the parts of a dataset say against one another, or null. */
function datasetProblem({ cases, classes = [], regions = [] }: Dataset): string | null {
  const seen = new Set<string>();
  for (const c of cases) {
    if (seen.has(c.id)) return `case ids must be unique; got ${c.id} twice`;
    seen.add(c.id);
    if (c.class !== undefined && !classes.includes(c.class))
      return `the class of a case must be one of classes; got ${c.class} for ${c.id}`;
    const stray = c.boxes?.find(({ name, slice }) => !regions.includes(name) || slice >= Math.max(...c.shape));
    if (stray !== undefined)
      return `boxes must be of regions of the dataset and slices of the case; got ${stray.name} in slice ${stray.slice} of ${c.id}`;
  }
  return null;
}

/** @throws {UserError} (data) If the folder has no valid `splits.json`, or a subject is in two splits. */
export async function readSplits(folder: string): Promise<Splits> {
  const file = join(folder, "splits.json");
  const splits = await readJson(file, splitsSchema, "run ingest or phantom again");
  const all = splitNames.flatMap((name) => splits[name]);
  const twice = all.find((subject, i) => all.indexOf(subject) !== i);
  if (twice !== undefined)
    throw new UserError("data", `${file}: a subject may be in one split only; got ${twice} twice. Remove it from one of them.`);
  return splits;
}

export async function writeDataset(folder: string, dataset: Dataset): Promise<void> {
  await writeAtomic(join(folder, "dataset.json"), `${canonicalJson(dataset, 1)}\n`);
}

export async function writeSplits(folder: string, splits: Splits): Promise<void> {
  await writeAtomic(join(folder, "splits.json"), `${canonicalJson(splits, 1)}\n`);
}

/** The cases of one split, in the dataset's order. */
export function casesOfSplit(dataset: Dataset, splits: Splits, name: SplitName): Case[] {
  const subjects = new Set(splits[name]);
  return dataset.cases.filter((c) => subjects.has(c.subject));
}

/** Reads JSON and checks it. @throws {UserError} (data) Naming the file, the first broken rule and `wayOut`. */
export async function readJson<T>(file: string, schema: z.ZodType<T>, wayOut: string): Promise<T> {
  return parseJson(await readText(file, wayOut), file, schema, wayOut);
}

/** Checks JSON that was read from `file`. @throws {UserError} (data) Naming the file, the first broken rule and `wayOut`. */
export function parseJson<T>(text: string, file: string, schema: z.ZodType<T>, wayOut: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError("data", `${file}: must be JSON; got something that is not. Restore it, or ${wayOut}.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const rule = ruleWords(issue);
  const got = issue.path.length === 0 || /\bgot\b/.test(rule) ? "" : `; got ${shownAt(value, issue.path)}`;
  throw new UserError("data", `${file}: ${issue.path.join(".") || "the whole file"}: ${rule}${got}. Restore it, or ${wayOut}.`);
}

/** What stands at a place of some JSON, at most 60 characters; `nothing` where there is none. */
function shownAt(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>((inner, key) => (inner as Readonly<Record<PropertyKey, unknown>> | null)?.[key], value);
  const text = JSON.stringify(found) ?? "nothing";
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
