import { canonicalJson } from "./hash.ts";

/** A place where two JSON values differ. */
export interface Difference {
  /** Dotted, such as `train.steps`. */
  readonly path: string;
  /** As JSON; `not set` where there is no such key. */
  readonly was: string;
  readonly is: string;
}

/** The first place, in alphabetical order of keys, where two JSON values differ; null where they are equal. */
export function firstDifference(was: unknown, is: unknown, path = ""): Difference | null {
  if (isRecord(was) && isRecord(is)) {
    for (const key of [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()) {
      const difference = firstDifference(was[key], is[key], path === "" ? key : `${path}.${key}`);
      if (difference !== null) return difference;
    }
    return null;
  }
  const [a, b] = [was, is].map((value) => (value === undefined ? "not set" : canonicalJson(value))) as [string, string];
  return a === b ? null : { path, was: a, is: b };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
