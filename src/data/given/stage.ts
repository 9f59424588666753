import { relative } from "node:path";
import { join } from "node:path/posix";
import type { StageResult } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { many } from "../../core/words.ts";
import type { DataRun } from "../data-run.ts";
import { readDataset, writeDataset, writeSplits } from "../dataset.ts";
import { splitSubjects, splitWords, subjectsOf } from "../splits.ts";
import type { DatasetOptions } from "./options.ts";

/** What {@link runDataset} needs. */
export type DatasetRun = DataRun<DatasetOptions>;

/**
 * Points to a dataset that is there already and divides its subjects.
 * @throws {UserError} (data) If there is no valid dataset; (usage) if `split` names a subject that it does not have.
 */
export async function runDataset({ out, options, split, seed }: DatasetRun): Promise<StageResult> {
  const dataset = await readDataset(options.path);
  const subjects = subjectsOf(dataset.cases);
  const splits = splitSubjects(seededRng(seed).fork("split"), subjects, split);
  await writeSplits(out, splits);
  const root = join(relative(out, options.path).replaceAll("\\", "/"), dataset.root);
  await writeDataset(out, { ...dataset, root });
  const { cases, name } = dataset;
  return {
    headline: `${many(cases.length, "case")} of ${many(subjects.length, "subject")} of ${name} (${splitWords(splits, split)})`,
    summary: { subjects: subjects.length, cases: cases.length, splits: { ...splits } },
  };
}
