import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { StageResult } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { canonicalJson, sha256 } from "../../core/hash.ts";
import { fileFault, makeFolder } from "../../data/files.ts";
import { isAlive } from "../lock.ts";
import { damage, type Outputs, outputSchema } from "../record.ts";

// CACHE/v1/KEY/: the files of one result, each named by the SHA-256 of its content, and entry.json, which says where they go. An entry is
// written aside and renamed, so it is there whole or not at all, whoever else writes and whenever a process is killed. Nothing is locked.

/** A folder that keeps results of stages. */
export interface Cache {
  readonly folder: string;
  /** Bytes that all entries together may have; those used longest ago go first. */
  readonly limit: number;
}

const hex = z.string().regex(/^[0-9a-f]{64}$/);

/** A path inside a stage's folder, or a file just outside of it, such as `../report.html`. */
const path = z
  .string()
  .refine((text) => !/^\/|\\|(^|\/)\.\.(\/|$)/.test(text.replace(/^\.\.\//, "")), "must stay beside the stage");

const entrySchema = z.strictObject({
  stage: z.string(),
  headline: z.string(),
  summary: z.record(z.string(), z.json()),
  outputs: z.record(path, outputSchema.extend({ sha256: hex })),
});
/** What a cache holds of one result. */
export type Entry = z.output<typeof entrySchema>;

/** The content of `entry.json`. */
const fileSchema = z.strictObject({ sha256: hex, entry: entrySchema });

/** A result as it lies in a cache. */
export interface Kept {
  readonly key: string;
  readonly stage: string;
  readonly headline: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly lastUsed: number;
}

/** What a cache says of a key. */
export type Found =
  | { readonly state: "none" }
  | { readonly state: "damaged"; readonly why: string }
  | { readonly state: "whole"; readonly entry: Entry };

const entryName = "entry.json";
/** Milliseconds after which what a process of another machine left half done is taken for dead. */
const abandonedAfter = 86_400_000;

const rootOf = ({ folder }: Pick<Cache, "folder">) => join(folder, "v1");
const placeOf = (cache: Cache, key: string) => join(rootOf(cache), key);

/** Makes a cache's folder where it is missing. @throws {UserError} (data) If it cannot be. */
export async function openCache(cache: Cache): Promise<Cache> {
  await makeFolder(rootOf(cache));
  return cache;
}

/** Looks a result up, and notes that it was used. Its files are not read before {@link takeOut}. */
export async function lookUp(cache: Cache, key: string): Promise<Found> {
  const place = placeOf(cache, key);
  const text = await readFile(join(place, entryName), "utf8").catch(() => null);
  if (text === null)
    return (await stat(place).catch(() => null)) === null
      ? { state: "none" }
      : { state: "damaged", why: `${entryName} is missing` };
  const entry = parseEntry(text);
  if (entry === null) return { state: "damaged", why: `${entryName} was changed` };
  const now = new Date();
  await utimes(join(place, entryName), now, now).catch(() => {}); // of a cache that others own
  return { state: "whole", entry };
}

function parseEntry(text: string): Entry | null {
  try {
    const file = fileSchema.parse(JSON.parse(text));
    return sha256(canonicalJson(file.entry)) === file.sha256 ? file.entry : null;
  } catch {
    return null;
  }
}

/** Copies the files of an entry to where its stage would have written them, and hashes the copies. @returns Why they are not what they must be; null: they are. */
export async function takeOut(cache: Cache, key: string, { outputs }: Entry, out: string): Promise<string | null> {
  for (const [to, output] of Object.entries(outputs)) {
    const file = join(out, to);
    const aside = join(dirname(file), `.${randomUUID()}.partial`);
    try {
      await makeFolder(dirname(file));
      await copyFile(join(placeOf(cache, key), output.sha256), aside, constants.COPYFILE_FICLONE);
      await rename(aside, file);
    } catch (error) {
      await rm(aside, { force: true }).catch(() => {});
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return `${to} is missing`;
      throw fileFault(file, "write", error);
    }
  }
  return await damage(out, outputs);
}

/**
 * Keeps a result and then removes what was used longest ago, until the limit is kept to. Another process may have kept the same one: first come, first kept.
 * @param out - The stage's folder, which holds `outputs`.
 * @returns False for one that is larger than the cache may be.
 */
export async function keep(
  cache: Cache,
  key: string,
  out: string,
  stage: string,
  outputs: Outputs,
  result: StageResult,
): Promise<boolean> {
  const { headline, summary } = result;
  const entry = { stage, headline, summary: JSON.parse(JSON.stringify(summary)) as Entry["summary"], outputs };
  if (bytesOf(entry) > cache.limit) return false;
  const aside = join(rootOf(cache), `.${hostname()}.${process.pid}.${randomUUID()}`);
  try {
    await makeFolder(rootOf(cache));
    await mkdir(aside);
    for (const [from, output] of Object.entries(outputs))
      await copyFile(join(out, from), join(aside, output.sha256), constants.COPYFILE_FICLONE);
    await writeFile(join(aside, entryName), `${canonicalJson({ sha256: sha256(canonicalJson(entry)), entry }, 1)}\n`);
    await rename(aside, placeOf(cache, key)).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error; // else it is there already
    });
  } catch (error) {
    throw fileFault(cache.folder, "write", error, "results are not kept");
  } finally {
    await rm(aside, { recursive: true, force: true }).catch(() => {});
  }
  await prune(cache);
  return true;
}

/** Bytes of the files of an entry, each content once. */
function bytesOf({ outputs }: Pick<Entry, "outputs">): number {
  const files = new Map(Object.values(outputs).map(({ sha256: name, bytes }) => [name, bytes]));
  return [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** What a cache holds, used last first; an entry that cannot be read has no stage. @throws {UserError} (data) If there is no cache. */
export async function listKept(cache: Pick<Cache, "folder">): Promise<Kept[]> {
  const root = rootOf(cache);
  const names = await readdir(root).catch(() => {
    throw new UserError("data", `${cache.folder}: must be a cache of hemosynth; got none there. Check the path.`);
  });
  const kept: Kept[] = [];
  for (const key of names.filter((name) => hex.safeParse(name).success)) {
    const file = join(root, key, entryName);
    const lastUsed = (await stat(file).catch(() => null))?.mtimeMs;
    const entry = parseEntry(await readFile(file, "utf8").catch(() => ""));
    if (entry === null) kept.push({ key, stage: "", headline: "cannot be read", bytes: 0, lastUsed: 0 });
    else kept.push({ key, stage: entry.stage, headline: entry.headline, bytes: bytesOf(entry), lastUsed: lastUsed ?? 0 });
  }
  return kept.sort((a, b) => b.lastUsed - a.lastUsed || (a.key < b.key ? -1 : 1));
}

/** Removes what was used longest ago until the limit is kept to, and what killed processes left. @returns What was removed. */
export async function prune(cache: Cache): Promise<Kept[]> {
  await sweepAside(cache);
  const removed: Kept[] = [];
  let room = cache.limit;
  for (const one of await listKept(cache)) {
    room -= one.bytes;
    if (room >= 0 && one.stage !== "") continue;
    await forget(cache, one.key);
    removed.push(one);
  }
  return removed;
}

/** Removes an entry. Renamed first: a half-removed one is never found. Another process may do the same. */
export async function forget(cache: Cache, key: string): Promise<void> {
  const aside = join(rootOf(cache), `.${hostname()}.${process.pid}.${randomUUID()}`);
  await rename(placeOf(cache, key), aside).catch(() => {});
  await rm(aside, { recursive: true, force: true }).catch(() => {});
}

/** Removes what processes that are no more were writing or removing. */
async function sweepAside(cache: Cache): Promise<void> {
  for (const name of await readdir(rootOf(cache)).catch(() => [])) {
    const [, host, pid] = /^\.(.+)\.(\d+)\.[0-9a-f-]{36}$/.exec(name) ?? [];
    if (host === undefined) continue;
    const place = join(rootOf(cache), name);
    const age = Date.now() - ((await stat(place).catch(() => null))?.mtimeMs ?? Date.now());
    const isDead = host === hostname() && Number(pid) !== process.pid && !(await isAlive(Number(pid)));
    if (isDead || age > abandonedAfter) await rm(place, { recursive: true, force: true }).catch(() => {});
  }
}
