import { join } from "node:path";
import type { StageContext, StageResult } from "../../core/context.ts";
import { type Rng, seededRng } from "../../core/rng.ts";
import { many } from "../../core/words.ts";
import { readJson } from "../../data/dataset.ts";
import {
  attentionMetrics,
  type ClassFigures,
  type Judged,
  measureClassesOf,
  openFolder,
  type Target,
  writeEvaluation,
} from "../folder.ts";
import { foundMetrics } from "../found.ts";
import { type Froc, measureFroc } from "../froc.ts";
import { type Loaded, loadPredicted, type Predicted } from "../load.ts";
import { joinTables, type Measured, measure, planOfEvaluated } from "../measure.ts";
import type { EvalOptions } from "../options.ts";
import { type Fold, type Results, resultsSchema } from "../results.ts";
import {
  classNotes,
  countSplit,
  dataOf,
  evalResult,
  knownMetrics,
  maskNotes,
  noMaps,
  noMapsButBoxes,
  notesOf,
} from "../summary.ts";
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
  const rng = seededRng(seed).fork("eval");
  const measured = measure(loaded, loaded[0]!.grid, options, rng);
  const classes = measureClassesOf(loaded, options, rng);
  const parts = loaded.map((part, i) => ({ ...part, operation: measured.operations[i]! }));
  const folds = parts.map((part, fold) => foldOf(fold, part, own[fold]!));
  const froc = frocOf(loaded, options, rng);
  const metrics = [
    ...knownMetrics(measured.metrics, loaded[0]!.hasMaps),
    ...(froc === null ? [] : [froc.score]),
    ...foundMetrics(loaded, options, rng),
    ...attentionMetrics(loaded, options, rng),
  ];
  const results = resultsOf(request, parts, { ...measured, metrics }, folds, classes);
  await writeEvaluation(request, parts, results, { roc: measured.roc, froc, classes }, context);
  const { headline, summary } = evalResult(results);
  const { spread } = results;
  return {
    headline: `${headline}, ${many(parts.length, "fold")} pooled`,
    summary: { ...summary, folds: parts.length, spread },
  };
}

/** Of one fold alone: thresholds of several networks are of several scales. */
function frocOf([first, ...others]: readonly Loaded[], options: EvalOptions, rng: Rng): Froc | null {
  if (others.length > 0 || !first!.froc) return null;
  return measureFroc(first!.froc, planOfEvaluated(first!.evaluated, options, rng), options.bootstrap);
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

function resultsOf(
  { options, seed }: FoldsRequest,
  parts: readonly Judged[],
  { metrics, transfers }: Measured,
  folds: readonly Fold[],
  classes: ClassFigures | null,
): Results {
  const { dataset, grid, hasMaps } = parts[0]!;
  const evaluated = joinTables(parts.map((part) => part.evaluated));
  const onItself = parts.some((part) => part.validation === part.evaluated);
  const validation = onItself ? evaluated : joinTables(parts.map((part) => part.validation));
  const ofMasks = folds.flatMap(({ fold, mask }) => maskNotes(mask.probability, grid).map((note) => `Fold ${fold}. ${note}`));
  return {
    schemaVersion: 1,
    dataset: dataset.name,
    split: options.split,
    seed,
    ...dataOf(dataset),
    options,
    splits: [countSplit(options.split, evaluated, dataset)],
    ...pooledOperation(parts[0]!.operation),
    metrics: [...metrics],
    ...(transfers === undefined ? {} : { transfers }),
    ...(classes === null ? {} : { negativeClass: classes.table.classes[0]!, classes: classes.measured.classes }),
    folds: [...folds],
    spread: spreadOf(folds),
    notes: [
      ...notesOf(evaluated, validation, options),
      ...foldNotes(folds),
      ...(classes === null ? [] : classNotes(classes.table.classes, classes.measured.notes)),
      ...(hasMaps ? ofMasks : [parts[0]!.boxes === null ? noMaps : noMapsButBoxes]),
    ],
  };
}
