import { z } from "zod";
import { type Case, placeOfRegion } from "../../data/dataset.ts";
import { type BoxTable, boxMetrics } from "../detect/measure.ts";
import type { FoundBox, TrueBox } from "../metrics/average-precision.ts";
import type { ResamplingPlan } from "../metrics/bootstrap.ts";
import type { BootstrapOptions } from "../options.ts";
import type { Metric } from "../results.ts";
import type { FoundIn } from "./choose.ts";

/** Where the regions stage writes the boxes of the subjects that its detector was not trained on, beside the crops. */
export const regionBoxesFile = "boxes.json";

const box = z.strictObject({ left: z.number(), top: z.number(), right: z.number(), bottom: z.number() });
const trueBox = z.strictObject({ image: z.int().min(0), label: z.int().min(0), box });
const boxTable = z.strictObject({
  subjects: z.array(z.string()),
  truth: z.array(trueBox),
  found: z.array(trueBox.extend({ score: z.number() })),
});

/** The content of {@link regionBoxesFile}. Labels are places in `names`. */
export const regionBoxesSchema = z.strictObject({
  schemaVersion: z.literal(1),
  names: z.array(z.string()),
  splits: z.strictObject({ val: boxTable.optional(), test: boxTable.optional() }),
});

/** Boxes of regions, true and found, and the regions' names by label. */
export interface RegionBoxes extends BoxTable {
  readonly names: readonly string[];
}

/** {@link boxMetrics} of the regions together, and mAP@.5 of each by itself. Figures are per region; NaN where a region has no true box. */
export function regionMetrics({ names, ...table }: RegionBoxes, plan: ResamplingPlan, bootstrap: BootstrapOptions): Metric[] {
  const own = (label: number) => ({
    subjects: table.subjects,
    truth: table.truth.filter((one) => one.label === label),
    found: table.found.filter((one) => one.label === label),
  });
  const each = names.map((subset, label) => ({ ...boxMetrics(own(label), plan, bootstrap)[0]!, subset }));
  return [...boxMetrics(table, plan, bootstrap), ...each].map((metric) => ({ ...metric, per: "region" }));
}

/** True boxes of the regions of some cases, pictures numbered by slice. */
export function regionBoxes({ boxes = [] }: Pick<Case, "boxes">, names: readonly string[]): TrueBox[] {
  return boxes.flatMap((one) => {
    const label = names.indexOf(one.name);
    return label < 0 ? [] : [{ image: one.slice, label, box: placeOfRegion(one) }];
  });
}

/** The boxes of all slices of some cases, true and found. */
export function boxTableOf(cases: readonly Case[], names: readonly string[], found: FoundIn): BoxTable {
  const table = { subjects: [] as string[], truth: [] as TrueBox[], found: [] as FoundBox[] };
  for (const c of cases) {
    const first = table.subjects.length;
    table.truth.push(...regionBoxes(c, names).map((of) => ({ ...of, image: first + of.image })));
    for (const [slice, boxes] of found.get(c.id)!.entries()) {
      table.subjects.push(c.subject);
      table.found.push(...boxes.map((of) => ({ ...of, image: first + slice })));
    }
  }
  return table;
}
