import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { UserError } from "../core/errors.ts";
import { fileFault } from "./files.ts";

/**
 * Refuses an output folder that is the input folder, lies inside it, or holds it: what is written would be read as input, or what
 * is read would be replaced. Links are followed.
 *
 * @throws {UserError} (usage) If the folders are not apart.
 */
export async function assertApart(input: string, output: string): Promise<void> {
  const [from, to] = [await realPath(input), await realPath(output)];
  const how =
    from === to
      ? "the folder"
      : isInside(to, from)
        ? "inside the folder"
        : isInside(from, to)
          ? "a folder that holds the one"
          : null;
  if (how === null) return;
  throw new UserError(
    "usage",
    `${output}: the output folder must be apart from what is read; got ${how} that is read, ${input}. Name another --out.`,
  );
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`);
}

/** The path without links; of one that is not there yet, that of the nearest folder that is. */
async function realPath(path: string): Promise<string> {
  const whole = resolve(path);
  try {
    return await realpath(whole);
  } catch {
    const parent = dirname(whole);
    return parent === whole ? whole : join(await realPath(parent), basename(whole));
  }
}

/** @throws {UserError} (usage) If something is there: what is written must not mix with another. @param what - The thing that needs the folder, with its article, for the message. */
export async function assertEmpty(out: string, what = "an export"): Promise<void> {
  const found = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw fileFault(out, "read", error, "choose another --out");
  });
  const names = found.filter((name) => !name.startsWith(".hemosynth.lock"));
  if (names.length > 0)
    throw new UserError("usage", `${out}: ${what} needs an empty folder; got one with ${names.sort()[0]}. Choose another --out.`);
}
