import { z } from "zod";

/** Schema of a range `[low, high]` inside `[min, max]`, low first, that a value is drawn from. */
export function range(min: number, max: number) {
  return z
    .tuple([z.number().min(min).max(max), z.number().min(min).max(max)])
    .refine(([low, high]) => low <= high, { error: "a range is [low, high] with low <= high" });
}
