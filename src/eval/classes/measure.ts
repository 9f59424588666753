import type { Rng } from "../../core/rng.ts";
import type { BootstrapOptions } from "../options.ts";
import { probabilityColumn } from "../predict/classes.ts";
import { metricsOptions } from "../predictions/options.ts";
import { asClassPredictions } from "../predictions/read/classes.ts";
import { perOf, poolClassRows } from "../predictions/read/pool.ts";
import { readTable } from "../predictions/read/table.ts";
import { classTables } from "../predictions/several/format.ts";
import { measureClasses } from "../predictions/several/measure.ts";
import type { Results } from "../results.ts";
import type { TextTable } from "../tables/document.ts";
import { type ClassTable, classUnitsFile, formatClassUnits } from "./table.ts";

/** The figures of the classes at each level, and the tables of them for a reader. */
export interface MeasuredClassTable {
  readonly classes: NonNullable<Results["classes"]>;
  readonly tables: readonly TextTable[];
  /** What a reader must know before quoting a figure. */
  readonly notes: readonly string[];
}

/**
 * Figures of the classes with intervals that resample subjects: of images, and of examinations by the mean of their images' probabilities and by their vote.
 * In age groups of images where every case has an age. Nothing where all units are of one class.
 *
 * @throws {UserError} (data) If images of one examination are of several classes.
 */
export function measureClassTable(table: ClassTable, bootstrap: BootstrapOptions, rng: Rng): MeasuredClassTable {
  if (new Set(table.units.map(({ truth }) => truth)).size < 2)
    return {
      classes: { names: [...table.classes], levels: [] },
      tables: [],
      notes: ["All evaluated units are of one class: there are no figures of classes."],
    };
  const options = optionsFor(table, bootstrap);
  const read = readTable(formatClassUnits(table), classUnitsFile, options.columns);
  const images = asClassPredictions(read, options.columns)!;
  const per = perOf(read, "examination");
  const rows = images.rows.map((row) => ({ ...row, subgroup: null }));
  const plain = { ...images, columns: { ...images.columns, subgroup: null }, rows };
  const several = {
    image: images,
    "examination, mean of probabilities": poolClassRows(plain, per, { kind: "mean" }),
    "examination, vote": poolClassRows(plain, per, { kind: "vote", cut: 0.5 }),
  };
  const measured = Object.entries(several).map(([name, predictions]) => {
    const found = measureClasses(predictions, [], options, rng.fork(name));
    const own = classTables({ ...found, classes: [...predictions.classes], options });
    const tables = own.map((one) => ({ ...one, title: `${one.title}, per ${name}` }));
    return { name, found, tables };
  });
  return {
    classes: {
      names: [...images.classes],
      levels: measured.map(({ name, found: { figures, confusion, calibration } }) => ({
        per: name,
        figures,
        confusion,
        calibration,
      })),
    },
    tables: measured.flatMap(({ tables }) => tables),
    notes: [...new Set(measured.flatMap(({ found }) => found.notes))],
  };
}

/** How our own table is read: by its columns, in age groups where they are known and there are several. */
function optionsFor({ classes, units }: ClassTable, { resamples, level }: BootstrapOptions) {
  const groups = new Set(units.map(({ weeks }) => weeks));
  const subgroup = !groups.has(null) && groups.size > 1 ? "weeks" : null;
  const scoreColumns = classes.map((name) => `${name}=${probabilityColumn(name)}`);
  const columns = { truth: "truth", id: ["id"], cluster: ["subject"], subgroup, scoreColumns };
  return metricsOptions.parse({ columns, resamples, level, permutations: 0 });
}
