import { join } from "node:path";
import { type StageContext, throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import { seededRng } from "../../core/rng.ts";
import { writeAtomic } from "../../data/files.ts";
import { documentLatex, documentMarkdown, type TableDocument } from "../tables/document.ts";
import { refuseReplacing } from "../tables/folder.ts";
import { headOf } from "../tables/head.ts";
import type { Compared } from "./compare/compare.ts";
import { formatCsv, metricsDocument } from "./format.ts";
import type { MetricsFile } from "./json-schema.ts";
import { type Loaded, loadPredictions, ofSeveral, ofTwo } from "./load.ts";
import { measurePredictions } from "./measure.ts";
import { isChosen, type MetricsOptions } from "./options.ts";
import { twoClassesPage } from "./page.ts";
import type { ClassPredictions } from "./read/classes.ts";
import { describeColumns } from "./read/columns.ts";
import { refuseSharedPatients } from "./read/leaks.ts";
import type { MetricsResults } from "./results.ts";
import { classesCsv, classesDocument } from "./several/format.ts";
import { measureClasses } from "./several/measure.ts";
import { classesPage } from "./several/page.ts";
import type { ClassMetricsResults } from "./several/results.ts";

/** What {@link runMetrics} needs: CSV files of predictions. */
export interface MetricsRequest {
  readonly predictions: string;
  /** Where the threshold is chosen; null for the predictions themselves. */
  readonly validation: string | null;
  /** Predictions of the same rows by other models. */
  readonly compare: readonly string[];
  /** Score column of those; null for that of the options. */
  readonly compareScore: string | null;
  /** Folder for the tables; null for none. */
  readonly out: string | null;
  readonly options: MetricsOptions;
}

/** The tables of results for a reader. */
export function documentOf(results: MetricsFile): TableDocument {
  return results.kind === "two classes" ? metricsDocument(results) : classesDocument(results);
}

/** The files of `out`, metrics.json written last. */
const written: Readonly<Record<string, (results: MetricsFile, tables: readonly Loaded[]) => string>> = {
  "metrics.csv": (results) => (results.kind === "two classes" ? formatCsv(results) : classesCsv(results)),
  "metrics.md": (results) => documentMarkdown(documentOf(results)),
  "metrics.tex": (results) => documentLatex(documentOf(results)),
  "report.html": pageOf,
  "metrics.json": (results) => `${canonicalJson(results, 2)}\n`,
};

/** Their names. */
export const metricsFiles: readonly string[] = Object.keys(written);

/** @param tables - The predictions and those compared with them. */
function pageOf(results: MetricsFile, tables: readonly Loaded[]): string {
  const { file } = tables[0]!.predictions;
  return results.kind === "two classes"
    ? twoClassesPage(results, tables.map((one) => ofTwo(one, file).predictions)) // biome-ignore format: short
    : classesPage(results, ofSeveral(tables[0]!, file).predictions);
}

/**
 * Evaluates predictions of any program, of two classes or of several, and writes the tables.
 *
 * @throws {UserError} (data) If a file cannot be read, or is not what {@link loadPredictions} asks for; (usage) if options do not go together, or a
 *   table would replace a file that is read.
 * @throws {StoppedError} When asked to stop; then nothing is written.
 */
export async function runMetrics(
  request: MetricsRequest,
  { signal, reporter }: Pick<StageContext, "signal" | "reporter">,
): Promise<MetricsFile> {
  const { out, options } = request;
  checkRequest(request);
  const first = await loadPredictions(request.predictions, options);
  const validation = request.validation === null ? null : await loadPredictions(request.validation, options, { subgroup: null });
  const theirs = { subgroup: null, stratify: null, ...(request.compareScore === null ? {} : { score: request.compareScore }) };
  const others: Loaded[] = [];
  for (const file of request.compare) others.push(await loadPredictions(file, options, theirs));
  for (const one of [validation, ...others])
    if (one !== null) reporter.info(`${one.predictions.file}: ${describeColumns(one.predictions.columns)}`);
  throwIfStopped(signal);
  const { file } = first.predictions;
  const results = first.several
    ? evaluateSeveral(first, others.map((one) => ofSeveral(one, file)), request) // biome-ignore format: short
    : evaluateTwo(first, validation && ofTwo(validation, file), others.map((one) => ofTwo(one, file)), options); // biome-ignore format: short
  throwIfStopped(signal);
  if (out !== null)
    for (const [name, format] of Object.entries(written)) await writeAtomic(join(out, name), format(results, [first, ...others]));
  return results;
}

const rngOf = ({ seed }: MetricsOptions) => seededRng(seed).fork("metrics");

function evaluateTwo(
  first: Compared,
  validation: Compared | null,
  others: readonly Compared[],
  options: MetricsOptions,
): MetricsResults {
  const { predictions } = first;
  if (validation !== null) refuseSharedPatients(predictions, validation.predictions);
  const measured = measurePredictions(predictions, validation?.predictions ?? null, others, options, rngOf(options));
  return {
    ...headOf("two classes", options),
    predictions: sourceOf(first),
    validation: validation && sourceOf(validation),
    columns: describeColumns(predictions.columns),
    classes: { ...predictions.classes, negative: [...predictions.classes.negative] },
    ...measured,
  };
}

/** @throws {UserError} (usage) If an option is of two classes alone. */
function evaluateSeveral(
  first: Compared<ClassPredictions>,
  others: readonly Compared<ClassPredictions>[],
  { options, validation, compareScore }: MetricsRequest,
): ClassMetricsResults {
  const { predictions, sha256 } = first;
  const ofTwoAlone = [
    options.threshold !== null && "--threshold",
    validation !== null && "--validation",
    compareScore !== null && "--compare-score",
    options.interval === "studentized" && "--interval studentized",
  ].find((name) => name !== false);
  if (ofTwoAlone !== undefined)
    throw new UserError(
      "usage",
      `${ofTwoAlone}: is for two classes; got a score for each of ${predictions.classes.length}. Leave it out, or name one: --score COLUMN --positive CLASS.`,
    );
  const { file, rows } = predictions;
  return {
    ...headOf("several classes", options),
    predictions: { file, sha256, rows: rows.length, clusters: new Set(rows.map(({ cluster }) => cluster)).size },
    columns: describeColumns(predictions.columns),
    classes: [...predictions.classes],
    ...measureClasses(predictions, others, options, rngOf(options)),
  };
}

function sourceOf({ predictions: { file, rows }, sha256: hash }: Compared): MetricsResults["predictions"] {
  const positives = rows.filter(({ label }) => label === 1).length;
  return { file, sha256: hash, rows: rows.length, positives, clusters: new Set(rows.map(({ cluster }) => cluster)).size };
}

/** @throws {UserError} (usage) If options do not go together, or a table would replace a file that is read. */
function checkRequest({ predictions, validation, compare, out, options }: MetricsRequest): void {
  const { cluster } = options.columns;
  if (options.interval === "studentized" && cluster !== null && cluster.length > 1)
    throw new UserError(
      "usage",
      `--interval studentized: needs clusters of one level; got --cluster ${cluster.join(" ")}. Take bca, or name the patient alone.`,
    );
  if (options.margin !== null && compare.length === 0)
    throw new UserError("usage", `--margin: is of a comparison; got ${options.margin} without. Give --compare OTHER.csv.`);
  if (validation !== null && !isChosen(options.threshold))
    throw new UserError(
      "usage",
      `--validation: goes with a threshold that is chosen; got ${validation} without. Give --threshold youden, say.`,
    );
  if (validation !== null && compare.length > 0)
    throw new UserError(
      "usage",
      `--validation: is of one model, so it does not go with --compare; got both. Choose thresholds first, and compare with --threshold NUMBER.`,
    );
  refuseReplacing(out, metricsFiles, [predictions, validation ?? predictions, ...compare]);
}
