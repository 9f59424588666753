import { join } from "node:path";
import { z } from "zod";
import { readJson } from "../../data/dataset.ts";
import { modelFolder, readModelFolder } from "../../data/model-folder.ts";
import type { Thresholds } from "../../export/card.ts";
import type { ModelFormat } from "../../export/options.ts";
import { inFolder, type Outcome, type Session } from "../session.ts";
import { runFolderOf } from "../sources.ts";

/** `hemosynth export-model RUN`: a trained model for a browser, for ONNX, or as weights. */
export async function exportModel(
  run: string,
  { format, out }: { readonly format: ModelFormat; readonly out: string },
  session: Session,
): Promise<Outcome> {
  const model = await modelFolder(run);
  const { file } = await readModelFolder(model); // so that a broken model leaves no folder behind
  const thresholds = await thresholdsOf(runFolderOf(model), file.weights.sha256);
  const { readyBackend } = await import("../../backend/ready.ts");
  await readyBackend("cpu", session.reporter); // every op is a kernel there, and it is everywhere
  const { runModelExport } = await import("../../export/stage.ts");
  const work = { model, out, format, thresholds };
  const { headline, summary } = await inFolder(out, 1, session, (context) => runModelExport(work, context));
  return { text: `${headline}\nin ${out}`, json: { schemaVersion: 1, command: "export-model", out, ...summary } };
}

const predictedBy = z.object({ model: z.object({ weights: z.string() }) });

/** What the run's evaluation chose; null where it was not evaluated, or with other weights, or by another version. */
async function thresholdsOf(run: string | null, weights: string): Promise<Thresholds | null> {
  if (run === null) return null;
  const { resultsSchema } = await import("../../eval/results.ts");
  const results = await readJson(join(run, "eval", "results.json"), resultsSchema, "run eval again").catch(() => null);
  const predicted = await readJson(join(run, "predict", "predict.json"), predictedBy, "run predict again").catch(() => null);
  if (results === null || predicted?.model.weights !== weights) return null;
  const { slice, stack, subject } = results.operatingPoints;
  return { slice: slice.threshold, stack: stack.threshold, subject: subject.threshold, mask: results.mask.probability };
}
