/** The name that stands for every class that is not named itself. */
const others = "other";

/** Place of a class among those that are told apart: of its own name, else of `other`; -1 where it is neither. */
export function placeOfClass(name: string, told: readonly string[]): number {
  const own = told.indexOf(name);
  return own >= 0 ? own : told.indexOf(others);
}
