import type { StageContext, StageResult } from "../../core/context.ts";
import { mapReported } from "../../core/parallel.ts";
import { type Rng, seededRng, shuffled } from "../../core/rng.ts";
import { many } from "../../core/words.ts";
import type { DataRun } from "../../data/data-run.ts";
import { type Case, writeDataset, writeSplits } from "../../data/dataset.ts";
import { splitSubjects, splitWords, subjectsOf } from "../../data/splits.ts";
import { subjectName } from "../subjects.ts";
import { drawHead, drawLabelSlice, drawScan } from "./draw.ts";
import { type HeadCtJob, headCtClasses } from "./job.ts";
import { listLabelPictures } from "./load.ts";
import { bleedTypes } from "./materials.ts";
import type { HeadCtOptions } from "./options.ts";

/** What {@link runHeadCt} needs. */
export type HeadCtRun = DataRun<HeadCtOptions>;

/**
 * Makes a dataset of head CTs in `out`: images in HU, masks of cavity and blood, sidecars, splits.json, and last dataset.json.
 * The same run gives the same bytes, whatever the number of workers.
 *
 * @throws {StoppedError} If the user asks to stop.
 * @throws {UserError} (data) If the folder cannot be written or label pictures cannot be read; (usage) if `split` names a subject that is not made.
 */
export async function runHeadCt({ out, options, split, seed }: HeadCtRun, context: StageContext): Promise<StageResult> {
  const rng = seededRng(seed).fork("head-ct");
  const jobs = options.labels === null ? drawHeads(rng, options, out) : await drawSlices(rng, options, options.labels, out);
  const cases = await mapReported<HeadCtJob, Case>("head-ct", new URL("./job.ts", import.meta.url), jobs, context);
  const splits = splitSubjects(seededRng(seed).fork("split"), subjectsOf(cases), split);
  await writeSplits(out, splits);
  const typed = options.labels === null ? { lesionTypes: [...bleedTypes] } : {};
  await writeDataset(out, {
    ...{ schemaVersion: 1, name: "head-ct", root: ".", modality: "CT", classes: [...headCtClasses], ...typed },
    ...{ labelScheme: null, cases, findings: [] },
  });
  const bleeding = cases.filter((c) => c.class === headCtClasses[1]).length;
  const what = options.labels === null ? "head CT" : "CT slice";
  return {
    headline: `${many(cases.length, what)}, ${bleeding} with blood, ${options.pixelMm} mm in slices of ${options.sliceMm} mm (${splitWords(splits, split)})`,
    summary: { subjects: subjectsOf(cases).length, cases: cases.length, bleeding, splits: { ...splits } },
  };
}

/** One job a subject; which of them bleed is dealt out, so that their number is what was asked for. */
function drawHeads(rng: Rng, options: HeadCtOptions, out: string): HeadCtJob[] {
  const { subjects } = options;
  const order = shuffled(
    rng.fork("bleeding"),
    Array.from({ length: subjects }, (_, i) => i),
  );
  const bleeding = new Set(order.slice(0, Math.round(options.bleeding * subjects)));
  return Array.from({ length: subjects }, (_, i) => {
    const own = rng.fork(i);
    const subject = subjectName(i, subjects);
    const head = drawHead(own.fork("head"), bleeding.has(i), options);
    return { out, subject, id: `${subject}_ct`, from: { kind: "head", head, scan: drawScan(own.fork("scan"), options) } };
  });
}

/** One job a label picture, drawn by its name, so that another picture beside it changes nothing. */
async function drawSlices(rng: Rng, options: HeadCtOptions, folder: string, out: string): Promise<HeadCtJob[]> {
  const pictures = await listLabelPictures(folder);
  return pictures.map(({ file, stem, subject }) => {
    const plan = drawLabelSlice(rng.fork(stem), options);
    return { out, subject, id: `${stem}_ct`, from: { kind: "labels", folder, file, plan } };
  });
}
