import { join } from "node:path";
import { many } from "../../core/words.ts";
import { type Case, type Dataset, type Splits, splitNames } from "../../data/dataset.ts";
import { dataFault } from "../../data/faults.ts";

/** The cases to paint: original, in a split, not known to be ill, with labels. @throws {UserError} (data) If there is none. */
export function usableCases(dataset: Dataset, splits: Splits, where: string, warn: (line: string) => void): Case[] {
  const chosen = new Set(splitNames.flatMap((name) => splits[name]));
  const original = dataset.cases.filter((c) => c.sources.length === 0 && chosen.has(c.subject));
  const normal = original.filter((c) => (c.grade ?? 0) === 0);
  const usable = dataset.labelScheme === null ? [] : normal.filter((c) => c.labels !== null);
  const file = join(where, "dataset.json");
  if (normal.length < original.length)
    warn(`${file}: left out ${many(original.length - normal.length, "case")} with hemorrhage.`);
  if (usable.length === 0) {
    const got = `${normal.length} normal cases, none with labels`;
    throw dataFault(
      file,
      "synthesis needs normal cases with tissue labels",
      got,
      "Ingest with a labels pattern and a label scheme",
    );
  }
  if (usable.length < normal.length)
    warn(`${file}: left out ${many(normal.length - usable.length, "normal case")} without labels.`);
  return usable;
}
