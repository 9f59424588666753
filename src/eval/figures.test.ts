import { expect, test } from "vitest";
import { seededRng } from "../core/rng.ts";
import { figuresOf, kindNotes } from "./figures.ts";
import type { EvaluatedTask, Loaded } from "./load.ts";
import { evalOptions } from "./options.ts";
import type { Level } from "./scores.ts";
import type { Unit } from "./table.ts";

const tally = { truth: 0, both: Float64Array.of(Number.NaN), predicted: Float64Array.of(Number.NaN) };
const unit = (level: Level, i: number): Unit => ({
  ...{ level, subject: `s${i}`, case: `s${i}`, slice: level === "slice" ? 0 : null, session: "", label: i < 2 ? 1 : 0 },
  ...{ score: -i, tally, voxelMm3: 1, grade: null, plane: "axial" },
});

/** Four subjects of a network that draws no maps. */
function loaded(task: EvaluatedTask): Loaded {
  const units = (level: Level) => [0, 1, 2, 3].map((i) => unit(level, i));
  const evaluated = { slice: units("slice"), stack: units("stack"), subject: units("subject") };
  const nothing = { boxes: null, pointed: null, attention: null, regions: null, classes: null, froc: null };
  return { ...nothing, evaluated, validation: evaluated, grid: [0.5], task, hasMaps: false } as unknown as Loaded;
}

test("of crops that are seen together there are no figures of slices; of other networks there are, without a Dice", () => {
  const options = evalOptions.parse({ bootstrap: { resamples: 100 } });
  const of = (task: EvaluatedTask) => figuresOf([loaded(task)], options, seededRng(0));
  const [crops, slices] = [of("crops"), of("slices")];
  expect(crops.metrics).toEqual(slices.metrics.filter(({ per }) => per !== "slice"));
  expect(slices.metrics.find(({ per, metric }) => per === "slice" && metric === "auroc")?.estimate).toBe(1);
  expect(slices.metrics.find(({ metric }) => metric === "dice")).toMatchObject({ estimate: null, reason: "the network draws no maps" }); // biome-ignore format: one line
  expect(kindNotes(crops, loaded("crops"), [])[0]).toMatch(/no figure of a single crop/);
  expect(kindNotes(slices, loaded("slices"), [])[0]).toMatch(/tells of whole slices/);
});
