import { type Case, placeOfRegion } from "../../data/dataset.ts";
import type { BoxTable } from "../detect/measure.ts";
import type { FoundBox, TrueBox } from "../metrics/average-precision.ts";
import type { FoundIn } from "./choose.ts";

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
