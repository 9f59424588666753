import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** Gives the tests a folder for temporary files of their own, the same for all projects, and removes it with all they left there. */
export default function setup(): () => void {
  if (basename(tmpdir()).startsWith("hemosynth-tests-")) return () => {};
  const folder = mkdtempSync(join(tmpdir(), "hemosynth-tests-"));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
