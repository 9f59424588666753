import { sha256 } from "../../core/hash.ts";
import { dataFault } from "../../data/faults.ts";
import { readBytes } from "../../data/files.ts";
import { decodeUtf8 } from "../../data/text.ts";
import type { Compared } from "./compare/compare.ts";
import type { ColumnOptions, MetricsOptions } from "./options.ts";
import { asClassPredictions, type ClassPredictions } from "./read/classes.ts";
import { perOf, poolClassRows, poolRows } from "./read/pool.ts";
import { asPredictions, type Predictions } from "./read/rows.ts";
import { type ReadTable, readTable } from "./read/table.ts";

/** A file of predictions, of two classes or of several. */
export type Loaded = ({ readonly several: false } & Compared) | ({ readonly several: true } & Compared<ClassPredictions>);

/**
 * Reads a file of predictions; its rows are pooled where that is asked for.
 * @param columns - Its columns, where they differ from those of the options.
 * @throws {UserError} (data) If it cannot be read, or is not what the options say.
 */
export async function loadPredictions(
  file: string,
  options: MetricsOptions,
  columns: Partial<ColumnOptions> = {},
): Promise<Loaded> {
  const bytes = await readBytes(file);
  const wanted = { ...options.columns, ...columns };
  const table = readTable(decodeUtf8(bytes, file), file, wanted);
  const classes = asClassPredictions(table, wanted);
  return classes === null
    ? { several: false, predictions: pooled(asPredictions(table, wanted), table, options), sha256: sha256(bytes) }
    : { several: true, predictions: pooledClasses(classes, table, options), sha256: sha256(bytes) };
}

function pooled(predictions: Predictions, table: ReadTable, { per, pool }: MetricsOptions): Predictions {
  return per === null ? predictions : poolRows(predictions, perOf(table, per), pool);
}

function pooledClasses(predictions: ClassPredictions, table: ReadTable, { per, pool }: MetricsOptions): ClassPredictions {
  return per === null ? predictions : poolClassRows(predictions, perOf(table, per), pool);
}

/** Predictions of two classes. @throws {UserError} (data) If they are of several. */
export function ofTwo(loaded: Loaded, first: string): Compared {
  if (!loaded.several) return loaded;
  throw dataFault(
    loaded.predictions.file,
    `must have two classes as ${first}`,
    "a score for each of several",
    "Name one: --score COLUMN",
  );
}

/** Predictions of several classes. @throws {UserError} (data) If they are of two. */
export function ofSeveral(loaded: Loaded, first: string): Compared<ClassPredictions> {
  if (loaded.several) return loaded;
  throw dataFault(
    loaded.predictions.file,
    `must have a score for each class as ${first}`,
    "one score",
    "Name them: --score-columns",
  );
}
