import { exitCodes, StoppedError, UserError } from "../../core/errors.ts";
import type { Session } from "../session.ts";

// What the processes of both launchers have in common. A job is made in a process of its own: TensorFlow is one a process, and what dies there
// takes nothing with it.

/** How a job ended. */
export type Ending =
  | { readonly kind: "done"; readonly headline: string }
  | { readonly kind: "failed"; readonly fault: string; readonly message: string }
  /** What it needs was not there. */
  | { readonly kind: "blocked" }
  | { readonly kind: "stopped" };

/** What a job says of itself. */
export type Report =
  | { readonly kind: "progress"; readonly label: string; readonly done: number; readonly total: number; readonly note: string }
  | Ending;

/** A session whose words go to standard error and whose progress is reported, at most once in so many milliseconds. */
export function jobSession(signal: AbortSignal, every: number, send: (report: Report) => void): Session {
  let last = Number.NEGATIVE_INFINITY;
  return {
    signal,
    reporter: {
      info: (line) => console.error(line),
      warn: (line) => console.error(`warning: ${line}`),
      progress(label, done, total, note = "") {
        const now = performance.now();
        if (now - last < every) return;
        last = now;
        send({ kind: "progress", label, done, total, note });
      },
    },
  };
}

/** How some work ended, which gives a headline; never throws. */
export async function endingOf(work: () => Promise<string>): Promise<Ending> {
  try {
    return { kind: "done", headline: await work() };
  } catch (error) {
    if (error instanceof StoppedError) return { kind: "stopped" };
    const isFault = error instanceof UserError;
    console.error(isFault ? error.message : error);
    const message = isFault ? error.message : `internal error: ${String(error)}`;
    return { kind: "failed", fault: isFault ? error.fault : "internal", message };
  }
}

/** The exit code of a job's process. */
export function codeOf(ending: Ending): number {
  if (ending.kind === "done") return 0;
  if (ending.kind === "stopped") return 143;
  const fault = ending.kind === "failed" ? ending.fault : "data";
  return fault in exitCodes ? exitCodes[fault as keyof typeof exitCodes] : exitCodes.internal;
}
