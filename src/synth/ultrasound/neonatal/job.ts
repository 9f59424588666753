import { UserError } from "../../../core/errors.ts";
import { type Rng, seededRng } from "../../../core/rng.ts";
import { writeDrawn, writeImage } from "../../../data/case-files.ts";
import type { Case } from "../../../data/dataset.ts";
import { UnfitError } from "../../unfit.ts";
import { frameStepMm, framesVolume } from "../frames.ts";
import { drawBrain } from "./brain.ts";
import { drawExam, scanFrame } from "./exam.ts";
import type { CranialUltrasoundOptions } from "./options.ts";

/** One exam to draw, scan and write; run in a worker thread. */
export interface NeonatalJob {
  /** Folder of the dataset. */
  readonly out: string;
  readonly subject: string;
  /** Postmenstrual age, weeks. */
  readonly age: number;
  readonly bleeds: boolean;
  readonly options: CranialUltrasoundOptions;
  /** Seed of the exam's own stream. */
  readonly seed: string;
}

/** What a job made: the entry for dataset.json, and how many of its frames show blood. */
export interface NeonatalAnswer {
  readonly case: Case;
  readonly frames: number;
  readonly framesWithBlood: number;
}

/** Classes of an exam, normal first. */
export const examClasses = ["normal", "bleed"] as const;

/**
 * Makes one exam and writes its frames as one volume, with masks and sidecar.
 *
 * @throws {UserError} (usage) If no bleed of the options fits any brain that was tried.
 */
export default async function makeExam({ out, subject, age, bleeds, options, seed }: NeonatalJob): Promise<NeonatalAnswer> {
  const rng = seededRng(seed);
  const { brain, head } = fittingBrain(rng.fork("brain"), { subject, age, bleeds, options });
  const exam = drawExam(rng, head, options);
  const frames = exam.frames.map((frame) => scanFrame(head, exam, frame));
  const { frame: window } = exam.frames[0]!.scan;
  const id = `${subject}_US`;
  const write = async (suffix: string, part: "picture" | "brain" | "lesion") => {
    const data = new Uint8Array(frames.length * window.width * window.height);
    for (const [i, one] of frames.entries()) data.set(one[part], i * one[part].length);
    return await writeImage(out, `images/${id}${suffix}`, framesVolume(data, window));
  };
  return {
    case: {
      id,
      subject,
      session: null,
      gestationalAge: age,
      image: await write("", "picture"),
      labels: null,
      brainMask: await write("_brain", "brain"),
      lesionMask: await write("_lesion", "lesion"),
      sidecar: await writeDrawn(out, `images/${id}`, { brain, exam }),
      shape: [window.width, window.height, frames.length],
      spacing: [window.pixelMm, window.pixelMm, frameStepMm],
      grade: null,
      class: examClasses[bleeds ? 1 : 0],
      sources: [],
    },
    frames: frames.length,
    framesWithBlood: frames.filter(({ lesion }) => lesion.includes(1)).length,
  };
}

function fittingBrain(rng: Rng, { subject, age, bleeds, options }: Pick<NeonatalJob, "subject" | "age" | "bleeds" | "options">) {
  try {
    return drawBrain(rng, age, bleeds, options);
  } catch (error) {
    if (!(error instanceof UnfitError)) throw error;
    const rule = `a bleed of data.grades must fit the brain of ${subject}, ${age.toFixed(1)} weeks`;
    throw new UserError(
      "usage",
      `data: ${rule}; got none that does: ${error.message}. Give other data.grades, or another data.age.`,
    );
  }
}
