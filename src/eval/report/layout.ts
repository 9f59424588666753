import { html, htmlPage, type Markup, trusted } from "../../picture/html.ts";
import { style } from "../../picture/style.ts";

/** A part of a page under a heading. */
export interface Section {
  readonly title: string;
  readonly body: Markup;
}

/** What every page of figures is made of. No text in it is trusted. */
export interface ReportLayout {
  /** What made it, in a few words. */
  readonly kicker: string;
  readonly title: string;
  /** What must stand above every figure. */
  readonly banner: string;
  readonly sections: readonly Section[];
}

/** One HTML file that loads nothing, runs nothing, and is the same bytes for the same content. */
export function reportLayout({ kicker, title, banner, sections }: ReportLayout): string {
  const body = html`<header>
<p class="kicker">${kicker}</p>
<h1>${title}</h1>
<p class="banner">${banner}</p>
</header>
<main>
${sections.map((one) => html`<section><h2>${one.title}</h2>${one.body}</section>\n`)}</main>`;
  return htmlPage(title, style, body);
}

/** A list of sentences; nothing where there are none. */
export function list(items: readonly string[], name = ""): Markup {
  return items.length === 0 ? html`` : html`<ul class="${name}">${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

export const paragraphs = (texts: readonly string[]): Markup => html`${texts.map((text) => html`<p>${text}</p>`)}`;

export type TableCell = string | number | Markup;

/** A table whose first column names the row; a wide one scrolls by itself, never the page. */
export function table(name: string, head: readonly string[], rows: readonly (readonly TableCell[])[]): Markup {
  const cell = (value: TableCell, i: number) => (i === 0 ? html`<th scope="row">${value}</th>` : html`<td>${value}</td>`);
  return html`<div class="scroll" tabindex="0"><table class="${name}"><thead><tr>${head.map((h) => html`<th scope="col">${h}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`;
}

/** Plots side by side, as many as there is room for, and what they show. @param svgs - Made by our own functions, which escape what they are given. */
export function plots(svgs: readonly string[], caption: string, name = ""): Markup {
  return html`<div class="plots ${name}">${svgs.map(trusted)}</div><p class="caption">${caption}</p>`;
}
