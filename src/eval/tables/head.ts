import { z } from "zod";
import { packageVersion } from "../../data/version.ts";

/** Kinds of what is evaluated, whoever made it, with the verb that does so. */
export const resultKinds = {
  "two classes": "metrics",
  "several classes": "metrics",
  masks: "metrics",
  boxes: "metrics",
  readers: "reader",
} as const;
export type ResultKind = keyof typeof resultKinds;

/** What every JSON file of figures says of itself, whatever it is of: `kind` tells the files apart. */
export function headFields<Kind extends ResultKind, Options extends z.ZodType>(kind: Kind, options: Options) {
  return {
    schemaVersion: z.literal(1),
    kind: z.literal(kind),
    /** The verb of the command line that wrote it. */
    command: z.literal(resultKinds[kind]),
    /** Version that wrote it. */
    hemosynth: z.string(),
    options,
    /** How intervals were made, in words. */
    method: z.string(),
    /** What a reader must know before quoting a figure. */
    notes: z.array(z.string()),
  };
}

/** The head of a file written by this version. */
export function headOf<Kind extends ResultKind, Options>(kind: Kind, options: Options) {
  return { schemaVersion: 1, kind, command: resultKinds[kind], hemosynth: packageVersion(), options } as const;
}
