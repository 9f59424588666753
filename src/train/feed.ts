import { startPool } from "../core/parallel.ts";
import type { Batch, BatchDraw } from "./batch.ts";

/** The batches of a training, prepared by other threads while the network works on those before. */
export interface Feed {
  /** The n-th batch, from 1. Asking for them in turn is fast; asking twice, or back, gives the same. */
  batch(n: number): Promise<Batch>;
  /** Ends the threads. */
  stop(): Promise<void>;
}

/**
 * Starts the feed of a training. Bytes do not depend on the number of threads: what is random is drawn in the caller's.
 *
 * @param draw - Decides the n-th batch.
 * @param last - Number of the last batch.
 * @param threads - Threads beside the caller's; 0: each batch is made when it is asked for.
 */
export function startFeed(draw: (n: number) => Promise<BatchDraw>, last: number, threads: number): Feed {
  const pool = startPool<BatchDraw, Batch>(new URL("./batch-job.ts", import.meta.url), threads);
  const ahead = 2 * threads; // one in work and one ready, for each thread
  const begun = new Map<number, Promise<Batch>>();
  const begin = (n: number): Promise<Batch> => {
    const batch = begun.get(n) ?? draw(n).then(pool.run);
    batch.catch(() => {}); // it is told to whom it is asked by
    begun.set(n, batch);
    return batch;
  };
  return {
    async batch(n) {
      for (const other of begun.keys()) if (other < n) begun.delete(other);
      const batch = begin(n);
      for (let next = n + 1; next <= Math.min(last, n + ahead); next++) begin(next);
      return await batch;
    },
    stop: pool.stop,
  };
}
