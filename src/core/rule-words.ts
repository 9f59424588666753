import type { z } from "zod";

type Issue = z.core.$ZodIssue;

const typeWords: ReadonlyMap<string, string> = new Map([
  ["int", "a whole number"],
  ["number", "a number"],
  ["string", "text"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["tuple", "a list"],
  ["object", "a section of `key: value` lines"],
  ["record", "a section of `key: value` lines"],
  ["null", "null"],
]);

/** The rule that an issue of a schema says was broken, in words that go on from the name of what broke it: "must be at least 1". */
export function ruleWords(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeWords.get(issue.expected) ?? issue.expected}`;
    case "invalid_value":
      return `must be ${oneOf(issue.values)}`;
    case "too_small":
      return `must ${sizeWords(issue.origin, issue.inclusive === false ? "more than" : "at least", Number(issue.minimum))}`;
    case "too_big":
      return `must ${sizeWords(issue.origin, issue.inclusive === false ? "less than" : "at most", Number(issue.maximum))}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return issue.message.startsWith("Invalid ") && "pattern" in issue ? `must match ${issue.pattern}` : issue.message;
    case "unrecognized_keys":
      return `must not have ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "invalid_union":
      return unionWords(issue);
    default:
      return issue.message;
  }
}

/** The rules of all branches; those of a union that words its own rule are its words. */
function unionWords(issue: Extract<Issue, { code: "invalid_union" }>): string {
  if (issue.errors.length === 0 && "options" in issue && Array.isArray(issue.options)) return `must be ${oneOf(issue.options)}`;
  if (issue.message !== "Invalid input") return issue.message;
  const first = issue.errors.flatMap((errors) => errors.slice(0, 1));
  if (first.every((one) => one.code === "invalid_value")) return `must be ${oneOf(first.flatMap(({ values }) => values))}`;
  const rules = first.map((one) => ruleWords(one).replace(/^must be /, ""));
  const distinct = [...new Set(rules)].join(", or ");
  return distinct.startsWith("must ") ? distinct : `must be ${distinct}`;
}

function sizeWords(origin: string, compare: string, limit: number): string {
  if (origin === "string") return `have ${compare} ${limit} characters`;
  if (origin === "array" || origin === "tuple") return `have ${compare} ${limit} items`;
  return `be ${compare} ${limit}`;
}

/** `1, 2 or "three"`. */
export function oneOf(values: readonly unknown[]): string {
  const words = values.map((value) => (typeof value === "string" ? JSON.stringify(value) : String(value)));
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
