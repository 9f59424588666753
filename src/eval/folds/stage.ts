import { join } from "node:path";
import type { StageContext, StageResult } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { many } from "../../core/words.ts";
import { readJson } from "../../data/dataset.ts";
import { beginResults, type Figures, figuresOf, kindNotes } from "../figures.ts";
import { type Judged, openFolder, type Target, writeEvaluation } from "../folder.ts";
import { type Loaded, loadPredicted, type Predicted } from "../load.ts";
import { joinTables } from "../measure.ts";
import { type Fold, type Results, resultsSchema } from "../results.ts";
import { countSplit, evalResult, maskNotes, notesOf } from "../summary.ts";
import { foldNotes, pooledOperation, spreadOf } from "./spread.ts";

/** One fold: its dataset with its own splits, what its network predicted, and its own evaluation. */
export interface EvaluatedFold extends Predicted {
  /** Folder that eval wrote for this fold alone. */
  readonly evaluation: string;
}

/** What {@link runFoldsEval} needs. */
export interface FoldsRequest extends Target {
  /** In order; every subject is evaluated in one of them. */
  readonly folds: readonly EvaluatedFold[];
}

/**
 * The evaluation of a cross-validation: every subject as the network saw it that was not trained on it.
 *
 * Calls and masks use the thresholds of each fold's own validation subjects and are pooled; intervals resample subjects.
 * The spread over folds stands beside, as what it is.
 *
 * @throws {UserError} (data) If predictions or the evaluation of a fold are missing or do not fit its dataset.
 * @throws {StoppedError} When asked to stop; then there is no results.json.
 */
export async function runFoldsEval(request: FoldsRequest, context: StageContext): Promise<StageResult> {
  const { options, seed } = request;
  await openFolder(request);
  const loaded: Loaded[] = [];
  for (const fold of request.folds) loaded.push(await loadPredicted(fold, options, context));
  const own: Results[] = [];
  for (const { evaluation } of request.folds)
    own.push(await readJson(join(evaluation, "results.json"), resultsSchema, "run that fold again"));
  const figures = figuresOf(loaded, options, seededRng(seed).fork("eval"));
  const parts = loaded.map((part, i) => ({ ...part, operation: figures.operations[i]! }));
  const folds = parts.map((part, fold) => foldOf(fold, part, own[fold]!));
  const results = resultsOf(request, parts, figures, folds);
  await writeEvaluation(request, parts, results, figures, context);
  const { headline, summary } = evalResult(results);
  const { spread } = results;
  return {
    headline: `${headline}, ${many(parts.length, "fold")} pooled`,
    summary: { ...summary, folds: parts.length, spread },
  };
}

function foldOf(fold: number, { evaluated, operation }: Judged, { splits, metrics }: Results): Fold {
  return {
    fold,
    subjects: [...new Set(evaluated.stack.map(({ subject }) => subject))].sort(),
    counts: splits[0]!,
    ...operation,
    figures: metrics.filter(({ subset }) => subset === "all").map(({ metric, per, estimate }) => ({ metric, per, estimate })),
  };
}

function resultsOf(request: FoldsRequest, parts: readonly Judged[], figures: Figures, folds: readonly Fold[]): Results {
  const { options } = request;
  const { dataset, grid, operation } = parts[0]!;
  const evaluated = joinTables(parts.map((part) => part.evaluated));
  const onItself = parts.some((part) => part.validation === part.evaluated);
  const validation = onItself ? evaluated : joinTables(parts.map((part) => part.validation));
  const ofMasks = folds.flatMap(({ fold, mask }) => maskNotes(mask.probability, grid).map((note) => `Fold ${fold}. ${note}`));
  return {
    ...beginResults(request, dataset, figures),
    splits: [countSplit(options.split, evaluated, dataset)],
    ...pooledOperation(operation),
    folds: [...folds],
    spread: spreadOf(folds),
    notes: [...notesOf(evaluated, validation, options), ...foldNotes(folds), ...kindNotes(figures, parts[0]!, ofMasks)],
  };
}
