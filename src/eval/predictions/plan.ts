import type { Rng } from "../../core/rng.ts";
import { many } from "../../core/words.ts";
import { dataFault, oneLine } from "../../data/faults.ts";
import { clusterId, drawNestedPlan, type ResamplingPlan } from "../metrics/bootstrap.ts";
import type { IntervalKind } from "../metrics/bootstrap-interval.ts";
import { checkPlanSize } from "../tables/plan-size.ts";
import { isChosen, type MetricsOptions } from "./options.ts";
import type { CommonColumns } from "./read/columns.ts";
import type { TableRow } from "./read/table.ts";

/** Rows whose clusters are resampled. */
export interface Resampled {
  readonly file: string;
  readonly columns: CommonColumns;
  readonly rows: readonly Pick<TableRow, "cluster" | "path" | "stratum">[];
}

/**
 * The plan that all figures share.
 * @throws {UserError} (data) If there are too many clusters, or every cluster would be a stratum of its own.
 */
export function planOf({ file, columns, rows }: Resampled, { resamples }: MetricsOptions, rng: Rng): ResamplingPlan {
  const innermost = new Set(rows.map(({ path }) => clusterId(path))).size;
  checkPlanSize(file, innermost, resamples, "clusters", "a sample of the rows");
  const strata = strataOf(rows);
  if (strata.size > 1 && lonely(strata) === strata.size)
    throw dataFault(
      file,
      `several clusters must share a stratum of ${oneLine(columns.stratify!)}`,
      `${strata.size} clusters, each a stratum of its own`,
      "Stratify by another column",
    );
  const paths = rows.map(({ path }) => path);
  return drawNestedPlan(rng, paths, resamples, (cluster) => strata.get(cluster)!);
}

/** Stratum of each outermost cluster: the values that its rows hold, so that a patient with both classes is of a third stratum. */
function strataOf(rows: Resampled["rows"]): Map<string, string> {
  const values = new Map<string, Set<string>>();
  for (const { cluster, stratum } of rows) values.set(cluster, (values.get(cluster) ?? new Set()).add(stratum));
  return new Map([...values].map(([cluster, held]) => [cluster, JSON.stringify([...held].sort())]));
}

/** Clusters that are alone in their stratum. */
function lonely(strata: ReadonlyMap<string, string>): number {
  const sizes = new Map<string, number>();
  for (const stratum of strata.values()) sizes.set(stratum, (sizes.get(stratum) ?? 0) + 1);
  return [...sizes.values()].filter((size) => size === 1).length;
}

/** What a reader must know of the strata. */
export function strataNotes({ rows, columns }: Resampled): string[] {
  const alone = columns.stratify === null ? 0 : lonely(strataOf(rows));
  return alone === 0 ? [] : [`Alone in their stratum, and so in every resample once: ${many(alone, "cluster")}.`];
}

/** How the intervals of a table were made, in words. */
export function methodOf({ columns }: Pick<Resampled, "columns">, options: MetricsOptions): string {
  const { interval, resamples, level, seed, threshold } = options;
  const kinds = { percentile: "percentile", basic: "basic", bca: "BCa", studentized: "studentized" } as const;
  const [outer, ...inner] = columns.cluster.map(oneLine);
  const what =
    outer === undefined
      ? "rows"
      : inner.length === 0
        ? `whole clusters (${outer})`
        : `clusters in clusters (${[outer, ...inner].join(" > ")})`;
  const strata = columns.stratify === null ? "" : `, stratified by ${oneLine(columns.stratify)}`;
  const chosen = isChosen(threshold) ? ", threshold chosen anew in each resample" : "";
  const kind = kinds[interval satisfies IntervalKind];
  return `${kind} bootstrap of ${what}${strata}, ${resamples} resamples, seed ${seed}, level ${level}${chosen}`;
}
