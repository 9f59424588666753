import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../core/errors.ts";

/** Whether a file is what {@link writeAtomic} was writing when its process was killed. */
export function isPartial(name: string): boolean {
  return /^\..*\.partial$/.test(name);
}

/** Removes what killed processes left of files that they were writing, in a folder and all below it. */
export async function removePartial(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && isPartial(entry.name)) await rm(join(entry.parentPath, entry.name), { force: true });
}

/**
 * Writes a file so that a reader sees the old content or the whole new content, never a part, even after a power cut:
 * a temporary file beside it, flushed, renamed over it, and the folder flushed. Makes the folder where it is missing.
 *
 * @throws {UserError} (data) If the disk is full, read-only or not permitted.
 */
export async function writeAtomic(file: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(file);
  const temporary = join(folder, `.${randomUUID()}.partial`);
  try {
    await makeFolder(folder);
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fileFault(file, "write", error);
  }
}

/**
 * Makes a folder, and those above it where they are missing. There already: nothing happens.
 * Not by Node's `recursive`, which never returns where a file system says that a parent is missing although it is there (/proc).
 *
 * @throws {UserError} (data) If a part of the path is a file, or the disk is full, read-only or not permitted.
 */
export async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder && !(await exists(parent))) await makeFolder(parent);
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(await isFolder(folder))) throw fileFault(folder, "write", error); // else another process made it meanwhile
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The text of a UTF-8 file. @throws {UserError} (data) If it cannot be read; `wayOut` ends the message. */
export async function readText(file: string, wayOut: string): Promise<string> {
  return (await readBytes(file, wayOut)).toString("utf8");
}

/** The bytes of a file. @throws {UserError} (data) If it cannot be read; `wayOut` ends the message. */
export async function readBytes(file: string, wayOut = "check the path"): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw fileFault(file, "read", error, wayOut);
  }
}

const causes: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "no such file or folder"],
  ["EEXIST", "a file is where a folder must be"],
  ["EACCES", "permission denied"],
  ["EPERM", "operation not permitted"],
  ["EISDIR", "it is a folder"],
  ["ENOTDIR", "a part of the path is not a folder"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["EROFS", "the disk is read-only"],
  ["EFBIG", "the file would be too large"],
  ["EIO", "the disk reported an error"],
  ["ELOOP", "symbolic links form a loop"],
  ["EMFILE", "too many open files"],
  ["ENAMETOOLONG", "the name is too long"],
]);

/** A file-system error as one line for the user; any other error comes back as it is. */
export function fileFault(file: string, verb: "read" | "write", error: unknown, wayOut = "mend that and run again"): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const cause = causes.get(code);
  return cause === undefined ? error : new UserError("data", `${file}: could not ${verb}: ${cause}; ${wayOut}.`);
}
