import { UserError } from "../../core/errors.ts";
import { boxesDocument } from "../../eval/boxes/format.ts";
import { type BoxesOptions, boxesOptions } from "../../eval/boxes/options.ts";
import { boxesFiles, runBoxes } from "../../eval/boxes/stage.ts";
import { documentText } from "../../eval/tables/document.ts";
import type { Outcome, Session } from "../session.ts";
import { checkedOptions, optionName, typedNumbers, wroteWords } from "./flags.ts";
import type { MetricsFlags } from "./metrics.ts";

/** Whether predictions are boxes: COCO results, or whatever has COCO instances for a reference. */
export const areBoxes = (file: string, { reference = "" }: Pick<MetricsFlags, "reference">): boolean =>
  [file, reference].some((name) => /\.json$/i.test(name));

/** Options that say nothing of boxes. */
const ofTables = ["truth", "score", "subgroup", "stratify", "positive", "scoreColumns", "per", "pool", "margin", "where", "threshold", "validation", "compareScore", "permutations", "bins"] as const; // biome-ignore format: a list

/** `hemosynth metrics DETECTIONS.json --reference INSTANCES.json`: the boxes of any detector, evaluated. */
export async function boxes(file: string, flags: MetricsFlags, session: Session): Promise<Outcome> {
  const foreign = ofTables.find((name) => flags[name] !== undefined);
  if (foreign !== undefined) {
    throw new UserError(
      "usage",
      `--${optionName(foreign)}: goes with predictions in a CSV file; got ${file}, which is of boxes. Leave it out.`,
    );
  }
  if (flags.reference === undefined)
    throw new UserError(
      "usage",
      `${file}: boxes need --reference, COCO instances of the same pictures; got none. Name the file.`,
    );
  const request = {
    detections: file,
    reference: flags.reference,
    cases: flags.cases ?? null,
    compare: flags.compare ?? [],
    out: flags.out ?? null,
    options: optionsOf(flags),
  };
  const results = await runBoxes(request, session);
  return { text: `${documentText(boxesDocument(results))}${wroteWords(request.out, boxesFiles)}`, json: results };
}

/** @throws {UserError} (usage) Naming every option that is not what it must be. */
function optionsOf(flags: MetricsFlags): BoxesOptions {
  const { interval, id, cluster } = flags;
  for (const [name, all] of [["id", id ?? []], ["cluster", cluster ?? []]] as const) // biome-ignore format: short
    if (all.length > 1) throw new UserError("usage", `--${name}: must be one column for boxes; got ${all.join(" ")}. Name one.`);
  if (id !== undefined && flags.cases === undefined)
    throw new UserError("usage", `--id: names a column of --cases; got ${id[0]} without. Give the CSV file that names the patients.`); // biome-ignore format: short
  const values = {
    interval,
    id: id?.[0],
    cluster: cluster?.[0],
    ...typedNumbers(flags, ["confidence", "resamples", "level", "seed"]),
  };
  return checkedOptions(boxesOptions, values, flags, "metrics");
}
