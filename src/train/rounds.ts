import { StoppedError, UserError } from "../core/errors.ts";
import type { TrainPool } from "./batch.ts";
import type { SamplingOptions } from "./options.ts";
import { checkSampling, groupSlices } from "./sampler.ts";
import type { TrainSlice } from "./slices.ts";

/** Where new training stacks come from while a training goes on. */
export interface FreshScenes {
  /** What decides them, plain JSON; a training resumes with what it began with. */
  readonly origin: unknown;
  /** The slices that take the place of those before, for r from 1. They depend on r alone. */
  round(r: number): Promise<FreshRound>;
}

/** The stacks of one round, cut into slices. */
export interface FreshRound {
  readonly slices: readonly TrainSlice[];
  readonly scenes: readonly FreshScene[];
}

/** One scene of a round, as scenes.jsonl tells of it. */
export interface FreshScene {
  /** Id of the normal case. */
  readonly source: string;
  readonly copy: number;
  /** Ids of its stacks; none where no bleed fits. */
  readonly stacks: readonly string[];
  /** Worst grade of both sides, 0 healthy; null where there is no stack. */
  readonly grade: number | null;
}

/** What is drawn from in one round. */
export interface Round extends TrainPool {
  readonly scenes: readonly FreshScene[];
}

/**
 * The rounds of a training: the first is given, each other is begun when the one before it is first asked for, so that it is ready when it
 * is needed. Two are kept at most.
 *
 * @param last - Number of the last round.
 * @param signal - Ends the wait for a round with a {@link StoppedError}.
 * @param sampling - Of which a round must have a slice; null where whole cases are drawn.
 */
export function startRounds(
  first: readonly TrainSlice[],
  fresh: FreshScenes | null,
  last: number,
  signal: AbortSignal,
  sampling: SamplingOptions | null = null,
): (r: number) => Promise<Round> {
  const begun = new Map<number, Promise<Round>>();
  const make = async (r: number): Promise<Round> => {
    const { slices, scenes } = r === 0 ? { slices: first, scenes: [] } : await fresh!.round(r);
    if (slices.length === 0)
      throw new UserError("data", `train.freshEvery: round ${r} of fresh stacks must hold one to learn from; got none. Set synth.healthyShare to 1 for task denoise, or use more subjects.`); // biome-ignore format: one line
    const groups = groupSlices(slices);
    if (sampling !== null) checkSampling(groups, sampling, r === 0 ? "in the train split" : `in round ${r} of fresh stacks`);
    return { slices, groups, scenes };
  };
  const begin = (r: number): Promise<Round> => {
    const round = begun.get(r) ?? make(r);
    round.catch(() => {}); // it is told to whom it is asked by
    begun.set(r, round);
    return round;
  };
  return async (r) => {
    for (const other of begun.keys()) if (other !== r && other !== r + 1) begun.delete(other);
    const round = begin(r);
    if (r < last) begin(r + 1);
    return await unlessStopped(round, signal);
  };
}

/** A promise that is settled counts; one that is not gives way to the signal. */
function unlessStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new StoppedError("stopped"));
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) setImmediate(stop);
  });
}
