import { existsSync } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { UserError } from "../core/errors.ts";
import { fileFault } from "../data/files.ts";

// The one file of config/ that touches the disk: a config may be spread over several files.

/** Largest config file, bytes. */
const largest = 1 << 20;

/** The text of a config file. @throws {UserError} (usage) If it cannot be read, is too large, or is not plain UTF-8. */
export async function readConfigText(file: string, where: string): Promise<string> {
  const bytes = await readLimited(file).catch((error: unknown) => {
    const fault = fileFault(where, "read", error, "check the path");
    throw fault instanceof UserError ? new UserError("usage", fault.message) : fault;
  });
  if (bytes === "not a file")
    throw new UserError("usage", `${where}: must be a file; got a folder or a device. Name a YAML file.`);
  if (bytes.length > largest)
    throw new UserError("usage", `${where}: a config has at most ${largest} bytes; got more. Is it the right file?`);
  return decode(bytes, where);
}

async function readLimited(file: string): Promise<Buffer | "not a file"> {
  const handle = await open(file, "r");
  try {
    if (!(await handle.stat()).isFile()) return "not a file";
    const buffer = Buffer.alloc(largest + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    await handle.close();
  }
}

/** Every control character but tab, line feed and carriage return. */
const controlCharacter = /[^\P{Cc}\t\n\r]/u;

function decode(bytes: Uint8Array, where: string): string {
  const wayOut = "Save it as UTF-8 without a byte-order mark.";
  const starts = (...mark: number[]) => mark.every((byte, i) => bytes[i] === byte);
  if (starts(0xef, 0xbb, 0xbf) || starts(0xff, 0xfe) || starts(0xfe, 0xff)) {
    throw new UserError("usage", `${where}:1:1 must be plain UTF-8; got a byte-order mark. ${wayOut}`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UserError("usage", `${where}: must be UTF-8; got bytes that are not. ${wayOut}`);
  }
  const odd = controlCharacter.exec(text);
  if (odd === null) return text;
  const lines = text.slice(0, odd.index).split("\n");
  const code = odd[0].charCodeAt(0).toString(16).padStart(4, "0");
  throw new UserError(
    "usage",
    `${where}:${lines.length}:${lines.at(-1)!.length + 1} must be text; got the control character U+${code}. Remove it.`,
  );
}

/** The real path of a file; the path itself where there is none. */
export async function realPath(file: string): Promise<string> {
  return await realpath(file).catch(() => file);
}

/** True if there is something at a path. */
export function isThere(file: string): boolean {
  return existsSync(file);
}

/**
 * The folder that `extends` may not leave: the nearest one upward from a config that holds `.git` or `package.json`,
 * or the config's own folder where there is none.
 */
export function projectRoot(folder: string): string {
  for (let here = folder; ; here = dirname(here)) {
    if (existsSync(join(here, ".git")) || existsSync(join(here, "package.json"))) return here;
    if (dirname(here) === here) return folder;
  }
}

/** True if `file` lies in `folder` or below it; both real paths. */
export function isInside(file: string, folder: string): boolean {
  const way = relative(folder, file);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
