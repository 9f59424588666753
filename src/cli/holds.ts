import type { Experiment } from "../config/experiment.ts";
import { askedBy, askedOf, holdingWords, lackOf } from "../config/fits.ts";
import type { Holdings } from "../data/datasets/holdings.ts";
import { dataFault } from "../data/faults.ts";

/** @throws {UserError} (data) If data, as their files tell, do not hold what an experiment or its pretraining learns from. */
export function assertHolds(experiment: Experiment, where: string, holds: Holdings): void {
  const { pretrain } = experiment;
  for (const asked of [askedOf(experiment), ...(pretrain?.data === null ? [askedBy(pretrain)] : [])]) {
    const lack = lackOf(asked, holds);
    if (lack !== null) throw dataFault(where, `must hold ${lack.needs}`, holdingWords(holds), lack.wayOut);
  }
}
