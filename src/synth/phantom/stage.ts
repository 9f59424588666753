import type { StageContext, StageResult } from "../../core/context.ts";
import { mapReported } from "../../core/parallel.ts";
import { type Rng, seededRng } from "../../core/rng.ts";
import type { DataRun } from "../../data/data-run.ts";
import { type Case, writeDataset, writeSplits } from "../../data/dataset.ts";
import { splitSubjects, splitWords, subjectsOf } from "../../data/splits.ts";
import { spreadAge, subjectName } from "../subjects.ts";
import { drawPhantom } from "./draw.ts";
import type { PhantomJob } from "./job.ts";
import type { PhantomOptions } from "./options.ts";

/** What {@link runPhantom} needs. */
export type PhantomRun = DataRun<PhantomOptions>;

/**
 * Makes a dataset of procedural brains in `out`: images, labels, masks, sidecars, splits.json, and last dataset.json.
 * The same run gives the same bytes, whatever the number of workers.
 *
 * @throws {StoppedError} If the user asks to stop.
 * @throws {UserError} (data) If the folder cannot be written; (usage) if `split` names a subject that is not made.
 */
export async function runPhantom({ out, options, split, seed }: PhantomRun, context: StageContext): Promise<StageResult> {
  const rng = seededRng(seed).fork("phantom");
  const jobs = drawJobs(rng, options, out);
  const splits = splitSubjects(
    seededRng(seed).fork("split"),
    jobs.map(({ subject, anatomy }) => ({ id: subject, gestationalAge: anatomy.gestationalAge })),
    split,
  );
  const cases = await mapReported<PhantomJob, Case>("phantom", new URL("./job.ts", import.meta.url), jobs, context);
  await writeSplits(out, splits);
  await writeDataset(out, { schemaVersion: 1, name: "phantom", root: ".", labelScheme: "hemosynth", cases, findings: [] });
  const [low, high] = options.gestationalAge;
  return {
    headline: `${cases.length} phantom brains, ${low} to ${high} weeks, ${options.spacingMm} mm (${splitWords(splits, split)})`,
    summary: { subjects: subjectsOf(cases).length, cases: cases.length, gestationalAge: [low, high], splits: { ...splits } },
  };
}

/** One job a subject, their ages spread evenly over the range. */
function drawJobs(rng: Rng, { subjects, gestationalAge, variability, spacingMm }: PhantomOptions, out: string): PhantomJob[] {
  return Array.from({ length: subjects }, (_, i) => {
    const own = rng.fork(i);
    const age = spreadAge(own.fork("age").uniform(), i, subjects, gestationalAge);
    const anatomy = drawPhantom(own.fork("anatomy"), age, { variability });
    return { out, subject: subjectName(i, subjects), anatomy, spacingMm };
  });
}
