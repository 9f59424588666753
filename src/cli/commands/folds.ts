import { join } from "node:path";
import { z } from "zod";
import type { Experiment } from "../../config/experiment.ts";
import { UserError } from "../../core/errors.ts";
import { assertApart } from "../../data/apart.ts";
import { weightsPath } from "../../data/model-folder.ts";
import { figure } from "../../eval/report/format.ts";
import { spreadSchema } from "../../eval/results.ts";
import { isPretraining } from "../../train/options.ts";
import { type FoldReport, type FoldsReport, type FoldsRun, planFolds, runFolds } from "../folds.ts";
import { assertFree } from "../lock.ts";
import { keepRun } from "../manifest.ts";
import type { Policy } from "../pipeline.ts";
import { backendOnce, type CommonOptions, inFolder, type Outcome, type Session, stageLine } from "../session.ts";
import { foldsEvaluation, type Stage, stagesOf } from "../stages.ts";

/** `hemosynth run CONFIG` of a config with `split.folds`: a cross-validation in `--out`. @param wrap - Changes stages before they run. */
export async function crossValidate(
  experiment: Experiment,
  policy: Policy,
  options: CommonOptions & { folds?: readonly number[] },
  session: Session,
  wrap: (stage: Stage) => Stage,
): Promise<Outcome> {
  const { out: root, workers } = options;
  const { init } = experiment.train;
  if (init !== null) await assertApart(await weightsPath(init.from), join(root, "folds"));
  const only = checkedFolds(experiment, options.folds ?? null);
  const pooled = (runs: readonly string[]) => wrap(foldsEvaluation(runs));
  const run: FoldsRun = { experiment, root, stages: stagesOf(experiment).map(wrap), pooled, policy, only };
  if (options.dryRun === true) {
    await assertFree(root);
    return outcomeOf(run, await planFolds(run), true);
  }
  const report = await inFolder(root, workers, session, async (context) => {
    const inFold = <T>(folder: string, work: Parameters<typeof inFolder<T>>[3]) => inFolder(folder, workers, session, work);
    return await keepRun(root, experiment, (noting) => {
      const noted = { ...run, stages: run.stages.map(noting), pooled: (runs: readonly string[]) => noting(run.pooled(runs)) };
      return runFolds(noted, context, inFold, backendOnce(session));
    });
  });
  return outcomeOf(run, report, false);
}

function checkedFolds({ split: { folds } }: Experiment, only: readonly number[] | null): readonly number[] | null {
  const beyond = only?.find((fold) => typeof folds === "number" && fold >= folds);
  if (beyond === undefined) return only;
  throw new UserError("usage", `--folds: folds count from 0 to ${Number(folds) - 1}; got ${beyond}.`);
}

/** @throws {UserError} (usage) If a verb that works on one split is given a config with folds. */
export function assertOneSplit({ split }: Experiment, verb: string): void {
  if (split.folds === null) return;
  throw new UserError(
    "usage",
    `${verb}: works on one split; got a config with split.folds. \`hemosynth run\` does every fold; for one of them name its folder, with the config in it, such as folds/0.`,
  );
}

/** @throws {UserError} (usage) If a verb that predicts, or evaluates what is predicted, is given a config of pretraining. */
export function assertPredicts({ train: { task } }: Experiment, verb: string): void {
  if (!isPretraining(task)) return;
  throw new UserError(
    "usage",
    `${verb}: train.task ${task} ends with weights, and nothing is predicted by them. Start a training of another task from them by train.init.`,
  );
}

function outcomeOf({ root }: FoldsRun, report: FoldsReport, dryRun: boolean): Outcome {
  const { shared, folds, missing, pooled } = report;
  const page = pooled === null || dryRun ? null : join(root, "report.html");
  const text = [
    ...shared.map((one) => stageLine(one.stage, one, dryRun)),
    ...folds.map((fold) => stageLine(`fold ${fold.fold}`, inShort(fold), dryRun)),
    ...(pooled === null ? [] : [stageLine("eval", pooled, dryRun), ...spreadWords(pooled.summary.spread)]),
    ...(missing.length > 0 ? [`still to run: --folds ${missing.join(",")}; the evaluation of all folds follows then`] : []),
    page === null ? `in ${root}` : `report: ${page}`,
  ].join("\n");
  const stages = pooled === null ? shared : [...shared, pooled];
  return { text, json: { schemaVersion: 1, command: "run", out: root, dryRun, stages, folds, missing, report: page } };
}

/** A fold as one stage: its first that is due, else its evaluation. */
function inShort({ stages }: FoldReport) {
  const last = stages.at(-1)!;
  const due = stages.find(({ state }) => state !== "up to date");
  return due === undefined ? last : { ...last, state: due.state, why: due.why };
}

/** Means and standard deviations over folds, named as what they are. */
function spreadWords(summary: unknown): string[] {
  const spread = z.array(spreadSchema).safeParse(summary);
  if (!spread.success) return [];
  const words = (name: string, metric: string, per: string) => {
    const found = spread.data.find((one) => one.metric === metric && one.per === per);
    return found === undefined || found.mean === null
      ? []
      : [`${name} ${figure(found.mean)} ± ${figure(found.sd)} (${found.folds})`];
  };
  const told = [...words("stack AUROC", "auroc", "stack"), ...words("slice Dice", "dice", "slice")];
  return told.length === 0 ? [] : [`mean ± SD of single folds (how far they differ; no interval): ${told.join(", ")}`];
}
