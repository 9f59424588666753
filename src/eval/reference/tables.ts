import { figure } from "../report/format.ts";
import type { TextTable } from "../tables/document.ts";
import type { ReferenceOptions } from "./options.ts";

/** What a config says beside its options. */
export interface Beside {
  readonly assumed: readonly string[];
  readonly reference: ReferenceOptions | null;
}

/** What a publication reports, named as its own, and what it leaves open; nothing where a config says neither. */
export function besideTables({ assumed, reference }: Beside): TextTable[] {
  const theirs = reference?.figures.map(({ name, value, low, high }) => {
    return [name, low === null || high === null ? figure(value) : `${figure(value)} [${figure(low)}, ${figure(high)}]`];
  });
  return [
    ...(theirs === undefined
      ? []
      : [
          {
            title: `What the publication reports of its own data, not ours: ${reference!.source}`,
            cells: [["figure", "theirs"], ...theirs],
          },
        ]),
    ...(assumed.length === 0
      ? []
      : [
          {
            title: "Assumed by the config for the data that it was written for, since no publication says it",
            cells: [["choice"], ...assumed.map((choice) => [choice])],
          },
        ]),
  ];
}
