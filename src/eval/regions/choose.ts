import type { Rectangle } from "../../core/rectangle.ts";
import { rectangleArea } from "../../core/rectangle.ts";
import { type Case, placeOfRegion } from "../../data/dataset.ts";
import type { Detection } from "../../models/index.ts";

/** Where a region lies: in which picture of an examination, and where there. */
export interface Place {
  readonly case: Case;
  /** Along the slice axis, from 0. */
  readonly slice: number;
  /** Pixels of the stored slice. */
  readonly box: Rectangle;
}

/** What was found in the slices of a case, best first. */
export type FoundIn = ReadonlyMap<string, readonly (readonly Detection[])[]>;

/** The largest true box of each region among the pictures of an examination; null where none has one. */
export function truePlaces(cases: readonly Case[], names: readonly string[]): (Place | null)[] {
  return names.map((name) => {
    const all = cases.flatMap((c) =>
      (c.boxes ?? []).filter((one) => one.name === name).map((one) => ({ case: c, slice: one.slice, box: placeOfRegion(one) })),
    );
    return all.sort((a, b) => rectangleArea(b.box) - rectangleArea(a.box))[0] ?? null;
  });
}

/** The best box of each region that was found among the pictures of an examination, from `threshold` on; null where there is none. */
export function foundPlaces(
  cases: readonly Case[],
  names: readonly string[],
  found: FoundIn,
  threshold: number,
): (Place | null)[] {
  return names.map((_, label) => {
    const all = cases.flatMap((c) =>
      found
        .get(c.id)!
        .flatMap((of, slice) =>
          of
            .filter((one) => one.label === label && one.score >= threshold)
            .map(({ box, score }) => ({ place: { case: c, slice, box }, score })),
        ),
    );
    return all.sort((a, b) => b.score - a.score)[0]?.place ?? null;
  });
}

/** The cases of each examination, a session of a subject, in the order in which they come. */
export function examinationsOf(cases: readonly Case[]): Case[][] {
  const groups = new Map<string, Case[]>();
  for (const c of cases) {
    const key = JSON.stringify([c.subject, c.session]);
    groups.set(key, [...(groups.get(key) ?? []), c]);
  }
  return [...groups.values()];
}
