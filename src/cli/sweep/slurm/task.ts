import type { UserError } from "../../../core/errors.ts";
import { inheritedCache, throughCache } from "../../cache/stage.ts";
import { isWhole } from "../../record.ts";
import { type Session, whenFree } from "../../session.ts";
import { type Job, neededFolders, performJob } from "../jobs.ts";
import { codeOf, type Ending, endingOf, jobSession, type Report } from "../perform.ts";
import { readOrder, writeReport } from "./arrays.ts";
import { requeue } from "./commands.ts";

// A job of the Slurm launcher, on whatever node: `task.js FOLDER INDEX` makes job INDEX of the array in FOLDER and writes its last word there.
// Told that its time is up (SIGUSR1), it saves, goes back in the queue, and goes on when it begins again. Delivered twice, the second waits for
// the first and finds everything done.

/** Milliseconds between two reports of progress: they are files, on a disk that many share. */
const reportEvery = 10_000;

const [folder, index] = [process.argv[2]!, Number(process.argv[3])];

/** Reports are written one after the other, the last one last. */
let written: Promise<void> = Promise.resolve();
const say = (report: Report): Promise<void> => {
  written = written.then(() => writeReport(folder, index, report)).catch((error: unknown) => console.error(String(error)));
  return written;
};

const controller = new AbortController();
let isTimeUp = false;
process.on("SIGUSR1", () => {
  isTimeUp = true;
  controller.abort();
});
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => controller.abort());

async function perform(job: Job, workers: number, session: Session): Promise<Ending> {
  for (const folder of neededFolders(job)) if (!(await isWhole(folder))) return { kind: "blocked" };
  return await endingOf(() => whenFree(session, () => performJob(job, workers, session, throughCache(inheritedCache()))));
}

/** What became of a job that has saved since its time was up: null where it goes on later. */
async function goBack(requeues: number): Promise<Ending | null> {
  const { SLURM_ARRAY_JOB_ID, SLURM_ARRAY_TASK_ID, SLURM_RESTART_COUNT = "0" } = process.env;
  const fail = (message: string): Ending => ({ kind: "failed", fault: "time", message });
  if (Number(SLURM_RESTART_COUNT) >= requeues)
    return fail(`its time was up after it had gone back in the queue ${SLURM_RESTART_COUNT} times; what it did is saved. Raise sweep.slurm.minutes or requeues.`); // biome-ignore format: one line
  try {
    await requeue(`${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}`);
    return null;
  } catch (error) {
    return fail(`its time was up and it could not go back in the queue: ${(error as UserError).message}`);
  }
}

const { jobs, workers, requeues } = await readOrder(folder);
const session = jobSession(controller.signal, reportEvery, (report) => void say(report));
let ending: Ending | null = await perform(jobs[index]!, workers, session);
if (ending.kind === "stopped") ending = isTimeUp ? await goBack(requeues) : null; // else cancelled, or preempted: Slurm knows
if (ending === null) process.exit(isTimeUp ? 138 : 143);
await say(ending);
process.exit(codeOf(ending));
