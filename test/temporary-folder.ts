import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives the tests a folder for temporary files of their own, and removes it with all they left there. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "hemosynth-tests-"));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
