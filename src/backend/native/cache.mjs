import { randomUUID } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, hostname } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { NativeFault } from "./fault.mjs";

// Every folder of the cache but scratch/ appears by one rename and is whole from then on, so concurrent set-ups and
// kill -9 at any moment leave either nothing or a whole entry. contents.json in it lists the sizes, which tells a
// folder that a full disk or a power cut emptied.

/**
 * Where what was downloaded and built is kept: `$XDG_CACHE_HOME/hemosynth`, else `~/.cache/hemosynth`.
 * @param {NodeJS.ProcessEnv} [env]
 */
export function cacheRoot(env = process.env) {
  const base = env.XDG_CACHE_HOME;
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".cache"), "hemosynth");
}

/**
 * A folder for unfinished work, inside the cache so that finished work can be renamed into place; removed at the end.
 * What dead processes of this machine left is swept first.
 *
 * @template T
 * @param {string} root - The cache.
 * @param {number} bytesNeeded - Free disk that the work needs.
 * @param {(scratch: string) => Promise<T>} work
 * @returns {Promise<T>}
 * @throws {NativeFault} If the cache is not writable or the disk too full.
 */
export async function withScratch(root, bytesNeeded, work) {
  const scratch = join(root, "scratch", `${hostname()}.${process.pid}.${randomUUID()}`);
  try {
    mkdirSync(scratch, { recursive: true });
    accessSync(scratch, constants.W_OK);
  } catch (error) {
    const code = errorCode(error).replace("ENOENT", "EROFS"); // what Node says of a recursive mkdir on a read-only disk
    throw new NativeFault(`the cache ${root} cannot be written (${code}); set XDG_CACHE_HOME to a folder of yours`);
  }
  try {
    sweepScratch(join(root, "scratch"));
    checkSpace(root, bytesNeeded);
    return await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** @param {string} folder */
function sweepScratch(folder) {
  const here = `${hostname()}.`; // a home folder may be shared by many machines; a pid says nothing about another's
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(here)) continue;
    const pid = Number(name.slice(here.length).split(".")[0]);
    if (!isAlive(pid)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/**
 * @param {string} root
 * @param {number} bytesNeeded
 */
function checkSpace(root, bytesNeeded) {
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  if (free >= bytesNeeded) return;
  throw new NativeFault(
    `the disk of the cache ${root} has ${megabytes(free)} free and ${megabytes(bytesNeeded)} are needed; make room, or set XDG_CACHE_HOME to a folder on another disk`,
  );
}

/**
 * Puts a finished folder in its place. If another process was quicker, its work is as good and ours is dropped.
 *
 * @param {string} finished - In scratch; every file in it is listed in its contents.json.
 * @param {string} place
 * @param {Readonly<Record<string, unknown>>} facts - Kept in contents.json.
 */
export function publish(finished, place, facts) {
  const files = Object.fromEntries(listFiles(finished).map((file) => [file, statSync(join(finished, file)).size]));
  writeFileSync(join(finished, "contents.json"), `${JSON.stringify({ ...facts, files }, null, 1)}\n`);
  mkdirSync(dirname(place), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      renameSync(finished, place);
      return;
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST"].includes(errorCode(error)) || attempt === 3) throw error;
      if (readEntry(place) !== null) return;
      renameSync(place, join(dirname(finished), `broken-${basename(place)}-${attempt}`));
    }
  }
}

/**
 * The facts of a published folder, or null if it is not there or not whole.
 * @param {string} place
 * @returns {Record<string, unknown> | null}
 */
export function readEntry(place) {
  try {
    const { files, ...facts } = JSON.parse(readFileSync(join(place, "contents.json"), "utf8"));
    const whole = Object.entries(files).every(([file, size]) => statSync(join(place, file)).size === size);
    return whole ? facts : null;
  } catch {
    return null;
  }
}

/**
 * Writes a small file so that a reader sees the old or the new content, never a part.
 * @param {string} file
 * @param {string} content
 */
export function writeWhole(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.${randomUUID()}`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * The files under a folder, as sorted paths relative to it.
 * @param {string} folder
 * @returns {string[]}
 */
export function listFiles(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
}

/** @param {unknown} error */
export function errorCode(error) {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return bytes >= 1e10 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
