import type { Experiment } from "../config/experiment.ts";
import { askedBy, holdingWords, lackOf } from "../config/fits.ts";
import type { Holdings } from "../data/datasets/holdings.ts";
import { dataFault } from "../data/faults.ts";

/** @throws {UserError} (data) If data, as their files tell, do not hold what an experiment or its pretraining learns from. */
export function assertHolds(experiment: Experiment, where: string, holds: Holdings): void {
  const { train, regions, predict, pretrain } = experiment;
  const own = { train, regions: regions?.names ?? null, gate: predict.gate };
  const asked = pretrain?.data === null ? [own, askedBy(pretrain)] : [own];
  for (const one of asked) {
    const lack = lackOf(one, holds);
    if (lack !== null)
      throw dataFault(
        where,
        `must hold ${lack.needs}`,
        holdingWords(holds),
        lack.wayOut ?? "docs/datasets.md tells what takes which set",
      );
  }
}
