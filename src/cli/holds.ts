import type { Experiment } from "../config/experiment.ts";
import { askedBy, askedOf, holdingWords, lackOf } from "../config/fits.ts";
import { casesOfSplit, readDataset, readSplits, splitNames } from "../data/dataset.ts";
import type { Holdings } from "../data/datasets/holdings.ts";
import { dataFault } from "../data/faults.ts";
import type { StageName } from "./stage.ts";

/** @throws {UserError} (data) If data, as their files tell, do not hold what an experiment or its pretraining learns from. */
export function assertHolds(experiment: Experiment, where: string, holds: Holdings): void {
  const { pretrain } = experiment;
  for (const asked of [askedOf(experiment), ...(pretrain?.data === null ? [askedBy(pretrain)] : [])]) {
    const lack = lackOf(asked, holds);
    if (lack !== null) throw dataFault(where, `must hold ${lack.needs}`, holdingWords(holds), lack.wayOut);
  }
}

/** How a stage's data get more subjects into a split; those that are trained on. */
const moreSubjects: Readonly<Partial<Record<StageName, (split: string) => string>>> = {
  data: (split) => `Set split.${split} higher, name subjects in it, or use more subjects`,
  pool: () => "Use more subjects in pretrain.data",
};

/** @throws {UserError} (data) If a stage made the data of a training, and none of their cases are there to train on or to validate with. */
export async function assertDivided(name: StageName, folder: string): Promise<void> {
  const more = moreSubjects[name];
  if (more === undefined) return;
  const [dataset, splits] = [await readDataset(folder), await readSplits(folder)];
  const counts = splitNames.map((split) => ({ split, cases: casesOfSplit(dataset, splits, split).length }));
  const empty = counts.find(({ split, cases }) => split !== "test" && cases === 0);
  if (empty === undefined) return;
  const got = counts.map(({ split, cases }) => `${cases} ${split}`).join(", ");
  throw dataFault(folder, `the ${empty.split} split must have a case`, got, more(empty.split));
}
