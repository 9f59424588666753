/** `3 stacks`, `1 stack`. @param several - Where it is not the word with an s: `2 boxes`. */
export function many(n: number, thing: string, several = `${thing}s`): string {
  return `${n} ${n === 1 ? thing : several}`;
}

/** Words in a row: `a, b or c`. @param last - What stands before the last. */
export function listed(words: readonly string[], last: "and" | "or"): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** A number with so many decimals; one that rounds to 0 has no sign. */
export function decimals(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** A grade of Papile, 1 to 4, as it is written. Source: Papile et al. 1978. */
export function romanGrade(grade: number): string {
  return (["I", "II", "III", "IV"] as const)[grade - 1]!;
}
