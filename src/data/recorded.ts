import { join } from "node:path";
import { sha256 } from "../core/hash.ts";
import type { FileRef } from "./dataset.ts";
import { dataFault } from "./faults.ts";
import { readBytes } from "./files.ts";

/** @throws {UserError} (data) If the content of a file, by its SHA-256, is not the one that its dataset recorded. */
export function assertRecorded(file: string, got: string, recorded: string): void {
  if (got === recorded) return;
  const wayOut = "Restore it, or make the dataset again";
  throw dataFault(file, "must be the file that the dataset was made with", "another content", wayOut);
}

/**
 * The bytes of a file of a dataset, as they were recorded.
 * @throws {UserError} (data) If it cannot be read, or has another content.
 */
export async function readRecorded(root: string, { path, sha256: recorded }: FileRef): Promise<Buffer> {
  const file = join(root, path);
  const bytes = await readBytes(file);
  assertRecorded(file, sha256(bytes), recorded);
  return bytes;
}
