import type { StageContext, StageResult } from "../core/context.ts";
import type { EvalOptions } from "./options.ts";

/** What {@link runEval} needs. */
export interface EvalRequest {
  /** Dataset folder with lesion masks. */
  readonly data: string;
  /** Folder that predict wrote for that dataset. */
  readonly predictions: string;
  /** Folder to write: units.csv, plots/, and results.json last. */
  readonly out: string;
  /** The report's file, `report.html` of the run folder. */
  readonly report: string;
  readonly options: EvalOptions;
  readonly seed: number;
  /** Text of the resolved config, printed at the end of the report; absent prints the eval options alone. */
  readonly config?: string;
}

/** Compares predictions with the truth and writes figures, plots and the report. */
export async function runEval(request: EvalRequest, context: StageContext): Promise<StageResult> {
  throw new Error(`runEval: not written yet ${request.out} ${context.workers}`);
}
