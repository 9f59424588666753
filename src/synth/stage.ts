import type { StageContext, StageResult } from "../core/context.ts";
import type { SynthOptions } from "./options.ts";

/** What {@link runSynth} needs. */
export interface SynthRun {
  /** Folder of the dataset of normal cases (dataset.json, splits.json). */
  readonly data: string;
  /** Folder to fill. */
  readonly out: string;
  readonly options: SynthOptions;
  readonly seed: number;
}

/** Paints pseudo-hemorrhages into the normal cases of `data` and writes a dataset of stacks to `out`, dataset.json last. */
export async function runSynth(_run: SynthRun, _context: StageContext): Promise<StageResult> {
  throw new RangeError("runSynth: not written yet");
}
