import { resolve } from "node:path";
import { UserError } from "../../core/errors.ts";

/**
 * Refuses an output folder in which a file that is written would take the place of one that is read.
 *
 * @param out - Null where nothing is written. @param written - Names in it. @param read - Paths.
 * @throws {UserError} (usage)
 */
export function refuseReplacing(out: string | null, written: readonly string[], read: readonly string[]): void {
  if (out === null) return;
  const targets = new Set(written.map((name) => resolve(out, name)));
  const replaced = read.find((file) => targets.has(resolve(file)));
  if (replaced !== undefined)
    throw new UserError(
      "usage",
      `--out: must not replace a file that is read; got ${out} with ${replaced} in it. Name another folder.`,
    );
}
