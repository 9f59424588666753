import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, rm, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { firstDifference } from "../core/difference.ts";
import { UserError } from "../core/errors.ts";
import { canonicalJson, sha256 } from "../core/hash.ts";
import { readJson } from "../data/dataset.ts";
import { fileFault, isPartial, writeAtomic } from "../data/files.ts";

/** Everything that a stage's result depends on; two runs with equal parts give equal files. Plain JSON. */
export const partsSchema = z.strictObject({
  stage: z.string(),
  /** Version of hemosynth. */
  version: z.string(),
  seed: z.int(),
  /** The backend that was asked for; null for a stage that needs none. */
  backend: z.string().nullable(),
  options: z.json(),
  /** SHA-256 over each folder or file that it reads. */
  inputs: z.record(z.string(), z.string()),
});
export type Parts = z.output<typeof partsSchema>;

/** Where and with what a stage was computed. Not part of the key: the same run may be continued after an update of Node. */
const madeSchema = z.strictObject({
  node: z.string(),
  platform: z.string(),
  backend: z.strictObject({ name: z.string(), versions: z.record(z.string(), z.string()) }).nullable(),
});
export type Made = z.output<typeof madeSchema>;

/** A file that a stage wrote. */
export const outputSchema = z.strictObject({ sha256: z.string(), bytes: z.int().min(0) });
export type Outputs = Readonly<Record<string, z.output<typeof outputSchema>>>;

/** The content of `stage.json`, written last: a stage folder without it is not whole. Holds no times. */
export const recordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  key: z.string(),
  parts: partsSchema,
  made: madeSchema,
  headline: z.string(),
  summary: z.record(z.string(), z.json()),
  /** Every file that the stage wrote, by path relative to its folder. */
  outputs: z.record(z.string(), outputSchema),
});
export type StageRecord = z.output<typeof recordSchema>;

/** The content of `stage.partial.json`, there from a stage's first moment until `stage.json` is written. */
const partialSchema = z.strictObject({ key: z.string(), parts: partsSchema });

const recordName = "stage.json";
const partialName = "stage.partial.json";
/** Files that may differ from run to run, and our own. */
const unlisted: ReadonlySet<string> = new Set([recordName, partialName, "log.jsonl", "timings.json"]);

/** SHA-256 that names a stage's result before it is computed. */
export function keyOf(parts: Parts): string {
  return sha256(canonicalJson(parts));
}

/** What a stage folder holds, seen from what is wanted now. */
export type FolderState =
  | { readonly state: "absent" }
  | { readonly state: "current"; readonly record: StageRecord }
  | { readonly state: "partial"; readonly sameKey: boolean; readonly why: string }
  | { readonly state: "outdated"; readonly why: string }
  | { readonly state: "damaged"; readonly why: string }
  | { readonly state: "foreign" };

/** Looks at a stage folder; reads and hashes every file that its record lists. */
export async function inspectStage(folder: string, wanted: Parts): Promise<FolderState> {
  const names = await namesIn(folder);
  if (names === null || names.length === 0) return { state: "absent" };
  if (names.includes(partialName)) {
    const partial = await readJson(join(folder, partialName), partialSchema, "remove the folder").catch(() => null);
    const why = partial === null ? "unreadable" : difference(partial.parts, wanted);
    return { state: "partial", sameKey: partial?.key === keyOf(wanted), why };
  }
  if (!names.includes(recordName)) return { state: "foreign" };
  const record = await readRecord(folder).catch(() => null);
  if (record === null) return { state: "damaged", why: `${recordName} cannot be read` };
  if (record.key !== keyOf(wanted)) return { state: "outdated", why: difference(record.parts, wanted) };
  const why = await damage(folder, record.outputs);
  return why === null ? { state: "current", record } : { state: "damaged", why };
}

/** Whether a stage's folder says that it is whole; looks at no file of it. */
export async function isWhole(folder: string): Promise<boolean> {
  const names = (await namesIn(folder)) ?? [];
  return names.includes(recordName) && !names.includes(partialName);
}

/** @throws {UserError} (data) If there is no valid `stage.json`. */
export async function readRecord(folder: string): Promise<StageRecord> {
  return await readJson(join(folder, recordName), recordSchema, "run the stage again");
}

/** True for the files that hold a folder's lock. */
function isLock(path: string): boolean {
  return path.startsWith(".hemosynth.lock");
}

/** Names in a folder, those of its lock left out; null where there is no folder. @throws {UserError} (data) If it is no folder. */
export async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return (await readdir(folder)).filter((name) => !isLock(name));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw fileFault(folder, "read", error, "choose another --out");
  }
}

/** Why the listed files are not what they were, or null. Sizes are compared before anything is hashed. */
export async function damage(folder: string, outputs: Outputs): Promise<string | null> {
  const entries = Object.entries(outputs);
  for (const [path, { bytes }] of entries) {
    const found = await stat(join(folder, path)).catch(() => null);
    if (found === null) return `${path} is missing`;
    if (found.size !== bytes) return `${path} was changed`;
  }
  for (const [path, output] of entries) {
    if ((await hashFile(join(folder, path))) !== output.sha256) return `${path} was changed`;
  }
  return null;
}

/** The first thing in which two sets of parts differ, in words. */
export function difference(before: Parts, now: Parts): string {
  if (before.version !== now.version) return `made by hemosynth ${before.version}, this is ${now.version}`;
  if (before.seed !== now.seed) return `seed was ${before.seed}, now ${now.seed}`;
  const option = changedOption(before.options, now.options);
  if (option !== null) return option;
  if (before.backend !== now.backend) return `backend was ${before.backend}, now ${now.backend}`;
  const names = new Set([...Object.keys(before.inputs), ...Object.keys(now.inputs)]);
  const input = [...names].find((name) => before.inputs[name] !== now.inputs[name]);
  return input === undefined ? "same" : `${input} has changed`;
}

/** `train.steps was 5, now 9`: the first place where two sets of options differ, or null. */
export function changedOption(before: unknown, now: unknown): string | null {
  const change = firstDifference(before, now);
  return change && `${change.path} was ${change.was}, now ${change.is}`;
}

/** Marks a folder as begun with these parts. */
export async function markBegun(folder: string, parts: Parts): Promise<void> {
  await writeAtomic(join(folder, partialName), `${canonicalJson({ key: keyOf(parts), parts }, 1)}\n`);
}

/** Writes `stage.json` and takes the mark of an unfinished stage away. */
export async function markWhole(folder: string, record: StageRecord): Promise<void> {
  await writeAtomic(join(folder, recordName), `${canonicalJson(record, 1)}\n`);
  await rm(join(folder, partialName), { force: true });
}

/** Empties a stage folder that hemosynth made. @throws {UserError} (data) If it is a link: what it leads to may not be ours. */
export async function clearStage(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => null);
  if (found === null) return;
  if (found.isSymbolicLink())
    throw new UserError("data", `${folder}: must be a folder to be replaced; got a symbolic link. Remove it.`);
  try {
    for (const name of (await namesIn(folder)) ?? []) await rm(join(folder, name), { recursive: true });
  } catch (error) {
    throw fileFault(folder, "write", error);
  }
}

/** Every file of a stage folder with its hash, and the files that it wrote beside (`../report.html`). Left-overs of killed writes are removed. */
export async function listOutputs(folder: string, beside: readonly string[]): Promise<Outputs> {
  const files = (await filesUnder(folder)).filter((path) => !unlisted.has(basename(path)));
  const outputs: Record<string, z.output<typeof outputSchema>> = {};
  for (const path of [...files, ...beside]) {
    const file = join(folder, path);
    if (isPartial(basename(path))) await rm(file, { force: true });
    else outputs[path] = { sha256: await hashFile(file), bytes: (await stat(file)).size };
  }
  return outputs;
}

/**
 * Paths of all files under a folder but its lock, relative, with forward slashes, sorted by code unit. Links to folders are not followed.
 * @param recursive - False: only those that lie in it itself.
 */
export async function filesUnder(folder: string, recursive = true): Promise<string[]> {
  const entries = await readdir(folder, { recursive, withFileTypes: true }).catch((error: unknown) => {
    throw fileFault(folder, "read", error, "check the path");
  });
  const paths = [];
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const isFile = entry.isFile() || (entry.isSymbolicLink() && !(await leadsToFolder(file)));
    if (isFile) paths.push(relative(folder, file).replaceAll("\\", "/"));
  }
  return paths.filter((path) => !isLock(path)).sort((a, b) => (a < b ? -1 : 1));
}

/** False for a link that leads nowhere: whoever reads it says so. */
async function leadsToFolder(link: string): Promise<boolean> {
  return (await stat(link).catch(() => null))?.isDirectory() ?? false;
}

/** SHA-256 of a file's bytes, lower-case hex. @throws {UserError} (data) If it cannot be read. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    throw fileFault(file, "read", error, "check the path");
  }
  return hash.digest("hex");
}
