import { setTimeout as sleep } from "node:timers/promises";
import type { BackendInfo } from "../backend/ready.ts";
import type { Experiment } from "../config/experiment.ts";
import type { Override } from "../config/load.ts";
import { type Reporter, type StageContext, throwIfStopped } from "../core/context.ts";
import { StoppedError, UserError } from "../core/errors.ts";
import { withLock } from "./lock.ts";
import type { StageReport } from "./pipeline.ts";

/** What every command gets besides its own options. */
export interface Session {
  readonly reporter: Reporter;
  /** Fires on SIGINT, SIGTERM, SIGHUP and SIGUSR1. */
  readonly signal: AbortSignal;
  /** Throws where a backend is not the one that is wanted; gets it as soon as it is ready. */
  readonly checkBackend?: (info: BackendInfo) => void;
}

/** What a command has to say in the end. */
export interface Outcome {
  /** Lines for a person, on standard output. */
  readonly text: string;
  /** The same for a program: the one document of `--json`. */
  readonly json: unknown;
  /** Said after it, and the exit code: where there is something to show although the command failed. */
  readonly failure?: UserError;
}

/** Options that many commands share, as commander parses them. */
export interface CommonOptions {
  readonly out: string;
  readonly set?: readonly string[];
  readonly seed?: string;
  readonly backend?: string;
  readonly gpu?: string;
  readonly workers: number;
  readonly dryRun?: boolean;
  readonly existOk?: boolean;
}

/** What the command line lays on top of a config: each `--set`, and the options that stand for one. */
export function overridesOf({ set = [], ...options }: Pick<CommonOptions, "set" | "seed" | "backend" | "gpu">): Override[] {
  const wrong = set.filter((text) => !text.includes("="));
  const rule = (text: string) => `--set: must be written key=value; got ${JSON.stringify(text)}. Example: --set train.steps=100`;
  if (wrong.length > 0) throw new UserError("usage", wrong.map(rule).join("\n"));
  const sets = set.map((text) => {
    const at = text.indexOf("=");
    const path = text.slice(0, at);
    return { path, value: text.slice(at + 1), where: `--set ${path}` };
  });
  for (const path of ["seed", "backend", "gpu"] as const) {
    const value = options[path];
    if (value !== undefined) sets.push({ path, value, where: `--${path}` });
  }
  return sets;
}

/** Runs `work` with the folder locked; what it gets stops as well if the lock is lost. */
export async function inFolder<T>(
  folder: string,
  workers: number,
  session: Session,
  work: (context: StageContext) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const signal = AbortSignal.any([session.signal, lost.signal]);
  try {
    return await withLock(
      folder,
      session.reporter,
      () => lost.abort(),
      () => work({ reporter: session.reporter, signal, workers }),
    );
  } catch (error) {
    if (!(error instanceof StoppedError && lost.signal.aborted)) throw error;
    throw new UserError(
      "locked",
      `${folder}: another process took this folder's lock while this one stood still. Run the command again.`,
    );
  }
}

/** Milliseconds between two tries for a folder that another process holds. */
const tryEvery = 3_000;

/** Does `work`, which takes the lock of a folder, again until no other process holds that. @throws {StoppedError} When asked to stop meanwhile. */
export async function whenFree<T>({ reporter, signal }: Session, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError && error.fault === "locked")) throw error;
      if (tries === 0) reporter.info(`waiting: ${error.message}`);
      await sleep(tryEvery, null, { signal }).catch(() => {});
      throwIfStopped(signal);
    }
  }
}

/** Readies the experiment's backend, once. */
export function backendOnce(session: Session): (experiment: Experiment) => Promise<BackendInfo> {
  let info: Promise<BackendInfo> | null = null;
  return (experiment) => {
    info ??= import("../backend/ready.ts").then(async ({ readyBackend }) => {
      const ready = await readyBackend(experiment.backend, session.reporter, experiment);
      session.checkBackend?.(ready);
      return ready;
    });
    return info;
  };
}

/** One line on what became of a stage, or would. */
export function stageLine(
  name: string,
  { state, why, headline }: Omit<StageReport, "stage" | "summary">,
  dryRun: boolean,
): string {
  const reason = dryRun && why !== null ? ` (${why})` : "";
  return `${name.padEnd(9)}${`${state}${reason}`.padEnd(12)}  ${headline}`;
}
