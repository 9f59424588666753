import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { StageContext, StageResult } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { mapReported } from "../../core/parallel.ts";
import { seededRng } from "../../core/rng.ts";
import { many } from "../../core/words.ts";
import type { DataRun } from "../data-run.ts";
import { type Case, type Finding, writeDataset, writeSplits } from "../dataset.ts";
import { dataFault, oneLine } from "../faults.ts";
import { countImages, runIngest } from "../ingest/stage.ts";
import { splitSubjects, splitWords, subjectsOf } from "../splits.ts";
import { type PublicHoldings, publicHoldings } from "./holdings.ts";
import { planPublic } from "./index.ts";
import type { PublicJob, PublicRead, PublicResult } from "./job.ts";
import { isNormal, type NormalLayout, type PublicOptions } from "./options.ts";
import { checkTree, presetOf } from "./presets.ts";

/** What {@link runPublic} needs. */
export type PublicRun = DataRun<PublicOptions>;

/**
 * Makes a dataset of a public set, subjects divided by patient. Sets of normal brains are ingested where they lie; of others every image is written again as
 * a volume, with its masks.
 *
 * @throws {UserError} (data) With every fault found, a line each; no dataset is written then.
 */
export async function runPublic({ out, options, split, seed }: PublicRun, context: StageContext): Promise<StageResult> {
  const { layout, path } = options;
  if (isNormal(layout)) return await runIngest({ out, options: await normalOf(layout, path), split, seed }, context);
  const plan = await planPublic({ ...options, layout });
  await rm(join(out, "dataset.json"), { force: true }); // the folder is not whole until this run is done
  const read = await readAll(
    path,
    plan.cases.map((c) => ({ out, path, case: c, modality: plan.modality })),
    context,
  );
  const cases = read.map((result) => result.case);
  refuseDuplicates(path, read);
  const warning = (id: string | null) => (message: string) =>
    ({ severity: "warning", case: id, rule: "image", message: oneLine(message) }) satisfies Finding;
  const findings: Finding[] = [
    ...(plan.warnings ?? []).map(warning(null)),
    ...read.flatMap(({ case: { id }, warnings }) => warnings.map(warning(id))),
  ];
  if (findings.length > 0)
    context.reporter.warn(
      `${findings[0]!.message}${findings.length > 1 ? ` And ${findings.length - 1} more like it, see dataset.json.` : ""}`,
    );
  const splits = splitSubjects(seededRng(seed).fork("split"), subjectsOf(cases), split);
  await writeSplits(out, splits);
  const { name, modality, classes, regions, lesionTypes } = plan;
  const lists = {
    ...(modality && { modality }),
    ...(classes && { classes: [...classes] }),
    ...(regions && { regions: [...regions] }),
    ...(lesionTypes && { lesionTypes: [...lesionTypes] }),
  };
  await writeDataset(out, { schemaVersion: 1, name, root: ".", ...lists, labelScheme: null, cases, findings });
  const subjects = subjectsOf(cases).length;
  return {
    headline: `${many(cases.length, "case")} of ${many(subjects, "subject")} of ${name} (${splitWords(splits, split)})`,
    summary: { cases: cases.length, subjects, warnings: findings.length, splits: { ...splits } },
  };
}

/** Reads and writes every case in worker threads. @throws {UserError} (data) With the faults of all of them. */
async function readAll(path: string, jobs: readonly PublicJob[], context: StageContext) {
  const results = await mapReported<PublicJob, PublicResult>("read", new URL("./job.ts", import.meta.url), jobs, context);
  const faults = results.flatMap((result) => ("fault" in result ? [`  ${oneLine(result.fault)}`] : []));
  if (faults.length === 0) return results.filter((result) => "case" in result);
  const head = `${oneLine(path)}: ${many(faults.length, "error")} in the data; no dataset was written.`;
  throw new UserError("data", [head, ...faults].join("\n"));
}

/** @throws {UserError} (data) If two patients have the same image: they would be on two sides of a split. */
function refuseDuplicates(path: string, read: readonly PublicRead[]): void {
  const first = new Map<string, Case>();
  for (const { case: c, voxels } of read) {
    const other = first.get(voxels) ?? c;
    first.set(voxels, other);
    if (other.subject === c.subject) continue;
    const got = `the same in ${other.id} of ${other.subject} and ${c.id} of ${c.subject}`;
    throw dataFault(path, "an image must be of one patient", got, "Remove one of them");
  }
}

/**
 * How many images a set has and what can be learnt from them, by names and tables alone.
 * @throws {UserError} (data) As {@link runPublic}, with what can be told from them.
 */
export async function surveyPublic(options: PublicOptions): Promise<{ readonly images: number; readonly holds: PublicHoldings }> {
  const { layout, path } = options;
  const holds = publicHoldings[layout];
  if (isNormal(layout)) return { images: await countImages(await normalOf(layout, path)), holds };
  const { cases, regions = [] } = await planPublic({ ...options, layout });
  return { images: cases.length, holds: { ...holds, regions: holds.regions ?? regions } };
}

async function normalOf(layout: NormalLayout, path: string) {
  await checkTree(layout, path);
  return presetOf(layout, path);
}
