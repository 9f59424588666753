/** Names as numbers from 0, in the order in which they come. */
export function numbersOf(names: readonly string[]): { readonly of: Uint32Array; readonly count: number } {
  const numbers = new Map<string, number>();
  const of = Uint32Array.from(names, (name) => {
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name)!;
  });
  return { of, count: numbers.size };
}
