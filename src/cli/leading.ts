import { join } from "node:path";
import { readCsv } from "../data/csv.ts";
import { readJson } from "../data/dataset.ts";
import { readText } from "../data/files.ts";
import { findMetric, metricNames } from "../eval/report/format.ts";
import { resultsSchema } from "../eval/results.ts";
import { classFigure, tellsSeveral } from "../eval/summary.ts";

/** A figure by its name. */
export interface Leading {
  readonly name: string;
  readonly value: number;
}

/** What a run is known by: its leading figure as in its report, of an unfinished run the best validation so far; null before there is any. */
export async function leadingFigure(folder: string): Promise<Leading | null> {
  return (await evaluated(folder)) ?? (await validated(folder));
}

/** The first of these that a run has, where it does not tell several classes apart. */
const leading = [["auroc", "stack"], ["map50", "box"], ["dice", "slice"], ["auroc", "slice"]] as const; // biome-ignore format: a list

async function evaluated(folder: string): Promise<Leading | null> {
  const results = await readJson(join(folder, "eval", "results.json"), resultsSchema, "evaluate").catch(() => null);
  if (results === null) return null;
  const macro = tellsSeveral(results) ? classFigure(results, "roc_auc_macro") : undefined;
  if (macro?.estimate != null) return { name: "examination macro AUROC", value: macro.estimate };
  for (const [metric, per] of leading) {
    const value = findMetric(results, metric, per)?.estimate ?? null;
    if (value !== null) return { name: `${per} ${metricNames[metric]}`, value };
  }
  return null;
}

/** The best validation of a training so far. */
async function validated(folder: string): Promise<Leading | null> {
  const file = join(folder, "train", "metrics.csv");
  const text = await readText(file, "").catch(() => null);
  if (text === null) return null;
  const { columns, rows } = readCsv(text, file, "");
  for (const [column, name] of [
    ["val_map50", "val mAP@0.5"],
    ["val_dice", "val Dice"],
    ["val_auroc", "val AUROC"],
  ] as const) {
    // biome-ignore format: a list
    const at = columns.indexOf(column);
    const values = rows.flatMap(({ cells }) => (cells[at] === undefined || cells[at] === "" ? [] : [Number(cells[at])]));
    if (values.length > 0) return { name, value: Math.max(...values) };
  }
  return null;
}
