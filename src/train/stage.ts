import type { StageContext, StageResult } from "../core/context.ts";
import type { PreprocessOptions } from "../data/preprocess.ts";
import type { ModelOptions } from "../models/index.ts";
import type { TrainOptions } from "./options.ts";

/** What {@link runTrain} needs. */
export interface TrainRequest {
  /** Dataset folder with lesion and brain masks (made by synth). */
  readonly data: string;
  /** Folder to write: weights/, metrics.csv, log.jsonl, tb/, and model.json last. */
  readonly out: string;
  readonly model: ModelOptions;
  readonly preprocess: PreprocessOptions;
  readonly options: TrainOptions;
  readonly seed: number;
  /** Go on from `weights/last.safetensors`; from the start where there is none. */
  readonly resume: boolean;
}

/** Trains a segmenter on a dataset. The backend must be ready. */
export async function runTrain(request: TrainRequest, context: StageContext): Promise<StageResult> {
  throw new Error(`runTrain: not written yet ${request.out} ${context.workers}`);
}
