import { StoppedError } from "./errors.ts";

/** Where a stage says what it does. The command line decides how it looks: a bar, a line now and then, or nothing. */
export interface Reporter {
  info(line: string): void;
  warn(line: string): void;
  /** `done` of `total` steps of `label` are finished; `note` is a few words such as the current loss. */
  progress(label: string, done: number, total: number, note?: string): void;
  /** Draws some lines at the end of the screen in place of those drawn before; none takes them away. Absent where nothing can be redrawn. */
  table?(lines: readonly string[]): void;
}

/** What every stage gets besides its options and folders. */
export interface StageContext {
  readonly reporter: Reporter;
  /** Fires when the user asks to stop; a stage saves what it can resume from and throws {@link StoppedError}. */
  readonly signal: AbortSignal;
  /** Worker threads that a stage may use, at least 1. Results never depend on it. */
  readonly workers: number;
}

/** What a stage did. The command line prints the headline, or with `--json` the summary. */
export interface StageResult {
  /** One line for a person, figures included. */
  readonly headline: string;
  /** The same for a program: plain JSON, no timings, no absolute paths. */
  readonly summary: Readonly<Record<string, unknown>>;
}

/** A reporter that says nothing: for tests and for callers of the library. */
export const silentReporter: Reporter = { info() {}, warn() {}, progress() {} };

/** A context that reports nothing and never stops. */
export function silentContext(workers = 1): StageContext {
  return { reporter: silentReporter, signal: new AbortController().signal, workers };
}

/** @throws {StoppedError} If the user has asked to stop. */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new StoppedError("stopped");
}
