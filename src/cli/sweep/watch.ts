import { figure } from "../../eval/report/format.ts";
import { leadingFigure } from "../leading.ts";
import { duration } from "../reporter.ts";
import type { Session } from "../session.ts";
import type { Job } from "./jobs.ts";
import type { Ending, Report } from "./perform.ts";

/** Says what is going on in a sweep: a table where the screen can be redrawn, else a line now and then. */
export interface Watch {
  begin(job: Job): void;
  tell(job: Job, progress: Extract<Report, { kind: "progress" }>): void;
  /** A job that had begun waits again. */
  leave(job: Job): void;
  /** What is to be said of those that wait, such as `12 in the queue (Resources)`. */
  queue(words: string): void;
  end(job: Job, ending: Ending): void;
  close(): void;
}

/** Milliseconds between two drawings of the table, and between two looks at a run's figures. */
const drawEvery = 1_000;
const lookEvery = 5_000;

/** A job that runs. */
interface Row {
  readonly job: Job;
  readonly begun: number;
  stage: string;
  step: string;
  share: string;
  best: string;
}

/** @param tasks - All jobs of this call. */
export function watchJobs(tasks: readonly Job[], { reporter, signal }: Session): Watch {
  const rows = new Map<string, Row>();
  const sum = { ended: 0, failed: 0, total: tasks.length, queued: "" };
  const draw = drawing(reporter, rows, sum);
  const timers =
    reporter.table === undefined ? [] : [setInterval(draw, drawEvery), setInterval(() => void lookUp(rows), lookEvery)];
  return {
    begin(job) {
      if (rows.has(job.id)) return;
      rows.set(job.id, { job, begun: performance.now(), stage: "", step: "", share: "", best: "" });
      reporter.info(`${job.id}: runs`);
    },
    tell(job, { label, done, total }) {
      const row = rows.get(job.id);
      if (row === undefined) return;
      Object.assign(row, { stage: label, step: `${done}/${total}`, share: `${Math.floor((100 * done) / Math.max(1, total))} %` });
      if (timers.length === 0) draw();
    },
    leave(job) {
      if (rows.delete(job.id)) reporter.info(`${job.id}: back in the queue`);
    },
    queue(words) {
      sum.queued = words;
      if (timers.length === 0 && words !== "") draw();
    },
    end(job, ending) {
      rows.delete(job.id);
      sum.ended++;
      if (ending.kind === "failed") sum.failed++;
      if (ending.kind === "done") reporter.info(`${job.id}: ${ending.headline}`);
      else if (ending.kind === "failed" && !signal.aborted) reporter.warn(`${job.id}: ${ending.message.split("\n")[0]!}`);
      draw();
    },
    close() {
      for (const timer of timers) clearInterval(timer);
      reporter.table?.([]);
    },
  };
}

/** Draws what runs, for as long as it does, counted from now. */
function drawing(reporter: Session["reporter"], rows: ReadonlyMap<string, Row>, sum: Omit<Sum, "age">): () => void {
  const begun = performance.now();
  return () => {
    const [now, running] = [{ ...sum, age: performance.now() - begun }, [...rows.values()]];
    if (reporter.table === undefined) reporter.progress("sweep", sum.ended, sum.total, lineOf(now, running));
    else reporter.table(tableOf(now, running));
  };
}

/** Looks up the best figure of each run so far. */
async function lookUp(rows: ReadonlyMap<string, Row>): Promise<void> {
  for (const row of rows.values()) if (row.job.what === "run") row.best = await bestOf(row.job);
}

async function bestOf({ root }: Job): Promise<string> {
  const best = await leadingFigure(root).catch(() => null); // in the middle of being written
  return best === null ? "" : `${best.name} ${figure(best.value)}`;
}

interface Sum {
  readonly ended: number;
  readonly failed: number;
  readonly total: number;
  readonly queued: string;
  /** Milliseconds since this call began. */
  readonly age: number;
}

/** What runs, in one line. */
function lineOf({ queued }: Sum, rows: readonly Row[]): string {
  const running = rows.map(({ job, stage, share }) => `${job.id} ${stage} ${share}`);
  return [...running, queued].filter((part) => part !== "").join(", ");
}

/** The lines of the table: a sum, a head, a row for each job that runs. */
export function tableOf({ ended, failed, total, queued, age }: Sum, rows: readonly Row[]): string[] {
  const counts = [`${ended} of ${total} jobs ended`, failed === 0 ? "" : `${failed} failed`, `${rows.length} running`, queued];
  const sum = [...counts.filter((part) => part !== ""), duration(age)].join("  ·  ");
  if (rows.length === 0) return [sum];
  const now = performance.now();
  const cells = rows.map(({ job, stage, step, best, begun }) => [job.id, stage, step, best, duration(now - begun)]);
  const all = [["run", "stage", "step", "best", "age"], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return [sum, ...all.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd())]; // biome-ignore format: short
}
