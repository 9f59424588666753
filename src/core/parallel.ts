import { Worker } from "node:worker_threads";
import type { StageContext } from "./context.ts";
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
  const pool = startPool<I, O>(moduleUrl, Math.min(workers, items.length));
  const results = new Array<O>(items.length);
  const failures = new Map<number, unknown>();
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length && failures.size === 0 && signal?.aborted !== true) {
      const index = next++;
      try {
        results[index] = await pool.run(items[index]!);
      } catch (error) {
        failures.set(index, error);
        break;
      }
      done++;
      onDone?.(done, items.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(workers, items.length) }, lane));
  } finally {
    await pool.stop();
  }
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  if (done < items.length) throw new StoppedError("stopped");
  return results;
}

/** {@link mapParallel} for a stage, which says under `label` how far it is. */
export function mapReported<I, O>(
  label: string,
  moduleUrl: URL,
  items: readonly I[],
  { reporter, signal, workers }: StageContext,
): Promise<O[]> {
  const onDone = (done: number, total: number) => reporter.progress(label, done, total);
  onDone(0, items.length);
  return mapParallel<I, O>(moduleUrl, items, { workers, signal, onDone });
}

/** Threads that work on one item at a time each, until they are stopped. */
export interface Pool<I, O> {
  /**
   * The job's result for an item, which is begun when a thread is free, in the order of the calls.
   * @throws What the job throws, as {@link mapParallel} does; {@link StoppedError} if the pool was stopped before.
   */
  run(item: I): Promise<O>;
  /** Ends the threads at once, in the middle of their items. */
  stop(): Promise<void>;
}

/**
 * Starts worker threads for a job as {@link mapParallel} takes it, each when it is first needed. Typed arrays that are properties of
 * a result are handed over, not copied, so the job must not keep them; those on a SharedArrayBuffer stay shared.
 *
 * @param threads - 0: the job runs in the caller's own thread, one item after the other.
 */
export function startPool<I, O>(moduleUrl: URL, threads: number): Pool<I, O> {
  if (threads === 0) return ownThread(moduleUrl);
  const idle = new Array<Thread | null>(threads).fill(null); // null: not started yet
  const started = new Set<Thread>();
  const waiting: ((thread: Thread | null) => void)[] = [];
  let asked = 0;
  let stopped = false;
  const start = (): Thread => {
    const thread = startThread(moduleUrl);
    started.add(thread);
    return thread;
  };
  const giveBack = (thread: Thread | null): void => {
    const resolve = waiting.shift();
    if (resolve === undefined) idle.push(thread);
    else resolve(thread);
  };
  return {
    async run(item) {
      const index = asked++;
      let thread = idle.length > 0 ? idle.pop()! : await new Promise<Thread | null>((resolve) => waiting.push(resolve));
      let answer: Answer = { died: "stopped" };
      for (let attempt = 0; attempt < 2 && !stopped && "died" in answer; attempt++) {
        thread ??= start();
        answer = await thread.ask(item);
        if ("died" in answer && started.delete(thread)) thread = null;
      }
      giveBack(thread);
      if (stopped) throw new StoppedError("stopped");
      if ("died" in answer || !answer.ok) throw errorOf(answer, index);
      return answer.value as O;
    },
    async stop() {
      stopped = true;
      for (const resolve of waiting.splice(0)) resolve(null);
      await Promise.all([...started].map((thread) => thread.stop()));
    },
  };
}

function ownThread<I, O>(moduleUrl: URL): Pool<I, O> {
  let last: Promise<unknown> = Promise.resolve();
  let stopped = false;
  const work = async (item: I): Promise<O> => {
    if (stopped) throw new StoppedError("stopped");
    const job = (await import(sibling(moduleUrl).href)) as { default: (item: I) => O | Promise<O> };
    return await job.default(item);
  };
  return {
    run(item) {
      const result = last.then(() => work(item));
      last = result.catch(() => {});
      return result;
    },
    async stop() {
      stopped = true;
    },
  };
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
