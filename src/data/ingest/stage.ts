import type { StageContext, StageResult } from "../../core/context.ts";
import type { SplitOptions } from "../splits.ts";
import type { FolderOptions } from "./options.ts";

/** What to ingest, and where the dataset goes. */
export interface IngestJob {
  /** Folder that gets `dataset.json` and `splits.json`; the images stay where they are. */
  readonly out: string;
  readonly options: FolderOptions;
  readonly split: SplitOptions;
  /** Decides which subjects go to which split, where `split` gives fractions. */
  readonly seed: number;
}

/**
 * Turns a folder of volumes into a dataset.
 * @throws {UserError} (data) With every error found, a line for each; nothing is written then.
 */
export function runIngest(_job: IngestJob, _context: StageContext): Promise<StageResult> {
  throw new Error("not yet");
}
