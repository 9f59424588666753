import type { Results } from "./results.ts";
import type { ScoreRow } from "./scores.ts";

/** Which stacks a model calls, at the threshold that its own evaluation chose on the validation split. */
export interface Calls {
  /** Logit; a stack is called from it on. */
  readonly threshold: number;
  readonly stacks: number;
  /** Ids of the cases that are called, in the order of the scores. */
  readonly called: readonly string[];
}

/** @returns null where the evaluation chose no threshold. */
export function callStacks(rows: readonly ScoreRow[], { operatingPoints }: Results): Calls | null {
  const { threshold } = operatingPoints.stack;
  if (threshold === null) return null;
  const stacks = rows.filter(({ level }) => level === "stack");
  return { threshold, stacks: stacks.length, called: stacks.filter(({ score }) => score >= threshold).map((row) => row.case) };
}
