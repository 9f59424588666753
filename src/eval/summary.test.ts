import { expect, test } from "vitest";
import { evalOptions } from "./options.ts";
import { notesOf } from "./summary.ts";
import type { Tables, Unit } from "./table.ts";

const none: Tables = { slice: [], stack: [], subject: [] };
const fixed = evalOptions.parse({
  threshold: { rule: "fixed", slice: 0, stack: 0, subject: 0 },
  mask: { rule: "fixed" },
});

/** One subject with a stack of two slices that score as given; the stack and the subject score their maximum. */
function tables(scores: readonly [number, number]): Tables {
  const tally = { truth: 0, both: new Float64Array(1), predicted: new Float64Array(1) };
  const shared = { subject: "sub-1", session: "", label: 0, tally, voxelMm3: 1, grade: 0, plane: null } as const;
  const unit = (level: Unit["level"], slice: number | null, score: number): Unit => {
    return { ...shared, level, case: level === "subject" ? "" : "a", slice, score };
  };
  const top = Math.max(...scores);
  return {
    slice: scores.map((score, i) => unit("slice", i, score)),
    stack: [unit("stack", null, top)],
    subject: [unit("subject", null, top)],
  };
}

test("a network that scores all units of a level alike is spoken of; a level of one unit says nothing about it", () => {
  expect(notesOf(tables([1, 2]), none, fixed)).toEqual([]);
  expect(notesOf(tables([2, 2]), none, fixed)).toEqual([
    "All scores of a level are equal: the network does not tell its units apart.",
  ]);
});
