import { colourVariables, darkPlots } from "./palette.ts";

/** The style sheet of all pages: one column, quiet, light or dark as the reader's screen is, fit for a phone and for paper. */
export const style = `
:root { color-scheme: light dark; ${colourVariables(0)} }
@media screen and (prefers-color-scheme: dark) {
  :root { ${colourVariables(1)} }
  ${darkPlots}
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.2rem 1.4rem 4rem; max-width: 58rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0 0 1rem; font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 2.6rem 0 0.8rem; padding-top: 0.9rem; border-top: 1px solid var(--line); font-size: 1.2rem; }
p { margin: 0.6rem 0; max-width: 46rem; }
.kicker { margin: 0; color: var(--soft); font-size: 0.82rem; letter-spacing: 0.08em; text-transform: uppercase; }
.banner { max-width: none; margin: 0; padding: 0.7rem 1rem; border-left: 4px solid var(--orange); background: var(--warm); }
.lead { font-size: 1.06rem; }
.caption, figcaption { color: var(--soft); font-size: 0.88rem; max-width: none; }
ul { margin: 0.6rem 0; padding-left: 1.2rem; max-width: 46rem; }
li { margin: 0.35rem 0; }
ul.notes { padding: 0.5rem 1rem 0.5rem 2rem; background: var(--tint); max-width: none; font-size: 0.92rem; }
.scroll { overflow-x: auto; }
table { width: 100%; margin: 0.9rem 0; border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.45rem 0.7rem 0.45rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; font-size: 0.84rem; border-bottom: 1.5px solid var(--ink); vertical-align: bottom; }
tbody th { font-weight: 600; }
.interval { display: block; white-space: nowrap; }
.small { display: block; color: var(--soft); font-size: 0.78rem; font-weight: 400; }
table.fine { font-size: 0.76rem; line-height: 1.3; }
table.fine th, table.fine td { padding: 0.22rem 0.6rem 0.22rem 0; }
table.fine tbody th { font-weight: 400; }
table.fine td:nth-child(4) { white-space: nowrap; }
.plots { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0.6rem 1rem; }
.plots svg { max-width: 100%; height: auto; flex: none; }
.three svg { flex: 1 1 14rem; max-width: 24rem; }
.gallery { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1.2rem; }
figure { margin: 0; }
figure img { display: block; width: 100%; height: auto; background: #000; }
figcaption { margin-top: 0.35rem; overflow-wrap: anywhere; }
figcaption b { color: var(--ink); }
.truth { color: var(--blue); font-weight: 600; }
.found { color: var(--orange); font-weight: 600; }
pre { padding: 0.8rem 1rem; background: var(--tint); font: 0.78rem/1.45 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
table.checklist td:last-child { min-width: 14rem; }
.yours { color: var(--soft); font-style: italic; }
@media (max-width: 30rem) {
  body { padding: 1.2rem 0.9rem 3rem; }
  h1 { font-size: 1.5rem; }
  .gallery { grid-template-columns: 1fr; }
}
@media print {
  @page { margin: 16mm; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h2 { break-after: avoid; margin-top: 1.4rem; }
  figure, tr, .plots, .banner, .summary, .plain { break-inside: avoid; }
  .three { flex-wrap: nowrap; }
  .three svg { flex: 1 1 0; width: 0; }
  .gallery { grid-template-columns: 1fr 1fr; }
  .scroll { overflow: visible; }
  th, td, table.fine td:nth-child(4) { overflow-wrap: anywhere; white-space: normal; }
  .banner, ul.notes, pre, figure img { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
