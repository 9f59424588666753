import type { z } from "zod";
import { UserError } from "../../core/errors.ts";
import { ruleWords } from "../../core/rule-words.ts";

/** `score-columns` of `scoreColumns`: an option as it is typed. */
export function optionName(flag: string): string {
  return flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A number that was typed; what is none becomes NaN or stays text, for a schema to refuse. */
export function typedNumber(text: string | undefined): number | string | undefined {
  return text === undefined || text.trim() === "" ? text : Number(text);
}

/** Those of the named options that are given, as numbers. */
export function typedNumbers<Name extends string>(
  flags: Readonly<Partial<Record<Name, string>>>,
  names: readonly Name[],
): Partial<Record<Name, number | string>> {
  const given = names.filter((name) => flags[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, typedNumber(flags[name])])) as Partial<Record<Name, number | string>>;
}

/**
 * What a schema makes of options.
 *
 * @param flagOf - The flag that a place in the options comes from; its first key where it is not told.
 * @throws {UserError} (usage) A line for each option that is not what it must be.
 */
export function checkedOptions<Schema extends z.ZodType>(
  schema: Schema,
  values: unknown,
  flags: object,
  verb: string,
  flagOf: (path: readonly PropertyKey[]) => string = ([first]) => String(first),
): z.output<Schema> {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const flag = flagOf(issue.path);
    const given = [(flags as Readonly<Record<string, unknown>>)[flag] ?? []].flat().join(" ");
    return `--${optionName(flag)}: ${ruleWords(issue)}; got ${JSON.stringify(given)}. hemosynth ${verb} --help has an example.`;
  });
  throw new UserError("usage", [...new Set(lines)].join("\n"));
}

/** Ends what a command says: which files it wrote; nothing where there is no folder for them. */
export function wroteWords(out: string | null, files: readonly string[]): string {
  return out === null ? "" : `\n\nin ${out}: ${files.join(", ")}`;
}
