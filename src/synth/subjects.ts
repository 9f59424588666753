/** Name of a made subject, numbered from 1: at least three digits, and as many in all of `count`, so that names sort as numbers do. */
export function subjectName(index: number, count: number): string {
  const digits = Math.max(3, String(count).length);
  return `sub-${String(index + 1).padStart(digits, "0")}`;
}

/**
 * Age of one of `count` subjects whose ages are spread evenly over a range: one in each step of it, in steps of a tenth of a day.
 *
 * @param within - Place in the step, in [0, 1).
 * @returns In the range, weeks.
 */
export function spreadAge(within: number, index: number, count: number, [low, high]: readonly [number, number]): number {
  const age = low + ((index + within) * (high - low)) / count;
  return Math.min(high, Math.max(low, Math.round(70 * age) / 70));
}
