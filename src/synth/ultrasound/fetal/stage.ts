import type { StageContext, StageResult } from "../../../core/context.ts";
import { mapReported } from "../../../core/parallel.ts";
import { type Rng, seededRng, shuffled } from "../../../core/rng.ts";
import type { DataRun } from "../../../data/data-run.ts";
import { type Case, writeDataset, writeSplits } from "../../../data/dataset.ts";
import { splitSubjects, splitWords, subjectsOf } from "../../../data/splits.ts";
import { spreadAge, subjectName } from "../../subjects.ts";
import { drawFetus } from "./draw.ts";
import { anomalies, type FetalPlane, type Finding } from "./finding.ts";
import type { FetalJob } from "./job.ts";
import { type FetalUltrasoundOptions, findingsOf, picturesAsked, planesAsked } from "./options.ts";
import { fetalRegions } from "./truth.ts";
import { drawView } from "./view.ts";

/** What {@link runFetalUltrasound} needs. */
export type FetalUltrasoundRun = DataRun<FetalUltrasoundOptions>;

/**
 * Makes a dataset of procedural fetal ultrasound in `out`: pictures, masks, sidecars, splits.json, and last dataset.json.
 * The same run gives the same bytes, whatever the number of workers.
 *
 * @throws {StoppedError} If the user asks to stop.
 * @throws {UserError} (data) If the folder cannot be written; (usage) if `split` names a subject that is not made.
 */
export async function runFetalUltrasound(
  { out, options, split, seed }: FetalUltrasoundRun,
  context: StageContext,
): Promise<StageResult> {
  const jobs = drawJobs(seededRng(seed).fork("fetal-ultrasound"), options, out);
  const subjects = subjectsOf(jobs.map((job) => ({ ...job, gestationalAge: job.view.fetus.gestationalAge })));
  const splits = splitSubjects(seededRng(seed).fork("split"), subjects, split);
  const cases = await mapReported<FetalJob, Case>("ultrasound", new URL("./job.ts", import.meta.url), jobs, context);
  await writeSplits(out, splits);
  const kinds = findingsOf(options);
  await writeDataset(out, {
    schemaVersion: 1,
    name: "fetal-ultrasound",
    root: ".",
    labelScheme: null,
    modality: "US",
    classes: classesOf(options),
    regions: [...fetalRegions],
    lesionTypes: [...kinds],
    cases,
    findings: [],
  });
  const abnormal = new Set(jobs.filter(({ lesionType }) => lesionType > 0).map(({ subject }) => subject)).size;
  return {
    headline: `${cases.length} ultrasound pictures of ${subjects.length} fetuses, ${abnormal} not normal (${splitWords(splits, split)})`,
    summary: { subjects: subjects.length, cases: cases.length, abnormal, splits: { ...splits } },
  };
}

/** Names of the classes, in their order. */
function classesOf(options: FetalUltrasoundOptions): string[] {
  switch (options.classes) {
    case "binary":
      return ["normal", "abnormal"];
    case "anomalies":
      return ["normal", ...anomalies];
    case "planes":
      return [...planesAsked(options)];
    default:
      return options.classes satisfies never;
  }
}

function classOf(classes: FetalUltrasoundOptions["classes"], finding: Finding, plane: FetalPlane): string {
  if (classes === "planes") return plane;
  return classes === "anomalies" || finding === "normal" ? finding : "abnormal";
}

/** One job a picture. Ages are spread evenly and findings dealt in exact numbers, independently of one another. */
function drawJobs(rng: Rng, options: FetalUltrasoundOptions, out: string): FetalJob[] {
  const { subjects, gestationalAge, classes } = options;
  const kinds = findingsOf(options);
  const count = Math.round(subjects * options.abnormal);
  const dealt = Array.from({ length: subjects }, (_, i): Finding => (i < count ? kinds[i % kinds.length]! : "normal"));
  const findings = shuffled(rng.fork("findings"), dealt);
  return findings.flatMap((finding, i) => {
    const own = rng.fork(i);
    const subject = subjectName(i, subjects);
    const age = spreadAge(own.fork("age").uniform(), i, subjects, gestationalAge);
    const fetus = drawFetus(own.fork("fetus"), age, finding);
    const planes = planesAsked(options); // the same for every class, so that which views there are tells none
    return Array.from({ length: picturesAsked(options) }, (_, n) => {
      const plane = planes[n % planes.length]!;
      return {
        out,
        id: `${subject}_acq-${plane}_run-${Math.floor(n / planes.length) + 1}_US`,
        subject,
        class: classOf(classes, finding, plane),
        lesionType: kinds.indexOf(finding) + 1,
        view: drawView(own.fork(`picture-${n}`), fetus, plane, options),
      };
    });
  });
}
