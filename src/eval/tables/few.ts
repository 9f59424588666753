import { oneLine } from "../../data/faults.ts";

/** With fewer clusters than these, resampling gives intervals that are mostly too narrow (docs/metrics.md, how often they hold the truth). */
export const fewClusters = 30;

/**
 * With fewer patients of a class than these, no figure is held against chance. Our choice: perfect order of 2 patients of each class comes by chance once in
 * 6, of 4 once in 70, of 5 once in 252, and the resamples of so few differ too little for an interval to say so.
 */
export const leastForChance = 5;

/** What a row has that says whose it is, and which subgroup it is of. */
interface Grouped {
  readonly cluster: string;
  readonly subgroup: string | null;
}

/** Distinct clusters of rows. */
export const clustersIn = (rows: readonly Pick<Grouped, "cluster">[]): number => new Set(rows.map(({ cluster }) => cluster)).size;

/** Distinct clusters of the part that has fewest. */
export const fewestClusters = (parts: readonly (readonly Pick<Grouped, "cluster">[])[]): number =>
  Math.min(...parts.map(clustersIn));

/**
 * Names the subgroups that are of too few clusters.
 *
 * @param column - Of the subgroups; null for none. @param what - Is counted, in words.
 * @param partsOf - The parts of a subgroup of which each needs enough, such as positives and negatives; the whole where absent.
 * @returns One note, or none.
 */
export function fewInSubgroups<R extends Grouped>(
  column: string | null,
  what: string,
  rows: readonly R[],
  partsOf: (rows: readonly R[]) => readonly (readonly R[])[] = (all) => [all],
): string[] {
  if (column === null) return [];
  const values = [...new Set(rows.map(({ subgroup }) => subgroup!))].sort();
  const few = values.flatMap((value) => {
    const fewest = fewestClusters(partsOf(rows.filter(({ subgroup }) => subgroup === value)));
    return fewest < fewClusters ? [`${oneLine(value)} (${fewest})`] : [];
  });
  if (few.length === 0) return [];
  const some = `${few.slice(0, 8).join(", ")}${few.length > 8 ? ` and ${few.length - 8} more` : ""}`;
  return [
    `Fewer than ${fewClusters} ${what} in subgroups by ${oneLine(column)}: ${some}. Their intervals are mostly too narrow.`,
  ];
}
