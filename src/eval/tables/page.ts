import { html } from "../../picture/html.ts";
import { list, paragraphs, reportLayout, type Section, table } from "../report/layout.ts";
import type { TableDocument, TextTable } from "./document.ts";

/** What a page says beside its tables. */
export interface PageContent {
  /** Sentences that say what the figures mean. */
  readonly reading: readonly string[];
  readonly pictures: readonly Section[];
  /** Text for the methods of a paper; none: no such section. */
  readonly methods: readonly string[];
}

/** Tables as one HTML page that loads nothing and runs nothing. No text of the document is trusted. */
export function documentPage(document: TableDocument, { reading, pictures, methods }: PageContent): string {
  const { title, lines, tables, notes, warnings = [] } = document;
  const research =
    "Research only, not for clinical use. The figures are of the files named below and say nothing of other patients than such.";
  return reportLayout({
    kicker: "hemosynth",
    title,
    banner: [...warnings.map((words) => `${words}.`), research].join(" "),
    sections: [
      { title: "Summary", body: html`${list(reading)}${list(notes, "notes")}` },
      ...pictures,
      ...(methods.length === 0 ? [] : [{ title: "Methods, for a paper", body: paragraphs(methods) }]),
      ...tables.map(tableSection),
      { title: "What was read, and how", body: list(lines) },
    ],
  });
}

/** One table as a section of a page. */
export function tableSection({ title, cells: [head, ...rows] }: TextTable): Section {
  return { title, body: table("fine", head!, rows) };
}

/** The sentences on intervals that all methods share. @param method - How intervals were made. @param units - What a cluster brings along: "rows". */
export function intervalMethods(method: string, units: string): string {
  return `Intervals: ${method}. A drawn cluster brings all of its ${units}; the same resamples serve every figure and every difference, and resamples in which a figure is undefined are left out of its interval and counted.`;
}
