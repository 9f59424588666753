import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../src/core/hash.ts";

/** SHA-256 of every file of a folder by its path there, but of those that hold times, and of what jobs of Slurm were told. */
export async function hashFolder(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const isOther = (name: string) => /^(log\.jsonl|timings\.json)$|\.log$/.test(name);
  const files = entries.filter(
    (entry) => entry.isFile() && !isOther(entry.name) && !entry.parentPath.startsWith(join(root, "slurm")),
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path.slice(root.length + 1), sha256(await readFile(path))])),
  );
}
