import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRng, shuffled } from "../core/rng.ts";
import { splitNames } from "./dataset.ts";
import { dealFolds, type SplitSubject, shareOfSubjects, splitOptions, splitSubjects, subjectsOf } from "./splits.ts";

const people = (n: number, age: (i: number) => number | null = () => null): SplitSubject[] =>
  Array.from({ length: n }, (_, i) => ({ id: `s${i}`, gestationalAge: age(i) }));
const fractions = fc
  .tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 10 }))
  .filter((parts) => parts.some((p) => p > 0))
  .map((parts) => parts.map((p) => p / parts.reduce((a, b) => a + b, 0)) as [number, number, number]);

test("every subject is in exactly one split, counts are within one of the fractions, and no wanted split is empty", () => {
  fc.assert(
    fc.property(fractions, fc.integer({ min: 1, max: 60 }), fc.integer(), ([train, val, test_], n, seed) => {
      const splits = splitSubjects(seededRng(seed), people(n), splitOptions.parse({ train, val, test: test_ }));
      const all = splitNames.flatMap((name) => splits[name]);
      expect([...all].sort()).toEqual(
        people(n)
          .map(({ id }) => id)
          .sort(),
      );
      const wanted = [train, val, test_].filter((f) => f > 0).length;
      for (const [i, name] of splitNames.entries()) {
        const fraction = [train, val, test_][i]!;
        const count = splits[name].length;
        if (fraction === 0) expect(count).toBe(0);
        else if (n >= wanted) expect(count).toBeGreaterThan(0);
        if (n >= 20) expect(Math.abs(count - fraction * n)).toBeLessThan(2);
      }
    }),
    { numRuns: 300 },
  );
});

test("largest remainder: 17 subjects at .6 .2 .2 are 10, 4 and 3", () => {
  const splits = splitSubjects(seededRng(1), people(17), splitOptions.parse({}));
  expect(splitNames.map((name) => splits[name].length)).toEqual([10, 4, 3]); // 10.2, 3.4, 3.4: the tie goes to val
});

test("the same seed gives the same splits, another seed others, and the order of subjects is kept", () => {
  const of = (seed: number) => splitSubjects(seededRng(seed), people(30), splitOptions.parse({}));
  expect(of(1)).toEqual(of(1));
  expect(new Set([1, 2, 3, 4, 5].map((seed) => of(seed).test.join())).size).toBe(5);
  const aged = (seed: number) =>
    splitSubjects(
      seededRng(seed),
      people(30, (i) => 20 + i / 2),
      splitOptions.parse({}),
    );
  expect(new Set([1, 2, 3, 4, 5].map((seed) => aged(seed).test.join())).size).toBe(5); // no ties to break: chance is in the blocks
  const indices = of(1).train.map((id) => Number(id.slice(1)));
  expect(indices).toEqual([...indices].sort((a, b) => a - b));
});

test("each split spans the ages: its mean is nearer to the whole than chance would have it", () => {
  const subjects = people(40, (i) => 20 + (18 * ((i * 17) % 40)) / 39);
  const mean = (ids: readonly string[]) =>
    ids.reduce((sum, id) => sum + subjects[Number(id.slice(1))]!.gestationalAge!, 0) / ids.length;
  for (let seed = 0; seed < 20; seed++) {
    const { val, test } = splitSubjects(seededRng(seed), subjects, splitOptions.parse({}));
    // Eight drawn at random have a standard error of 1.7 weeks; in blocks it stays within one.
    for (const ids of [val, test]) expect(Math.abs(mean(ids) - 29)).toBeLessThan(1.2);
  }
});

test("lists are taken as given; a name that is not there is a usage error that shows some that are", () => {
  const options = splitOptions.parse({ train: ["s2", "s0"], val: [], test: ["s1"] });
  expect(splitSubjects(seededRng(1), people(4), options)).toEqual({
    schemaVersion: 1,
    train: ["s0", "s2"],
    val: [],
    test: ["s1"],
  });
  const wrong = splitOptions.parse({ train: ["s2", "x"], val: [], test: [] });
  expect(() => splitSubjects(seededRng(1), people(4), wrong)).toThrow(
    'split.train: must list subjects that the dataset has; got "x". Name',
  );
});

const subjectsWithAges = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 4 }), fc.option(fc.integer({ min: 20, max: 24 }))), {
    minLength: 3,
    maxLength: 40,
    selector: ([id]) => id,
  })
  .map((all) => all.map(([id, gestationalAge]): SplitSubject => ({ id, gestationalAge })));
const names = (subjects: readonly SplitSubject[]) => subjects.map(({ id }) => id).sort();

test("folds: everyone is tested once and never in a fold that trains or validates on them; in any order the same folds", () => {
  fc.assert(
    fc.property(subjectsWithAges, fc.integer({ min: 2, max: 40 }), fc.boolean(), fc.integer(), (subjects, wanted, each, seed) => {
      const folds = each ? "leaveOneOut" : Math.max(3, Math.min(wanted, subjects.length));
      const options = splitOptions.parse({ folds });
      const dealt = dealFolds(seededRng(seed), subjects, options);
      expect(dealt.length).toBe(each ? subjects.length : folds);
      expect(dealt.flatMap(({ test }) => test).sort()).toEqual(names(subjects));
      const sizes = dealt.map(({ test }) => test.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(2);
      for (const { train, val, test } of dealt) {
        expect([...train, ...val, ...test].sort()).toEqual(names(subjects)); // once in all: on no two sides
        expect(Math.min(train.length, val.length, test.length)).toBeGreaterThan(0);
      }
      expect(dealFolds(seededRng(seed), shuffled(seededRng(seed + 1), subjects), options)).toEqual(dealt);
      expect(splitSubjects(seededRng(seed), subjects, options).test.sort()).toEqual(names(subjects));
    }),
    { numRuns: 200 },
  );
});

test("folds: each spans the ages, another seed deals others, and what is not tested is shared out as train and val are", () => {
  const subjects = people(40, (i) => 20 + (18 * ((i * 17) % 40)) / 39);
  const of = (seed: number) => dealFolds(seededRng(seed), subjects, splitOptions.parse({ folds: 5 }));
  const mean = (ids: readonly string[]) =>
    ids.reduce((sum, id) => sum + subjects[Number(id.slice(1))]!.gestationalAge!, 0) / ids.length;
  for (const { train, val, test } of of(1)) {
    expect(Math.abs(mean(test) - 29)).toBeLessThan(0.9); // one of each five neighbours in age; eight at random have an error of 1.7
    expect([train.length, val.length, test.length]).toEqual([24, 8, 8]);
  }
  expect(new Set([1, 2, 3, 4, 5].map((seed) => JSON.stringify(of(seed)))).size).toBe(5);
});

test("folds that select on the test subjects hold them as val, and no one else is left out of training", () => {
  const nested = dealFolds(seededRng(1), people(9), splitOptions.parse({ folds: 3 }));
  const optimistic = dealFolds(seededRng(1), people(9), splitOptions.parse({ folds: 3, select: "test" }));
  expect(optimistic.map(({ val }) => val)).toEqual(nested.map(({ test }) => test));
  for (const { train, test } of optimistic) expect([train.length, test]).toEqual([6, []]);
});

test.each([
  [5, 7, "val", "split.folds: must be at most the number of subjects, 5; got 7. Use fewer folds, or leaveOneOut"],
  [2, 2, "val", "must leave 2 subjects beside those that a fold tests, to train and to validate; got 1 tested of 2. Use more subjects."],
  [3, 2, "val", "got 2 tested of 3. Use more subjects or more folds."],
  [1, "leaveOneOut", "val", "got 1 tested of 1. Use more subjects."],
  [1, "leaveOneOut", "test", "must leave 1 subject beside those that a fold tests, to train; got 1 tested of 1."],
] as const)("%i subjects in folds: %s, select %s, are refused", (n, folds, select, message) => {
  expect(() => dealFolds(seededRng(1), people(n), splitOptions.parse({ folds, select }))).toThrow(message);
}); // biome-ignore format: one case a line

test.each([
  [{ folds: 1 }, "expected number to be >=2"],
  [{ folds: "loo" }, 'must be a whole number from 2 to 9999, leaveOneOut, or null; got "loo"'],
  [{ folds: 3, train: ["a"], val: ["b"], test: ["c"] }, "must divide by folds or by lists of subjects; got both"],
  [{ folds: 3, train: 0.5, val: 0, test: 0.5 }, "must have train and val above 0 with folds"],
  [{ select: "test" }, "must have folds where select is test"],
  [{ train: 0.5 }, "must add up to 1; got 0.9"],
  [{ train: ["a"] }, "three fractions or three lists"],
  [{ train: ["a"], val: ["b"], test: ["a"] }, 'a subject may be listed once; got "a" twice'],
  [{ train: 1.1, val: 0, test: 0 }, ""],
])("options refuse %j", (value, message) => {
  const result = splitOptions.safeParse(value);
  expect(result.success).toBe(false);
  expect(result.error!.issues[0]!.message).toContain(message);
});

test("a subject's age is the mean of its scans' known ages", () => {
  const cases = [
    { subject: "b", gestationalAge: 30 },
    { subject: "a", gestationalAge: null },
    { subject: "b", gestationalAge: null },
    { subject: "b", gestationalAge: 32 },
  ];
  expect(subjectsOf(cases)).toEqual([
    { id: "b", gestationalAge: 31 },
    { id: "a", gestationalAge: null },
  ]);
});

test("a share has its part of every class, at least one, and is part of every larger share of the same stream", () => {
  const subjects = Array.from({ length: 40 }, (_, i) => ({
    id: `s${i}`,
    gestationalAge: null,
    stratum: i < 4 ? "rare" : "common",
  }));
  const of = (share: number, seed = 3) => shareOfSubjects(seededRng(seed), subjects, share);
  const shares = [0.05, 0.1, 0.25, 0.5, 1].map((share) => of(share));
  expect(shares.map((ids) => ids.length)).toEqual([3, 5, 10, 20, 40]);
  expect(shares.map((ids) => ids.filter((id) => Number(id.slice(1)) < 4).length)).toEqual([1, 1, 1, 2, 4]);
  for (const [i, ids] of shares.slice(1).entries()) expect(shares[i]!.every((id) => ids.includes(id))).toBe(true);
  expect(of(0.25, 4)).not.toEqual(of(0.25));
  expect(shares[4]).toEqual(subjects.map(({ id }) => id));
});

test("every split and fold gets its share of a rare class, and of its ages", () => {
  const cases = Array.from({ length: 100 }, (_, i) => {
    return { subject: `s${i}`, gestationalAge: 20 + (i % 17), ...{ class: i % 20 === 0 ? "bleed" : "normal" } };
  });
  const subjects = subjectsOf(cases);
  const rare = new Set(cases.filter((c) => c.class === "bleed").map(({ subject }) => subject));
  for (let seed = 0; seed < 20; seed++) {
    const { train, val, test: tested } = splitSubjects(seededRng(seed), subjects, splitOptions.parse({}));
    expect([train, val, tested].map((split) => split.filter((id) => rare.has(id)).length)).toEqual([3, 1, 1]);
    const folds = dealFolds(seededRng(seed), subjects, splitOptions.parse({ folds: 5 }));
    expect(folds.map((fold) => fold.test.filter((id) => rare.has(id)).length)).toEqual([1, 1, 1, 1, 1]);
  }
});
