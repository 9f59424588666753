/** The name that stands for every class that is not named itself. */
const others = "other";

/** What the first class of a dataset is called where its others say that something is wrong. */
const normal = "normal";

/** 1 for a case whose class is not `normal`, 0 for one that is; null where it has no class, or the first of the dataset's classes is not `normal`. */
export function abnormalOf(name: string | undefined, [first]: readonly string[] = []): 0 | 1 | null {
  if (name === undefined || first !== normal) return null;
  return name === normal ? 0 : 1;
}

/** Place of a class among those that are told apart: of its own name, else of `other`; -1 where it is neither. */
export function placeOfClass(name: string, told: readonly string[]): number {
  const own = told.indexOf(name);
  return own >= 0 ? own : told.indexOf(others);
}
