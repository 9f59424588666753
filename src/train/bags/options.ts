import { z } from "zod";
import type { TaskName } from "../options.ts";

/** Bags of `task: mil`: the slices of a case. */
export const bagOptions = z
  .strictObject({
    images: z
      .int()
      .min(1)
      .max(4096)
      .default(24)
      .describe(
        "task mil: slices that a bag has in training, drawn anew each time; a case with fewer gives some twice. Validation and prediction take all",
      ),
    inOrder: z
      .boolean()
      .default(false)
      .describe(
        "task mil: the slices of a bag are neighbours, in their order; a case with fewer goes back and forth. Pooling by persistence needs it",
      ),
    positiveShare: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .default(0.5)
      .describe(
        "task mil: share of bags with blood in training, in [0, 1], whatever their share in the data; null: as in the data, where loss.lesionPixelWeight can make up for it",
      ),
  })
  .meta({ id: "bags" });
export type BagOptions = z.output<typeof bagOptions>;

/** Whether a batch is drawn case by case, bags and sets, and not slice by slice, so that `sampling` has no part in it. */
export function drawsCases(task: TaskName): boolean {
  return task === "mil" || task === "crops";
}
