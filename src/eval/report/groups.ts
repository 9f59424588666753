import type { Results } from "../results.ts";
import { levels } from "../scores.ts";

type Told = Pick<Results, "metrics" | "classes">;

/** By what stacks are told apart in figures of their own: `grade`, `plane`; none where all stand together alone. */
export function stackGroups({ metrics }: Pick<Told, "metrics">): string[] {
  const own = metrics.filter(({ per, subset }) => subset !== "all" && levels.some((level) => level === per));
  return [...new Set(own.map(({ subset }) => (subset.startsWith("grade ") ? "grade" : "plane")))];
}

/** The same with the groups that figures of classes have, such as `weeks`. */
export function groupsOf(results: Told): string[] {
  const ofClasses = (results.classes?.levels ?? []).flatMap(({ figures }) =>
    figures.flatMap(({ subset }) => (subset === "all" ? [] : [subset.split("=")[0]!])),
  );
  return [...new Set([...stackGroups(results), ...ofClasses])];
}
