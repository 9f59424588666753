/**
 * The members with the lowest keys, as many as a volume holds: how every bleed gets the volume that was drawn for it.
 *
 * @param keys - One a member, from 0 up; Infinity for what can never belong. Where there are too few members, all of them belong.
 * @param count - How many are wanted, at least 1.
 * @returns The largest key that belongs; 0 where none does.
 */
export function growTo(keys: Float32Array, count: number): number {
  const finite = keys.filter((key) => key < Infinity).sort();
  return finite[Math.min(finite.length, Math.max(1, Math.round(count))) - 1] ?? 0;
}
