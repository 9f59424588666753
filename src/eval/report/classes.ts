import { html, type Markup } from "../../picture/html.ts";
import type { Results } from "../results.ts";
import { withInterval } from "./format.ts";
import { type Section, table } from "./layout.ts";

type Level = NonNullable<Results["classes"]>["levels"][number];

/** A figure with its interval; a dash where it does not exist. */
function said({ figures }: Level, metric: string, subset = "all"): string {
  const one = figures.find((of) => of.metric === metric && of.subset === subset);
  return one === undefined || one.estimate === null ? "–" : withInterval(one);
}

/** How well classes are told apart, in a sentence; none where none are told. */
export function classHeadline({ classes }: Results): string[] {
  if (classes === undefined || classes.levels.length === 0) return [];
  const words = classes.levels.map(
    (level) => `${said(level, "roc_auc_macro")} per ${level.per} (accuracy ${said(level, "accuracy")})`,
  );
  return [`Macro AUROC of ${classes.names.length} classes is ${words.join("; ")}.`];
}

/** The classes at a glance: each against the rest at every level, then in groups of age; all figures stand in tables of their own. */
export function classSection({ classes }: Results): Section[] {
  if (classes === undefined || classes.levels.length === 0) return [];
  const { names, levels } = classes;
  const calls = levels.find(({ per }) => per.startsWith("examination")) ?? levels[0]!;
  const row = (name: string) => [
    name,
    ...levels.map((level) => said(level, `roc_auc:${name}`)),
    said(calls, `recall:${name}`),
    said(calls, `specificity:${name}`),
  ];
  const macro = ["all, macro", ...levels.map((level) => said(level, "roc_auc_macro")), said(calls, "balanced_accuracy"), "–"];
  const head = ["Class", ...levels.map(({ per }) => `AUROC, per ${per}`), "sensitivity", "specificity"];
  const caption = `Each class against the rest. The class with the highest probability is the call here; the summary calls by a threshold, so the two may differ. Sensitivity and specificity are per ${calls.per}; that of all is the mean over classes (balanced accuracy). All figures, and who was called what, stand under Figures and Calls.`;
  return [
    {
      title: "Classes",
      body: html`${table("plain", head, [...names.map(row), macro])}<p class="caption">${caption}</p>${groups(levels)}`,
    },
  ];
}

/** The levels that have subgroups; nothing where none has. */
function groups(levels: readonly Level[]): Markup {
  const rows = levels.flatMap((level) => {
    const subsets = [...new Set(level.figures.map(({ subset }) => subset))].filter((subset) => subset !== "all");
    return subsets.map((subset) => [
      subset.replace("=", " "),
      level.per,
      level.figures.find((one) => one.subset === subset)!.clusters,
      ...["roc_auc_macro", "accuracy", "balanced_accuracy"].map((metric) => said(level, metric, subset)),
    ]);
  });
  const head = ["Group", "per", "subjects", "AUROC, macro", "accuracy", "balanced accuracy"];
  return rows.length === 0 ? html`` : table("plain", head, rows);
}
