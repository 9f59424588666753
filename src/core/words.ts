/** `3 stacks`, `1 stack`. */
export function many(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

/** A grade of Papile, 1 to 4, as it is written. Source: Papile et al. 1978. */
export function romanGrade(grade: number): string {
  return (["I", "II", "III", "IV"] as const)[grade - 1]!;
}
