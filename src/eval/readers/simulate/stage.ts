import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { seededRng } from "../../../core/rng.ts";
import { assertEmpty } from "../../../data/apart.ts";
import { csvLine, plainCell, readCsv } from "../../../data/csv.ts";
import { readJson } from "../../../data/dataset.ts";
import { dataFault } from "../../../data/faults.ts";
import { readText, writeAtomic } from "../../../data/files.ts";
import { originOf } from "../../report/origin.ts";
import { type Origin, resultsSchema } from "../../results.ts";
import { type ScoredCase, type SimulatedReading, simulateReadings } from "./model.ts";
import type { SimulateOptions } from "./options.ts";

/** The file that is written. Its name says what it is, and so does its column `simulated`, which `hemosynth reader` looks for. */
export const simulatedFile = "simulated-readings.csv";

/** What {@link runSimulate} needs: a run folder that is evaluated. */
export interface SimulateRequest {
  readonly run: string;
  readonly out: string;
  readonly options: SimulateOptions;
}

/** What was made. */
export interface SimulateResult {
  readonly file: string;
  readonly cases: number;
  readonly positives: number;
  readonly patients: number;
  readonly readings: number;
}

/**
 * Lets simulated readers read the cases that a run was tested on, without and with its scores, and writes their readings as CSV.
 *
 * @throws {UserError} (data) If the run has no `eval/units.csv`, or not both classes of what is read; (usage) if `out` is not empty.
 */
export async function runSimulate({ run, out, options }: SimulateRequest): Promise<SimulateResult> {
  const units = join(run, "eval", "units.csv");
  const text = await readText(units, "name a run folder that hemosynth eval has finished");
  const cases = casesOf(text, units, options);
  await assertEmpty(out, "a study of simulated readers");
  const readings = simulateReadings(cases, options, seededRng(options.seed).fork("simulated readers"));
  const file = join(out, simulatedFile);
  await writeAtomic(file, readingsCsv(readings, await originIn(join(run, "eval", "results.json"))));
  const positives = cases.filter(({ label }) => label === 1).length;
  const patients = new Set(cases.map(({ patient }) => patient)).size;
  return { file, cases: cases.length, positives, patients, readings: readings.length };
}

/** What the images of a run are; empty where it does not say. */
async function originIn(file: string): Promise<Origin | ""> {
  return existsSync(file) ? originOf(await readJson(file, originSchema, "run eval again")) : "";
}

const originSchema = z.object({ pseudoLesions: z.boolean(), data: resultsSchema.shape.data });

/** The cases of one level and split of `units.csv` that have a truth. */
export function casesOf(text: string, where: string, { unit, split }: Pick<SimulateOptions, "unit" | "split">): ScoredCase[] {
  const again = "Run eval again";
  const { columns, rows } = readCsv(text, where, again);
  const needed = ["level", "subject", "case", "split", "truth", "score"] as const;
  const missing = needed.filter((name) => !columns.includes(name));
  if (missing.length > 0) throw dataFault(where, `must have columns ${needed.join(", ")}`, `no ${missing.join(", ")}`, again);
  const cases = rows.flatMap(({ cells, line }): ScoredCase[] => {
    const cell = (name: (typeof needed)[number]) => plainCell(cells[columns.indexOf(name)]!);
    if (cell("level") !== unit || cell("split") !== split || cell("truth") === "") return [];
    const [label, score] = [Number(cell("truth")), Number(cell("score"))];
    if ((label !== 0 && label !== 1) || cell("score") === "" || !Number.isFinite(score))
      throw dataFault(`${where}, row ${line}`, "truth must be 0 or 1 and score a finite number", `${cell("truth")}, ${cell("score")}`, again); // biome-ignore format: one line
    const patient = cell("subject");
    const id = unit === "stack" ? cell("case") : [patient, cell("case")].filter((part) => part !== "").join("/");
    return [{ id, patient, label, score }];
  });
  const positives = cases.filter(({ label }) => label === 1).length;
  if (positives === 0 || positives === cases.length)
    throw dataFault(
      where,
      `split ${split} must have a ${unit} with a finding and one without`,
      `${positives} of ${cases.length} with`,
      `Read something else: --unit ${unit === "stack" ? "subject" : "stack"}, or --split`,
    );
  return cases;
}

const columns = ["simulated", "images", "reader", "case", "patient", "arm", "truth", "rating", "call", "seconds", "confidence"];

function readingsCsv(readings: readonly SimulatedReading[], images: Origin | ""): string {
  const lines = readings.map(({ reader, case: { id, patient, label }, arm, rating, seconds, confidence }) =>
    csvLine(["yes", images, reader, id, patient, arm, label, round(rating), rating > 0 ? 1 : 0, round(seconds), confidence]),
  );
  return [columns.join(","), ...lines, ""].join("\n");
}

const round = (value: number): number => Number(value.toPrecision(6));
