import { stat } from "node:fs/promises";
import type { z } from "zod";
import { UserError } from "../../core/errors.ts";
import { imageKind } from "../../data/image-name.ts";
import { masksDocument } from "../../eval/masks/format.ts";
import { type MasksOptions, masksOptions } from "../../eval/masks/options.ts";
import { maskFiles, runMasks } from "../../eval/masks/stage.ts";
import { documentText } from "../../eval/tables/document.ts";
import type { Outcome, Session } from "../session.ts";
import type { MetricsFlags } from "./metrics.ts";

/** Whether predictions are masks: a folder, or a NIfTI file or picture. */
export async function areMasks(file: string): Promise<boolean> {
  return imageKind(file) !== null || ((await stat(file).catch(() => null))?.isDirectory() ?? false);
}

/** Options that say something of masks alone. */
export const ofMasks = ["label", "empty", "penalty", "tolerance", "match", "connectivity", "sizes", "spacing"] as const;

/** Options that say nothing of masks. */
const ofOthers = ["truth", "score", "stratify", "positive", "scoreColumns", "per", "pool", "margin", "where", "validation", "compareScore", "confidence"] as const; // biome-ignore format: a list

/** `hemosynth metrics PREDICTED --reference REFERENCE`: masks of any program, evaluated. */
export async function masks(path: string, flags: MetricsFlags, session: Session): Promise<Outcome> {
  const foreign = ofOthers.find((name) => flags[name] !== undefined);
  if (foreign !== undefined)
    throw new UserError(
      "usage",
      `--${kebab(foreign)}: goes with predictions in a CSV file or boxes; got ${path}, which is of masks. Leave it out.`,
    );
  if (flags.reference === undefined)
    throw new UserError("usage", `${path}: masks need --reference, the folder or file with the true ones; got none.`);
  const request = {
    predictions: path,
    reference: flags.reference,
    compare: flags.compare ?? [],
    cases: flags.cases ?? null,
    out: flags.out ?? null,
    options: optionsOf(flags),
  };
  const results = await runMasks(request, session);
  const where = request.out === null ? "" : `\n\nin ${request.out}: ${maskFiles.join(", ")}`;
  return { text: `${documentText(masksDocument(results))}${where}`, json: results };
}

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Which option of the command line an option of masks comes from. */
const flagOf: Readonly<Record<string, string>> = { labels: "label", tolerances: "tolerance", patient: "cluster" };

/** @throws {UserError} (usage) Naming every option that is not what it must be. */
function optionsOf(flags: MetricsFlags): MasksOptions {
  const { empty, interval, subgroup, id } = flags;
  const number = (text: string | undefined) => (text === undefined || text.trim() === "" ? text : Number(text));
  const numbers = (texts: readonly string[] | undefined) => texts?.map(number);
  const cluster = [flags.cluster ?? []].flat();
  for (const [name, all] of [["cluster", cluster], ["id", id ?? []]] as const) // biome-ignore format: short
    if (all.length > 1) throw new UserError("usage", `--${name}: must be one column of --cases; got ${all.join(" ")}. Name one.`);
  const parsed = masksOptions.safeParse({
    labels: numbers(flags.label),
    threshold: number(flags.threshold),
    empty,
    penalty: number(flags.penalty),
    tolerances: numbers(flags.tolerance),
    match: flags.match === undefined ? undefined : matchOf(flags.match),
    connectivity: number(flags.connectivity),
    sizes: numbers(flags.sizes),
    spacing: numbers(flags.spacing),
    columns: { id: id?.[0], patient: cluster[0], subgroup },
    interval,
    resamples: number(flags.resamples),
    permutations: number(flags.permutations),
    level: number(flags.level),
    seed: number(flags.seed),
  });
  if (parsed.success) return parsed.data;
  throw new UserError("usage", [...new Set(parsed.error.issues.map((issue) => faultOf(issue, flags)))].join("\n"));
}

function faultOf({ path, message }: z.core.$ZodIssue, flags: MetricsFlags): string {
  const key = String(path[0] === "columns" ? path[1] : path[0]);
  const name = flagOf[key] ?? key;
  const got = [flags[name as keyof MetricsFlags] ?? []].flat().join(" ");
  return `--${kebab(name)}: ${message}; got ${JSON.stringify(got)}. hemosynth metrics --help has an example.`;
}

/** `any`, `iou=.5` or `dice=.5`. */
function matchOf(text: string): unknown {
  const [, rule, atLeast] = /^(iou|dice)=(.+)$/.exec(text) ?? [];
  if (text === "any") return { rule: "any" };
  if (rule !== undefined) return { rule, atLeast: Number(atLeast) };
  throw new UserError("usage", `--match: must be any, iou=.5 or dice=.5; got ${JSON.stringify(text)}.`);
}
