/**
 * The known name that a mistyped one most likely meant, or null: `learning_rate`, `lr` and `lerningRate` all mean `learningRate`.
 */
export function nearestName(got: string, known: readonly string[]): string | null {
  const bare = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const same = known.find((name) => bare(name) === bare(got));
  if (same !== undefined) return same;
  const abbreviated = known.find((name) => initials(name) === bare(got) && got.length > 1);
  if (abbreviated !== undefined) return abbreviated;
  const ranked = known
    .map((name) => ({ name, distance: editDistance(bare(got), bare(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.min(got.length, name.length) / 3)))
    .sort((a, b) => a.distance - b.distance);
  if (ranked.length > 0) return ranked[0]!.name;
  const begun = known.filter((name) => got.length >= 3 && bare(name).startsWith(bare(got)));
  return begun.length === 1 ? begun[0]! : null;
}

function initials(name: string): string {
  return name.replaceAll(/(^.|[A-Z])|./g, "$1").toLowerCase();
}

/** Fewest insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let j = 0; j < width; j++) table[j] = j;
  for (let i = 1; i <= a.length; i++) {
    table[i * width] = i;
    for (let j = 1; j < width; j++) {
      const here = i * width + j;
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(table[here - 1]! + 1, table[here - width]! + 1, table[here - width - 1]! + cost);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, table[here - 2 * width - 2]! + 1);
      table[here] = best;
    }
  }
  return table[table.length - 1]!;
}
