import type { SplitOptions } from "./splits.ts";

/** What the making of a dataset needs, whatever it is made from. */
export interface DataRun<Options> {
  /** Folder to fill. */
  readonly out: string;
  readonly options: Options;
  readonly split: SplitOptions;
  /** Decides what is drawn, and which subjects go to which split where `split` gives fractions. */
  readonly seed: number;
}
