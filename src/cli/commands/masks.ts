import { stat } from "node:fs/promises";
import { UserError } from "../../core/errors.ts";
import { imageKind } from "../../data/image-name.ts";
import { masksDocument } from "../../eval/masks/format.ts";
import { type MasksOptions, masksOptions } from "../../eval/masks/options.ts";
import { maskFiles, runMasks } from "../../eval/masks/stage.ts";
import { documentText } from "../../eval/tables/document.ts";
import type { Outcome, Session } from "../session.ts";
import { checkedOptions, optionName, typedNumber, typedNumbers, wroteWords } from "./flags.ts";
import type { MetricsFlags } from "./metrics.ts";

/** Whether predictions are masks: a folder, or a NIfTI file or picture. */
export async function areMasks(file: string): Promise<boolean> {
  return imageKind(file) !== null || ((await stat(file).catch(() => null))?.isDirectory() ?? false);
}

/** Options that say something of masks alone. */
export const ofMasks = ["label", "empty", "penalty", "tolerance", "match", "connectivity", "sizes", "spacing"] as const;

/** Options that say nothing of masks. */
const ofOthers = ["truth", "score", "stratify", "positive", "scoreColumns", "per", "pool", "margin", "where", "validation", "compareScore", "confidence", "bins"] as const; // biome-ignore format: a list

/** `hemosynth metrics PREDICTED --reference REFERENCE`: masks of any program, evaluated. */
export async function masks(path: string, flags: MetricsFlags, session: Session): Promise<Outcome> {
  const foreign = ofOthers.find((name) => flags[name] !== undefined);
  if (foreign !== undefined)
    throw new UserError(
      "usage",
      `--${optionName(foreign)}: goes with predictions in a CSV file or boxes; got ${path}, which is of masks. Leave it out.`,
    );
  if (flags.reference === undefined)
    throw new UserError("usage", `${path}: masks need --reference, the folder or file with the true ones; got none. Name it.`);
  const request = {
    predictions: path,
    reference: flags.reference,
    compare: flags.compare ?? [],
    cases: flags.cases ?? null,
    out: flags.out ?? null,
    options: optionsOf(flags),
  };
  const results = await runMasks(request, session);
  return { text: `${documentText(masksDocument(results))}${wroteWords(request.out, maskFiles)}`, json: results };
}

/** Which option of the command line an option of masks comes from. */
const flagOf: Readonly<Record<string, string>> = { labels: "label", tolerances: "tolerance" };

/** @throws {UserError} (usage) Naming every option that is not what it must be. */
function optionsOf(flags: MetricsFlags): MasksOptions {
  const { empty, interval, subgroup, id } = flags;
  const numbers = (texts: readonly string[] | undefined) => texts?.map(typedNumber);
  const cluster = [flags.cluster ?? []].flat();
  for (const [name, all] of [["cluster", cluster], ["id", id ?? []]] as const) // biome-ignore format: short
    if (all.length > 1) throw new UserError("usage", `--${name}: must be one column of --cases; got ${all.join(" ")}. Name one.`);
  const values = {
    labels: numbers(flags.label),
    threshold: typedNumber(flags.threshold),
    empty,
    penalty: typedNumber(flags.penalty),
    tolerances: numbers(flags.tolerance),
    match: flags.match === undefined ? undefined : matchOf(flags.match),
    connectivity: typedNumber(flags.connectivity),
    sizes: numbers(flags.sizes),
    spacing: numbers(flags.spacing),
    columns: { id: id?.[0], cluster: cluster[0], subgroup },
    interval,
    ...typedNumbers(flags, ["resamples", "permutations", "level", "seed"]),
  };
  return checkedOptions(masksOptions, values, flags, "metrics", ([first, second]) => {
    const key = String(first === "columns" ? second : first);
    return flagOf[key] ?? key;
  });
}

/** `any`, `iou=.5` or `dice=.5`. */
function matchOf(text: string): unknown {
  const [, rule, atLeast] = /^(iou|dice)=(.+)$/.exec(text) ?? [];
  if (text === "any") return { rule: "any" };
  if (rule !== undefined) return { rule, atLeast: Number(atLeast) };
  throw new UserError("usage", `--match: must be any, iou=.5 or dice=.5; got ${JSON.stringify(text)}. Give one of these.`);
}
