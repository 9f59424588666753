import { expect, test } from "vitest";
import { seededRng } from "../core/rng.ts";
import type { BoxTable } from "./detect/measure.ts";
import { foundMetrics } from "./found.ts";
import type { Loaded } from "./load.ts";
import { drawPlan } from "./metrics/bootstrap.ts";
import { evalOptions } from "./options.ts";
import type { Pointed } from "./pointing.ts";

const { bootstrap } = evalOptions.parse({ bootstrap: { resamples: 100 } });
const planOf = (parts: readonly Loaded[]) => drawPlan(seededRng(0), parts.map(({ evaluated }) => evaluated.stack[0]!.subject), bootstrap.resamples); // biome-ignore format: one line
const [here, there] = [0, 30].map((left) => ({ left, top: 0, right: left + 10, bottom: 10 }));

/** What one network said of one picture of one subject. */
function part(subject: string, more: Partial<Loaded>): Loaded {
  const evaluated = { slice: [], stack: [{ subject }], subject: [] };
  return { evaluated, boxes: null, regions: null, pointed: null, attention: null, ...more } as unknown as Loaded;
}

function boxes(subject: string, truth = here!, found = here!, label = 0): BoxTable {
  return { subjects: [subject], truth: [{ image: 0, label, box: truth }], found: [{ image: 0, label, box: found, score: 0.9 }] };
}

const regions = (subject: string, table: BoxTable) => part(subject, { regions: { names: ["csp", "thalami"], ...table } });
const of = (parts: readonly Loaded[], per: string) =>
  foundMetrics(parts, planOf(parts), bootstrap).flatMap((m) => (m.per === per ? [[m.metric, m.subset, m.estimate, m.n]] : []));

test("a box of one fold is never matched with one of another, though both lie in the first picture", () => {
  const crossed = [regions("a", boxes("a", here, there)), regions("b", boxes("b", there, here))];
  expect(of(crossed, "region").slice(0, 2)).toEqual([
    ["map50", "all", 0, 2],
    ["map", "all", 0, 2],
  ]);
});

test("regions are told together and each by itself; one without a true box has no figure", () => {
  expect(of([regions("a", boxes("a")), regions("b", boxes("b"))], "region")).toEqual([
    ["map50", "all", 1, 2],
    ["map", "all", 1, 2],
    ["map50", "csp", 1, 2],
    ["map50", "thalami", null, 0],
  ]);
  expect(of([part("a", { boxes: { ...boxes("a"), firstOf: new Map() } })], "box")).toHaveLength(2);
});

test("heat of all folds is told together", () => {
  const pointed = (subject: string, ...hits: (0 | 1)[]) =>
    part(subject, { pointed: hits.map((hit): Pointed => ({ subject, hit, chance: 0.1 })) });
  expect(of([pointed("a", 1, 1), pointed("b", 0, 1)], "slice")).toEqual([
    ["pointing", "all", 0.75, 4],
    ["pointingChance", "all", 0.1, 4],
  ]);
});

test("attention of all folds is told together", () => {
  const attended = (subject: string, ...shares: number[]) => {
    const unit = { case: subject, subject, label: 1, slice: 0 };
    const attention = new Map([[subject, shares.map((share, slice) => ({ slice, attention: share }))]]);
    return part(subject, { evaluated: { slice: [unit], stack: [unit], subject: [] } as never, attention });
  };
  expect(of([attended("a", 0.9, 0.1), attended("b", 0.2, 0.8)], "stack")).toEqual([
    ["attention", "all", 0.5, 2],
    ["attentionChance", "all", 0.5, 2],
  ]);
});
