import type { StageContext, StageResult } from "../core/context.ts";
import { seededRng } from "../core/rng.ts";
import { attentionMetrics, measureClassesOf, openFolder, splitTables, type Target, writeEvaluation } from "./folder.ts";
import { foundMetrics } from "./found.ts";
import { measureFroc } from "./froc.ts";
import { loadPredicted, type Predicted } from "./load.ts";
import { measure, planOfEvaluated } from "./measure.ts";
import type { Results } from "./results.ts";
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
} from "./summary.ts";

/** What {@link runEval} needs. */
export interface EvalRequest extends Predicted, Target {}

/**
 * Compares predictions with the truth and writes figures, plots and the report.
 *
 * @throws {UserError} (data) If predictions are missing, come twice, are not of this dataset, or on another grid.
 * @throws {StoppedError} When asked to stop; then there is no results.json.
 */
export async function runEval(request: EvalRequest, context: StageContext): Promise<StageResult> {
  const { options, seed } = request;
  await openFolder(request);
  const loaded = await loadPredicted(request, options, context);
  const { dataset, evaluated, validation, grid, hasMaps, boxes } = loaded;
  const rng = seededRng(seed).fork("eval");
  const { metrics, operations, roc, transfers } = measure([loaded], grid, options, rng);
  const found = [...foundMetrics([loaded], options, rng), ...attentionMetrics([loaded], options, rng)];
  const classes = measureClassesOf([loaded], options, rng);
  const froc = loaded.froc && measureFroc(loaded.froc, planOfEvaluated(evaluated, options, rng), options.bootstrap);
  const operation = operations[0]!;
  const results: Results = {
    schemaVersion: 1,
    dataset: dataset.name,
    split: options.split,
    seed,
    ...dataOf(dataset),
    options,
    splits: splitTables(loaded, options).map(([split, tables]) => countSplit(split, tables, dataset)),
    ...operation,
    metrics: [...knownMetrics(metrics, hasMaps), ...(froc === null ? [] : [froc.score]), ...found],
    ...(transfers === undefined ? {} : { transfers }),
    ...(classes === null ? {} : { negativeClass: classes.table.classes[0]!, classes: classes.measured.classes }),
    notes: [
      ...notesOf(evaluated, validation, options),
      ...(classes === null ? [] : classNotes(classes.table.classes, classes.measured.notes)),
      ...(hasMaps ? maskNotes(operation.mask.probability, grid) : [boxes === null ? noMaps : noMapsButBoxes]),
    ],
  };
  await writeEvaluation(request, [{ ...loaded, operation }], results, { roc, froc, classes }, context);
  return evalResult(results);
}
