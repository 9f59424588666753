import type { StageContext, StageResult } from "../../core/context.ts";
import type { SplitName } from "../../data/dataset.ts";
import type { PredictOptions } from "./options.ts";

/** What {@link runPredict} needs. */
export interface PredictRequest {
  /** Folder that training wrote, or the run folder above it. */
  readonly model: string;
  /** A NIfTI file, a PNG file, a folder of these, or a dataset folder. */
  readonly input: string;
  /** For a dataset: only the subjects of these splits; null for all. */
  readonly splits: readonly SplitName[] | null;
  /** Folder to write: `<id>_lesionprob.nii.gz`, overlays/, predict.json, and scores.csv last. */
  readonly out: string;
  readonly options: PredictOptions;
}

/** Predicts lesion probabilities and scores. The backend must be ready. */
export async function runPredict(request: PredictRequest, context: StageContext): Promise<StageResult> {
  throw new Error(`runPredict: not written yet ${request.out} ${context.workers}`);
}
