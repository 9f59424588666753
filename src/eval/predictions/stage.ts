import { join, resolve } from "node:path";
import { type StageContext, throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { canonicalJson, sha256 } from "../../core/hash.ts";
import { seededRng } from "../../core/rng.ts";
import { readBytes, writeAtomic } from "../../data/files.ts";
import { packageVersion } from "../../data/version.ts";
import { documentLatex, documentMarkdown } from "../tables/document.ts";
import { describeColumns } from "./columns.ts";
import type { Compared } from "./compare.ts";
import { formatCsv, metricsDocument } from "./format.ts";
import { measurePredictions } from "./measure.ts";
import { type ColumnOptions, isChosen, type MetricsOptions } from "./options.ts";
import type { MetricsResults } from "./results.ts";
import { parsePredictions } from "./rows.ts";

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

/** The files of `out`, metrics.json written last. */
const written: Readonly<Record<string, (results: MetricsResults) => string>> = {
  "metrics.csv": formatCsv,
  "metrics.md": (results) => documentMarkdown(metricsDocument(results)),
  "metrics.tex": (results) => documentLatex(metricsDocument(results)),
};

/**
 * Evaluates predictions of any program and writes the tables.
 *
 * @throws {UserError} (data) If a file cannot be read, or is not what {@link parsePredictions} asks for; (usage) if options do not go together, or a
 *   table would replace a file that is read.
 * @throws {StoppedError} When asked to stop; then nothing is written.
 */
export async function runMetrics(
  request: MetricsRequest,
  { signal, reporter }: Pick<StageContext, "signal" | "reporter">,
): Promise<MetricsResults> {
  const { out, options } = request;
  checkRequest(request);
  const read = (file: string, columns: Partial<ColumnOptions> = {}) => readPredictions(file, { ...options.columns, ...columns });
  const { predictions, sha256: hash } = await read(request.predictions);
  const validation = request.validation === null ? null : await read(request.validation, { subgroup: null });
  const theirs = { subgroup: null, ...(request.compareScore === null ? {} : { score: request.compareScore }) };
  const others: Compared[] = [];
  for (const file of request.compare) others.push(await read(file, theirs));
  for (const one of [validation, ...others])
    if (one !== null) reporter.info(`${one.predictions.file}: ${describeColumns(one.predictions.columns)}`);
  throwIfStopped(signal);
  const rng = seededRng(options.seed).fork("metrics");
  const measured = measurePredictions(predictions, validation?.predictions ?? null, others, options, rng);
  const results: MetricsResults = {
    schemaVersion: 1,
    hemosynth: packageVersion(),
    predictions: sourceOf({ predictions, sha256: hash }),
    validation: validation && sourceOf(validation),
    columns: describeColumns(predictions.columns),
    classes: { ...predictions.classes, negative: [...predictions.classes.negative] },
    options,
    ...measured,
  };
  throwIfStopped(signal);
  if (out !== null) {
    for (const [name, format] of Object.entries(written)) await writeAtomic(join(out, name), format(results));
    await writeAtomic(join(out, "metrics.json"), `${canonicalJson(results, 2)}\n`);
  }
  return results;
}

async function readPredictions(file: string, columns: ColumnOptions): Promise<Compared> {
  const bytes = await readBytes(file);
  return { predictions: parsePredictions(bytes.toString("utf8"), file, columns), sha256: sha256(bytes) };
}

function sourceOf({ predictions: { file, rows }, sha256: hash }: Compared): MetricsResults["predictions"] {
  const positives = rows.filter(({ label }) => label === 1).length;
  return { file, sha256: hash, rows: rows.length, positives, clusters: new Set(rows.map(({ cluster }) => cluster)).size };
}

/** @throws {UserError} (usage) If options do not go together, or a table would replace a file that is read. */
function checkRequest({ predictions, validation, compare, out, options }: MetricsRequest): void {
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
  const targets = out === null ? [] : [...Object.keys(written), "metrics.json"].map((name) => resolve(out, name));
  const replaced = [predictions, validation ?? predictions, ...compare].find((file) => targets.includes(resolve(file)));
  if (replaced !== undefined)
    throw new UserError(
      "usage",
      `--out: must not replace a file that is read; got ${out} with ${replaced} in it. Name another folder.`,
    );
}
