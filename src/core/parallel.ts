import { Worker } from "node:worker_threads";
import { type Fault, StoppedError, UserError } from "./errors.ts";

/** How {@link mapParallel} runs. */
export interface ParallelOptions {
  /** Worker threads, at least 1. Results never depend on it. */
  readonly workers: number;
  /** When it fires, items in work are finished, no new one is begun, and the call throws {@link StoppedError}. */
  readonly signal?: AbortSignal;
  /** Called after each finished item, in the order of finishing, on the caller's thread. */
  readonly onDone?: (done: number, total: number) => void;
}

/** What a worker answers for one item; written by parallel-worker.ts. */
export type WorkerAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: Fault | null; readonly message: string; readonly stack: string };

/**
 * Applies a module's default-exported function to each item in worker threads, and returns the results in the order of the items.
 * The function may be async; items and results are structured-cloned, so keep them small and let the job read and write large files.
 *
 * From TypeScript sources the workers load `.ts` through tsx; from a build, a module URL that ends in `.ts` means its `.js` twin.
 * A worker that dies (out of memory, `process.exit`) is replaced and its item tried once more.
 *
 * @param moduleUrl - `new URL("./job.ts", import.meta.url)`.
 * @throws {StoppedError} If the signal fired before all items were done.
 * @throws {UserError} As the job threw it. Any other error of the job is an `Error` with the job's stack; the lowest failed item wins.
 */
export async function mapParallel<I, O>(moduleUrl: URL, items: readonly I[], options: ParallelOptions): Promise<O[]> {
  const { workers, signal, onDone } = options;
  if (!Number.isInteger(workers) || workers < 1) throw new RangeError(`mapParallel: workers must be at least 1; got ${workers}`);
  const results = new Array<O>(items.length);
  const failures = new Map<number, unknown>();
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    let thread: Thread | null = null;
    try {
      while (next < items.length && failures.size === 0 && signal?.aborted !== true) {
        const index = next++;
        thread ??= startThread(moduleUrl);
        let answer = await thread.ask(items[index]);
        if ("died" in answer) {
          thread = startThread(moduleUrl);
          answer = await thread.ask(items[index]);
        }
        if ("died" in answer || !answer.ok) {
          failures.set(index, errorOf(answer, index));
          break;
        }
        results[index] = answer.value as O;
        done++;
        onDone?.(done, items.length);
      }
    } finally {
      await thread?.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, items.length) }, lane));
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  if (done < items.length) throw new StoppedError("stopped");
  return results;
}

/** Why a worker died instead of answering. */
interface Death {
  readonly died: string;
}
type Answer = WorkerAnswer | Death;

interface Thread {
  ask(item: unknown): Promise<Answer>;
  stop(): Promise<unknown>;
}

function startThread(moduleUrl: URL): Thread {
  const entry = new URL(fromSource ? "./parallel-from-source.mjs" : "./parallel-worker.js", import.meta.url);
  const worker = new Worker(entry, { workerData: sibling(moduleUrl).href, execArgv: [] });
  let settle: ((answer: Answer) => void) | null = null;
  let death: Death | null = null;
  const answer = (value: Answer) => {
    settle?.(value);
    settle = null;
  };
  worker.on("message", answer);
  worker.on("error", (error: Error) => {
    death = { died: error.message };
  });
  worker.on("exit", (code) => {
    death ??= { died: `exit code ${code}` };
    answer(death);
  });
  return {
    ask: (item) =>
      new Promise((resolve) => {
        if (death !== null) return resolve(death);
        settle = resolve;
        try {
          worker.postMessage(item);
        } catch (error) {
          const { message, stack } = error as Error; // the item cannot be cloned
          answer({ ok: false, fault: null, message, stack: stack ?? message });
        }
      }),
    stop: () => worker.terminate(),
  };
}

const fromSource = import.meta.url.endsWith(".ts");

/** The URL as it lies beside this file: a build has `.js` where the sources say `.ts`. */
function sibling(url: URL): URL {
  return fromSource || !url.pathname.endsWith(".ts") ? url : new URL(url.href.replace(/\.ts$/, ".js"));
}

function errorOf(answer: Extract<WorkerAnswer, { ok: false }> | Death, index: number): Error {
  if ("died" in answer) return new Error(`mapParallel: the worker of item ${index} died twice: ${answer.died}`);
  if (answer.fault !== null) return new UserError(answer.fault, answer.message);
  const error = new Error(answer.message);
  error.stack = answer.stack;
  return error;
}
