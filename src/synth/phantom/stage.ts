import type { StageContext, StageResult } from "../../core/context.ts";
import type { PhantomOptions } from "./options.ts";

/** What {@link runPhantom} needs: the folder to fill, the options, how to split, and the seed. */
export interface PhantomRun {
  readonly out: string;
  readonly options: PhantomOptions;
  /** Options of data/splits.ts. */
  readonly split: unknown;
  readonly seed: number;
}

/** Makes a dataset of procedural brains in `out`: images, labels, masks, sidecars, splits.json, and last dataset.json. */
export async function runPhantom(_run: PhantomRun, _context: StageContext): Promise<StageResult> {
  throw new RangeError("runPhantom: not written yet");
}
