import { UserError } from "../../core/errors.ts";
import { type MetricsOptions, metricsOptions } from "../../eval/predictions/options.ts";
import { documentOf, metricsFiles, runMetrics } from "../../eval/predictions/stage.ts";
import { parseWhere } from "../../eval/tables/columns.ts";
import { documentText } from "../../eval/tables/document.ts";
import type { Outcome, Session } from "../session.ts";
import { areBoxes, boxes } from "./boxes.ts";
import { checkedOptions, typedNumbers, wroteWords } from "./flags.ts";
import { areMasks, masks, ofMasks } from "./masks.ts";

/** Options of `hemosynth metrics`, as commander parses them. */
export interface MetricsFlags {
  readonly truth?: string;
  readonly score?: string;
  readonly id?: readonly string[];
  readonly cluster?: readonly string[];
  readonly stratify?: string;
  readonly subgroup?: string;
  readonly positive?: string;
  readonly scoreColumns?: readonly string[];
  readonly per?: string;
  readonly pool?: string;
  readonly margin?: string;
  readonly permutations?: string;
  readonly where?: readonly string[];
  readonly validation?: string;
  readonly compare?: readonly string[];
  readonly compareScore?: string;
  readonly threshold?: string;
  readonly interval?: string;
  readonly resamples?: string;
  readonly level?: string;
  readonly bins?: string;
  readonly seed?: string;
  readonly out?: string;
  readonly reference?: string;
  readonly cases?: string;
  readonly confidence?: string;
  readonly label?: readonly string[];
  readonly empty?: string;
  readonly penalty?: string;
  readonly tolerance?: readonly string[];
  readonly match?: string;
  readonly connectivity?: string;
  readonly sizes?: readonly string[];
  readonly spacing?: readonly string[];
}

/** `hemosynth metrics PREDICTIONS`: those of any program, evaluated: a CSV table, boxes in a JSON file, or masks in a folder or file. */
export async function metrics(file: string, flags: MetricsFlags, session: Session): Promise<Outcome> {
  const kind = areBoxes(file, flags) ? "boxes" : (await areMasks(file)) ? "masks" : "table";
  const ofMask = kind === "masks" ? undefined : ofMasks.find((name) => flags[name] !== undefined);
  if (ofMask !== undefined)
    throw new UserError("usage", `--${ofMask}: goes with masks, in a folder or an image file; got ${file}. Leave it out.`);
  switch (kind) {
    case "boxes":
      return await boxes(file, flags, session);
    case "masks":
      return await masks(file, flags, session);
    case "table":
      return await table(file, flags, session);
    default:
      return kind satisfies never;
  }
}

async function table(file: string, flags: MetricsFlags, session: Session): Promise<Outcome> {
  const foreign = (["reference", "cases", "confidence"] as const).find((name) => flags[name] !== undefined);
  if (foreign !== undefined)
    throw new UserError("usage", `--${foreign}: goes with boxes in a .json file, or with masks; got ${file}. Leave it out.`);
  const request = {
    predictions: file,
    validation: flags.validation ?? null,
    compare: flags.compare ?? [],
    compareScore: flags.compareScore ?? null,
    out: flags.out ?? null,
    options: optionsOf(flags),
  };
  const results = await runMetrics(request, session);
  return { text: `${documentText(documentOf(results))}${wroteWords(request.out, metricsFiles)}`, json: results };
}

/** @throws {UserError} (usage) Naming every option that is not what it must be. */
function optionsOf(flags: MetricsFlags): MetricsOptions {
  if (flags.pool !== undefined && flags.per === undefined)
    throw new UserError("usage", `--pool: goes with --per; got ${JSON.stringify(flags.pool)} alone. Give --per patient, say.`);
  const { truth, score, id, cluster, stratify, subgroup, positive, scoreColumns, where = [] } = flags;
  const values = {
    columns: { truth, score, id, cluster, stratify, subgroup, positive, scoreColumns, where: where.map(parseWhere) },
    threshold: flags.threshold === undefined ? null : cutOf(flags.threshold),
    interval: flags.interval,
    per: flags.per,
    pool: flags.pool === undefined ? undefined : poolOf(flags.pool),
    ...typedNumbers(flags, ["resamples", "level", "bins", "seed", "margin", "permutations"]),
  };
  return checkedOptions(metricsOptions, values, flags, "metrics");
}

/** `mean`, `max`, `top-k`, `top-k=5`, `noisy-or`, `vote` or `vote=.4`; what they may be is for the schema to say. */
function poolOf(text: string): unknown {
  const [, kind, value] = /^([a-z-]+)(?:=(.+))?$/.exec(text) ?? [];
  if (kind === undefined || (value !== undefined && kind !== "top-k" && kind !== "vote"))
    throw new UserError(
      "usage",
      `--pool: must be mean, max, top-k, top-k=5, noisy-or, vote or vote=.4; got ${JSON.stringify(text)}.`,
    );
  return { kind, ...(value === undefined ? {} : { [kind === "top-k" ? "k" : "cut"]: Number(value) }) };
}

/** `youden`, `sensitivity=.9`, `specificity=.9` or a number. */
function cutOf(text: string): unknown {
  if (text === "youden") return { rule: "youden" };
  const [, rule, target] = /^(sensitivity|specificity)=(.+)$/.exec(text) ?? [];
  if (rule !== undefined) return { rule, target: Number(target) };
  if (text.trim() !== "" && Number.isFinite(Number(text))) return { rule: "fixed", value: Number(text) };
  throw new UserError(
    "usage",
    `--threshold: must be youden, sensitivity=.9, specificity=.9 or a number; got ${JSON.stringify(text)}.`,
  );
}
