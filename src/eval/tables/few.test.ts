import { expect, test } from "vitest";
import { fewInSubgroups } from "./few.ts";

/** So many patients with two rows each, of whom so many are positive. */
const site = (subgroup: string, patients: number, positives: number) =>
  Array.from({ length: 2 * patients }, (_, i) => ({
    subgroup,
    cluster: `${subgroup}${i % patients}`,
    label: i % patients < positives ? 1 : 0,
  }));

test("subgroups are named that have few clusters, or few of a class; enough are not", () => {
  const rows = [...site("a", 60, 30), ...site("b", 60, 29), ...site("c\n", 12, 6)];
  const byClass = (some: readonly (typeof rows)[number][]) => [0, 1].map((label) => some.filter((row) => row.label === label));
  expect(fewInSubgroups("site", "clusters with one of the classes", rows, byClass)).toEqual([
    "Fewer than 30 clusters with one of the classes in subgroups by site: b (29), c\\n (6). Their intervals are mostly too narrow.",
  ]);
  expect(fewInSubgroups("site", "patients", rows)).toEqual([
    "Fewer than 30 patients in subgroups by site: c\\n (12). Their intervals are mostly too narrow.",
  ]);
  expect(fewInSubgroups("site", "patients", site("a", 30, 3))).toEqual([]);
  expect(fewInSubgroups(null, "patients", rows)).toEqual([]);
});
