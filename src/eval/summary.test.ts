import { expect, test } from "vitest";
import { callStacks } from "./calls.ts";
import { evalOptions } from "./options.ts";
import { caseCaption } from "./report/format.ts";
import type { Results } from "./results.ts";
import type { ScoreRow } from "./scores.ts";
import { maskNotes, notesOf } from "./summary.ts";
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

test("grades that no stack has are named, and a mask threshold at the end of its grid", () => {
  const graded = (...grades: number[]): Tables => {
    const unit = tables([1, 2]).stack[0]!;
    return { ...none, stack: grades.map((grade) => ({ ...unit, label: 1, grade, score: grade })) };
  };
  expect(notesOf(graded(2, 4), none, fixed)).toEqual(["No stack of grade I, III is in this split."]);
  expect(notesOf(graded(1, 2, 3, 4), none, fixed)).toEqual([]);
  expect(maskNotes(0.05, [0.05, 0.1, 0.15])[0]).toMatch(/^The mask threshold, 0\.05, is the lowest that was tried/);
  expect(maskNotes(0.15, [0.05, 0.1, 0.15])[0]).toMatch(/highest/);
  expect([...maskNotes(0.1, [0.05, 0.1, 0.15]), ...maskNotes(0.5, [0.5]), ...maskNotes(null, [0, 1])]).toEqual([]);
});

test("a caption names painted look-alikes, and says whether the stack was called", () => {
  const unit = { ...tables([1, 2]).stack[0]!, score: 4.384 };
  const c = { id: "a", gestationalAge: 29.04, grade: 0, lookAlikes: ["ganglionic eminence", "septum"] };
  expect(caseCaption(c, { unit, dice: null }, "slice 7", { threshold: 5, graded: true })).toBe(
    "a · 29.0 weeks · healthy · painted look-alikes: ganglionic eminence, septum · score (logit) 4.38, not called · slice 7",
  );
  expect(caseCaption({ ...c, lookAlikes: [] }, { unit, dice: 0.5 }, "slice 7", { threshold: 4, graded: true })).toBe(
    "a · 29.0 weeks · healthy · stack Dice 0.50 · score (logit) 4.38, called · slice 7",
  );
});

test("a case is said to be not graded only where others are, and a view is named as its dataset names it", () => {
  const unit = { ...tables([1, 2]).stack[0]!, score: 1, plane: "transventricular" };
  const c = { id: "a", gestationalAge: null, grade: null };
  const caption = (graded: boolean) => caseCaption(c, { unit, dice: null }, "slice 0", { threshold: null, graded });
  expect(caption(true)).toBe("a · transventricular · not graded · score (logit) 1.00 · slice 0");
  expect(caption(false)).toBe("a · transventricular · score (logit) 1.00 · slice 0");
});

test("stacks are called from the threshold of the model's evaluation on; none without one", () => {
  const row = { level: "stack", subject: "s", slice: null, split: null, probability: 0.5, lesionMm3: 0 } as const;
  const rows = [{ ...row, case: "a", score: 1 }, { ...row, case: "b", score: 2 }, { ...row, case: "c", score: 1.99 }, { ...row, level: "slice" as const, case: "a", slice: 0, score: 9 }]; // biome-ignore format: a list
  const at = (threshold: number | null) => ({ operatingPoints: { stack: { threshold } } }) as unknown as Results;
  expect(callStacks(rows as unknown as ScoreRow[], at(2))).toEqual({ threshold: 2, stacks: 3, called: ["b"] });
  expect(callStacks(rows as unknown as ScoreRow[], at(null))).toBeNull();
});
