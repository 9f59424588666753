import { type Batch, type BatchDraw, paintBatch } from "./batch.ts";

/** Paints one batch; run in a worker thread. */
export default function job(draw: BatchDraw): Batch {
  return paintBatch(draw);
}
