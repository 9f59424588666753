import type { StageContext, StageResult } from "../../../core/context.ts";
import { mapReported } from "../../../core/parallel.ts";
import { seededRng, shuffled } from "../../../core/rng.ts";
import type { DataRun } from "../../../data/data-run.ts";
import { writeDataset, writeSplits } from "../../../data/dataset.ts";
import { splitSubjects, splitWords, subjectsOf } from "../../../data/splits.ts";
import { spreadAge, subjectName } from "../../subjects.ts";
import { examClasses, type NeonatalAnswer, type NeonatalJob } from "./job.ts";
import type { CranialUltrasoundOptions } from "./options.ts";

/** What {@link runCranialUltrasound} needs. */
export type CranialUltrasoundRun = DataRun<CranialUltrasoundOptions>;

/**
 * Makes a dataset of procedural cranial ultrasound exams in `out`, one volume an exam whose slices are its frames: frames, masks, sidecars,
 * splits.json, and last dataset.json. The same run gives the same bytes, whatever the number of workers.
 *
 * @throws {StoppedError} If the user asks to stop.
 * @throws {UserError} (data) If the folder cannot be written; (usage) if `split` names a subject that is not made, or no bleed of `data.grades` fits a brain.
 */
export async function runCranialUltrasound(
  { out, options, split, seed }: CranialUltrasoundRun,
  context: StageContext,
): Promise<StageResult> {
  const jobs = drawJobs(seed, options, out);
  const subjects = subjectsOf(
    jobs.map(({ subject, age, bleeds }) => ({ subject, gestationalAge: age, class: examClasses[bleeds ? 1 : 0] })),
  );
  const splits = splitSubjects(seededRng(seed).fork("split"), subjects, split);
  const made = await mapReported<NeonatalJob, NeonatalAnswer>("ultrasound", new URL("./job.ts", import.meta.url), jobs, context);
  await writeSplits(out, splits);
  const cases = made.map((answer) => answer.case);
  await writeDataset(out, {
    schemaVersion: 1,
    name: "cranial-ultrasound",
    root: ".",
    labelScheme: null,
    modality: "US",
    classes: [...examClasses],
    cases,
    findings: [],
  });
  const { bleeds, framesOfBleeds, framesWithBlood } = countBleeds(made);
  return {
    headline: `${cases.length} exams, ${bleeds} with a bleed, seen in ${framesWithBlood} of their ${framesOfBleeds} frames (${splitWords(splits, split)})`,
    summary: {
      ...{ subjects: subjects.length, cases: cases.length, bleeds, framesOfBleeds, framesWithBlood },
      splits: { ...splits },
    },
  };
}

/** Exams with a bleed, their frames, and how many of these show it. */
function countBleeds(made: readonly NeonatalAnswer[]) {
  const bleeding = made.filter((answer) => answer.case.class === "bleed");
  return {
    bleeds: bleeding.length,
    framesOfBleeds: sum(bleeding.map((answer) => answer.frames)),
    framesWithBlood: sum(bleeding.map((answer) => answer.framesWithBlood)),
  };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** One job an exam. Ages are spread evenly and bleeds dealt in an exact number, independently of one another. */
function drawJobs(seed: number, options: CranialUltrasoundOptions, out: string): NeonatalJob[] {
  const rng = seededRng(seed).fork("cranial-ultrasound");
  const { subjects, prevalence, age } = options;
  const least = prevalence > 0 ? 1 : 0;
  const count = Math.max(least, Math.round(prevalence * subjects));
  const dealt = shuffled(
    rng.fork("bleeds"),
    Array.from({ length: subjects }, (_, i) => i < count),
  );
  return dealt.map((bleeds, i) => ({
    out,
    subject: subjectName(i, subjects),
    age: spreadAge(rng.fork(i).uniform(), i, subjects, age),
    bleeds,
    options,
    seed: `${seed}/cranial-ultrasound/${i}`,
  }));
}
