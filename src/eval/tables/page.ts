import { html, htmlPage, type Markup } from "../../picture/html.ts";
import { style } from "../../picture/style.ts";
import type { TableDocument, TextTable } from "./document.ts";

/**
 * Tables as one HTML page that loads nothing and runs nothing. No text of the document is trusted.
 * @param reading - Sentences that say what the figures mean. @param pictures - Sections between those and the tables.
 */
export function documentPage(document: TableDocument, reading: readonly string[], pictures: Markup): string {
  const { title, lines, tables, notes } = document;
  const body = html`<header>
<p class="kicker">hemosynth</p>
<h1>${title}</h1>
<p class="banner">Research only, not for clinical use.</p>
</header>
<main>
<section><h2>Summary</h2>${list(reading)}${list(notes, "notes")}</section>
${pictures}
${tables.map(tableSection)}
<section><h2>What was read, and how</h2>${list(lines)}</section>
</main>`;
  return htmlPage(title, style, body);
}

function list(items: readonly string[], name = ""): Markup {
  return items.length === 0 ? html`` : html`<ul class="${name}">${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

/** One table as a section of a page. */
export function tableSection({ title, cells: [head, ...rows] }: TextTable): Markup {
  const cell = (text: string, i: number) => (i === 0 ? html`<th scope="row">${text}</th>` : html`<td>${text}</td>`);
  return html`<section><h2>${title}</h2><div class="scroll"><table class="fine"><thead><tr>${head!.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div></section>
`;
}
