import type { StageContext, StageResult } from "../core/context.ts";
import { seededRng } from "../core/rng.ts";
import { beginResults, figuresOf, kindNotes } from "./figures.ts";
import { openFolder, splitTables, type Target, writeEvaluation } from "./folder.ts";
import { loadPredicted, type Predicted } from "./load.ts";
import type { Results } from "./results.ts";
import { countSplit, evalResult, maskNotes, notesOf } from "./summary.ts";

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
  const { dataset, evaluated, validation, grid } = loaded;
  const figures = figuresOf([loaded], options, seededRng(seed).fork("eval"));
  const operation = figures.operations[0]!;
  const results: Results = {
    ...beginResults(request, dataset, figures),
    splits: splitTables(loaded, options).map(([split, tables]) => countSplit(split, tables, dataset)),
    ...operation,
    notes: [
      ...notesOf(evaluated, validation, options),
      ...kindNotes(figures, loaded, maskNotes(operation.mask.probability, grid)),
    ],
  };
  await writeEvaluation(request, [{ ...loaded, operation }], results, figures, context);
  return evalResult(results);
}
