/**
 * P values of one family of tests, adjusted by Holm's method: to call those at or below alpha keeps the chance of any false
 * call at alpha. In the order given, each in [0, 1]; null stays null and does not count.
 *
 * Source: Holm 1979, https://www.jstor.org/stable/4615733.
 */
export function holmAdjusted(ps: readonly (number | null)[]): (number | null)[] {
  const order = ps.flatMap((p, i) => (p === null ? [] : [i])).sort((a, b) => ps[a]! - ps[b]!);
  const adjusted: (number | null)[] = ps.map(() => null);
  let most = 0;
  for (const [rank, i] of order.entries()) {
    most = Math.max(most, Math.min(1, (order.length - rank) * ps[i]!));
    adjusted[i] = most;
  }
  return adjusted;
}

/**
 * {@link holmAdjusted} over models, figure by figure: the p values of one figure are a family.
 * @param models - Of each model the p values of the same figures in one order.
 */
export function holmByFigure(models: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const families = (models[0] ?? []).map((_, f) => holmAdjusted(models.map((ps) => ps[f]!)));
  return models.map((ps, m) => ps.map((_, f) => families[f]![m]!));
}

/** Comparisons with several models, each difference with its p value adjusted over the models; null stays null. */
export function withHolm<C extends { readonly differences: readonly { readonly p: number | null }[] }>(
  comparisons: readonly C[],
): (C & { readonly differences: readonly { readonly pHolm: number | null }[] })[] {
  const holm = holmByFigure(comparisons.map(({ differences }) => differences.map(({ p }) => p)));
  return comparisons.map((one, c) => ({ ...one, differences: one.differences.map((of, f) => ({ ...of, pHolm: holm[c]![f]! })) }));
}
