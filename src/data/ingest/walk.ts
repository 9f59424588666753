import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { dataFault } from "../faults.ts";
import { fileFault } from "../files.ts";

/** Files below a folder, as paths relative to it with forward slashes, in code-unit order; and the folders that could not be read. */
export interface Listing {
  readonly files: readonly string[];
  /** Messages for the user, a line each. */
  readonly unreadable: readonly string[];
}

const maxFiles = 1_000_000;
const niftiName = /\.nii(\.gz)?$/i;

/**
 * Lists a folder and all below it. Hidden names are left out. Links to folders are followed, each folder once and never up
 * to a folder that holds this one, so that loops end.
 * Things with the name of a NIfTI file are listed whatever they are (folder, pipe, broken link): opening them tells.
 *
 * @throws {UserError} (data) If the folder itself cannot be read.
 */
export async function listFiles(folder: string): Promise<Listing> {
  const files: string[] = [];
  const unreadable: string[] = [];
  const seen = new Set<string>();
  const top = await realpath(folder).catch(() => folder);
  const waiting = [""];
  for (let relative = waiting.shift(); relative !== undefined; relative = waiting.shift()) {
    const path = join(folder, relative);
    try {
      const real = await realpath(path);
      if (seen.has(real) || top.startsWith(join(real, sep))) continue;
      seen.add(real);
      const entries = await readdir(path, { withFileTypes: true });
      // In order of name, so that of two links to one folder the same is followed on every file system.
      for (const entry of entries.sort((a, b) => byCodeUnit(a.name, b.name))) {
        const name = relative === "" ? entry.name : `${relative}/${entry.name}`;
        const kind = entry.name.startsWith(".") ? "hidden" : await kindOf(entry, join(folder, name));
        if (kind === "folder") waiting.push(name);
        else if (kind === "file") files.push(name);
      }
      if (files.length > maxFiles)
        throw dataFault(folder, `must hold at most ${maxFiles} files`, "more", "Give a folder of one dataset");
    } catch (error) {
      const fault = fileFault(path, "read", error, "mend that, or leave the folder out");
      if (relative === "" || !(fault instanceof Error) || fault === error) throw fault;
      unreadable.push(fault.message);
    }
  }
  return { files: files.sort(byCodeUnit), unreadable: unreadable.sort(byCodeUnit) };
}

async function kindOf(entry: Dirent, path: string): Promise<"folder" | "file" | "other"> {
  if (niftiName.test(entry.name)) return "file";
  const target = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry;
  return target?.isDirectory() ? "folder" : target?.isFile() ? "file" : "other";
}

/** The order of JavaScript's own comparison: the same on every machine and in every locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
