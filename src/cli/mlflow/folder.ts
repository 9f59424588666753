import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { readCsv } from "../../data/csv.ts";
import { readJson } from "../../data/dataset.ts";
import { resultsSchema } from "../../eval/results.ts";
import { foldsIn } from "../folds.ts";
import type { LoggedMetric } from "./client.ts";

/** Options by dotted path, as text. */
export function parametersOf(value: unknown, path = ""): Record<string, string> {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    return { [path]: typeof value === "string" ? value : JSON.stringify(value) };
  const parts = Object.entries(value).map(([key, part]) => parametersOf(part, path === "" ? key : `${path}.${key}`));
  return Object.assign({}, ...parts) as Record<string, string>;
}

/**
 * The training curves of a run folder so far, those of folds as `fold0/…`; a line that is being written is left out.
 * @param since - Milliseconds since 1970: trainings that did not begin or end since are left out, as they may be of another config.
 */
export async function curvesOf(root: string, since: number): Promise<LoggedMetric[]> {
  const folds = (await foldsIn(root)).map((fold) => [`fold${fold}/`, join(root, "folds", String(fold))] as const);
  const places = [["", root] as const, ...folds];
  const metrics: LoggedMetric[] = [];
  for (const [prefix, folder] of places) {
    if ((await lastMark(join(folder, "train"))) < since) continue;
    const file = join(folder, "train", "metrics.csv");
    const text = await readFile(file, "utf8").catch(() => "");
    metrics.push(...curveOf(text.slice(0, text.lastIndexOf("\n") + 1), prefix, file));
  }
  return metrics;
}

/** When a stage began or became whole, milliseconds since 1970. */
async function lastMark(folder: string): Promise<number> {
  const marks = ["stage.partial.json", "stage.json"].map((name) => stat(join(folder, name)).catch(() => null));
  return Math.max(0, ...(await Promise.all(marks)).map((found) => found?.mtimeMs ?? 0));
}

function curveOf(text: string, prefix: string, file: string): LoggedMetric[] {
  if (text === "") return [];
  const { columns, rows } = readCsv(text, file, "train again");
  return rows.flatMap(({ cells }) =>
    columns.flatMap((name, i): LoggedMetric[] => {
      const isThere = name !== "step" && cells[i] !== undefined && cells[i] !== "";
      return isThere ? [{ key: `${prefix}${name}`, value: Number(cells[i]), step: Number(cells[0]) }] : [];
    }),
  );
}

/** The figures of a whole run's evaluation, such as `test/auroc_stack`. */
export async function figuresOf(root: string): Promise<LoggedMetric[]> {
  const results = await readJson(join(root, "eval", "results.json"), resultsSchema, "evaluate again").catch(() => null);
  if (results === null) return []; // a pretraining
  const all = results.metrics.filter(({ subset, estimate }) => subset === "all" && estimate !== null);
  return all.flatMap(({ metric, per, estimate, low, high }) =>
    [["", estimate], ["_low", low], ["_high", high]].flatMap(([end, value]): LoggedMetric[] =>
      typeof value === "number" ? [{ key: `${results.split}/${metric}_${per}${end}`, value, step: 0 }] : [],
    ),
  ); // biome-ignore format: a list
}
