import { oneLine } from "../../../data/faults.ts";
import { fixed } from "../../report/format.ts";
import type { TextTable } from "../../tables/document.ts";
import { type FigureRow, pValue, range } from "../../tables/figures.ts";
import type { MetricsOptions } from "../options.ts";
import type { Difference, Interaction } from "../results.ts";

/** What is compared, for its tables. */
export interface ComparisonWords {
  readonly first: string;
  readonly file: string;
  readonly differences: readonly Difference[];
  readonly permutations: { readonly count: number; readonly exact: boolean } | null;
  /** Tests of single figures, in words. */
  readonly tests: Readonly<Record<string, string>>;
}

/** Differences of two models as a table for a reader. @param nameOf - What a metric is called in print. */
export function comparisonTable(
  { first, file, differences, permutations, tests }: ComparisonWords,
  nameOf: (metric: string) => string,
  { margin }: Pick<MetricsOptions, "margin">,
): TextTable {
  const head = [
    "figure",
    "difference",
    "interval",
    ...(permutations === null ? [] : [`permutation p${permutations.exact ? ", exact" : ""}`]),
    ...(margin === null ? [] : [`not worse by ${margin}`]),
    "other tests, or why there is none",
  ];
  const cells = differences.map((one) => [
    nameOf(one.metric),
    fixed(one.estimate, 3),
    range(one),
    ...(permutations === null ? [] : [pWords(one.pPermutation, one.pPermutationHolm)]),
    ...(margin === null ? [] : [one.nonInferior === null ? "–" : one.nonInferior ? "yes" : "not shown"]),
    [one.reason ?? "", tests[one.metric] ?? ""].filter((text) => text !== "").join("; "),
  ]);
  return { title: `${oneLine(first)} minus ${oneLine(file)}`, cells: [head, ...cells] };
}

/** The figures of a table compared, for a reader. @param figures - As those of the first table are shown. */
export const figuresOf = (file: string, figures: TextTable): TextTable => ({ ...figures, title: `Figures of ${oneLine(file)}` });

/** A p value, with the adjusted one where it is another. */
export function pWords(p: number | null, adjusted: number | null): string {
  return adjusted === p ? pValue(p) : `${pValue(p)}, Holm ${pValue(adjusted)}`;
}

/** Lines of the CSV file for a comparison's figures. */
export function differenceRows(
  { first, file, differences, permutations }: Omit<ComparisonWords, "tests">,
  method: string,
): FigureRow[] {
  const common = { table: `${first} minus ${file}`, subset: "all" };
  const drawn =
    permutations === null ? "" : `permutation, ${permutations.exact ? `all ${permutations.count}` : permutations.count}`;
  return differences.flatMap(({ undefinedResamples, nonInferior: _, pPermutation, pPermutationHolm, ...one }) => [
    { ...common, ...one, method, undefined_resamples: undefinedResamples },
    ...(pPermutation === null
      ? []
      : [{ ...common, metric: one.metric, estimate: one.estimate, method: drawn, p: pPermutation, p_holm: pPermutationHolm }]),
  ]);
}

/** Whether figures differ between subgroups, as tables for a reader; none without subgroups. */
export function interactionTables(
  interactions: readonly Interaction[],
  subgroup: string | null,
  nameOf: (metric: string) => string,
): TextTable[] {
  if (interactions.length === 0) return [];
  const head = ["figure", "subgroups", "chi-square", "degrees", "p", "permutation p", "why there is none"];
  const cells = interactions.map((one) => [
    nameOf(one.metric),
    String(one.subgroups),
    fixed(one.chiSquare, 2),
    one.chiSquare === null ? "" : String(one.degrees),
    pValue(one.p),
    pValue(one.pPermutation),
    one.reason ?? "",
  ]);
  return [{ title: `Does it differ between subgroups (${oneLine(subgroup ?? "")})?`, cells: [head, ...cells] }];
}

/** Lines of the CSV file for tests of subgroups. */
export function interactionRows(table: string, interactions: readonly Interaction[], subgroup: string | null): FigureRow[] {
  return interactions.flatMap(({ metric, p, reason, degrees, pPermutation }) => {
    const common = { table, subset: subgroup, metric };
    return [
      { ...common, method: `interaction, Wald, ${degrees} degrees`, p, reason },
      ...(pPermutation === null ? [] : [{ ...common, method: "interaction, permutation", p: pPermutation }]),
    ];
  });
}
