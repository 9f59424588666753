import { many } from "../../core/words.ts";
import { html, htmlPage, type Markup, trusted } from "../../picture/html.ts";
import { style } from "../../picture/style.ts";
import { figure, fixed, metricNames } from "../report/format.ts";
import { percent } from "../report/intervals.ts";
import { pValue, range } from "../tables/figures.ts";
import { curvePlot, curvesOf } from "./curves.ts";
import { type EffectGroup, effectPlot, mostGroups, rangeOf } from "./effects.ts";
import { factorAxis, figureAxis, parallelPlot } from "./parallel.ts";
import { type ComparedFigure, comparedFigures, type SettingFigure, type SweepResults, type SweptPoint } from "./results.ts";
import { valueText } from "./table.ts";

/** Sorts the rows of a table by the column whose head is pressed: numbers as numbers, rows without a value last. */
const script = `
for (const head of document.querySelectorAll("table.sortable th[scope=col]")) {
  head.tabIndex = 0;
  const sort = () => {
    const body = head.closest("table").tBodies[0];
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.children[head.cellIndex].dataset.sort ?? "";
    const compare = (a, b) => {
      if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
      const n = Number(a) - Number(b);
      return (down ? -1 : 1) * (Number.isNaN(n) ? a.localeCompare(b, "en", { numeric: true }) : n);
    };
    body.append(...[...body.rows].sort((a, b) => compare(key(a), key(b))));
  };
  head.addEventListener("click", sort);
  head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
}
`;

const ownStyle = `
table.sortable thead th { cursor: pointer; }
table.sortable th[aria-sort=ascending]::after { content: " \\2191"; }
table.sortable th[aria-sort=descending]::after { content: " \\2193"; }
body { max-width: 76rem; }
h2, p, li { overflow-wrap: anywhere; }
.parallel svg { max-width: none; }
`;

/** Figures that at least one run has. */
export function knownFigures({ settings }: Pick<SweepResults, "settings">): ComparedFigure[] {
  const isKnown = ({ metric, per }: ComparedFigure) =>
    settings.some(({ figures }) => figures.some((one) => one.metric === metric && one.per === per));
  return comparedFigures.filter(isKnown);
}

export const figureName = ({ metric, per }: ComparedFigure): string =>
  metric === "dice" ? `${per} Dice` : `${per} ${metricNames[metric]}`;

/** `sweep.html`: one file that loads nothing; without scripts all is there but sorting. */
export function sweepPage(results: SweepResults): string {
  const { name, points, settings, notes } = results;
  const done = points.filter(({ state }) => state === "done").length;
  const known = knownFigures(results);
  const body = html`<header>
<p class="kicker">hemosynth sweep</p>
<h1>${name}: ${many(points.length, "run")} of ${many(new Set(points.map(({ setting }) => setting)).size, "setting")}</h1>
<p class="banner">${done} of ${points.length} done. Scores of pseudo-lesions and phantoms compare settings; they are not clinical performance. Whoever takes the best of many settings by their test figures has chosen on the test split: that figure is optimistic.</p>
</header>
<main>
${notes.length === 0 ? null : html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${best(results)}
<section><h2>Runs</h2>${runTable(results, known)}<p class="caption">Press a head to sort. Brackets: intervals of each run by resampling patients.</p></section>
${settings.length < 2 ? null : html`<section><h2>Settings</h2>${settingTable(results, known)}<p class="caption">Mean over seeds. Brackets and case SD: patients drawn anew, networks as they are. Seed SD: how far single seeds lie apart, patients as they are. The one does not hold the other.</p>${spreads(settings, "Setting")}</section>`}
${comparisons(results)}
${curves(results, known)}
${parallel(results, known)}
<section><h2>Main effects</h2>${effects(results, known)}<p class="caption">One dot a run; the bar is the mean of all runs with that value, whatever else varied.</p></section>
</main>`;
  return htmlPage(`${name}: sweep`, style + ownStyle, body, script);
}

interface Cell {
  readonly shown: string | Markup;
  /** What is sorted by; empty: last. */
  readonly sort: string;
}

const text = (shown: string): Cell => ({ shown, sort: shown });

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): Markup {
  const cell = ({ shown, sort }: Cell, i: number) =>
    i === 0 ? html`<th scope="row" data-sort="${sort}">${shown}</th>` : html`<td data-sort="${sort}">${shown}</td>`;
  return html`<div class="scroll"><table class="fine sortable"><thead><tr>${head.map((h) => html`<th scope="col">${h}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`;
}

function figureCell(estimate: number | null, low: number | null, high: number | null, small: string | null = null): Cell {
  const interval = low === null ? null : html` <span class="interval">${range({ low, high })}</span>`;
  const more = small === null ? null : html`<span class="small">${small}</span>`;
  return { shown: html`${figure(estimate)}${interval}${more}`, sort: estimate === null ? "" : String(estimate) };
}

const metricOf = ({ metrics }: SweptPoint, { metric, per }: ComparedFigure) =>
  metrics.find((one) => one.metric === metric && one.per === per);

function runTable({ points, factors }: SweepResults, known: readonly ComparedFigure[]): Markup {
  const rows = points.map((point) => [
    text(point.name),
    text(point.state),
    ...factors.map(({ path }) => text(valueText(point.values[path]))),
    ...known.map((one) => {
      const found = metricOf(point, one);
      return figureCell(found?.estimate ?? null, found?.low ?? null, found?.high ?? null);
    }),
    text(point.failure?.message.split("\n")[0] ?? (point.optimistic ? "optimistic" : "")),
  ]);
  return table(["Run", "state", ...factors.map(({ label }) => label), ...known.map(figureName), "remark"], rows);
}

function settingTable({ settings }: SweepResults, known: readonly ComparedFigure[]): Markup {
  const rows = settings.map(({ setting, figures }) => [
    text(setting),
    ...known.map(({ metric, per }) => {
      const found = figures.find((one) => one.metric === metric && one.per === per);
      if (found === undefined) return { shown: "–", sort: "" };
      const seeds = found.seedSd === null ? many(found.seeds, "seed") : `seed SD ${fixed(found.seedSd, 3)} of ${found.seeds}`;
      return figureCell(found.mean, found.low, found.high, `case SD ${fixed(found.caseSd, 3)}; ${seeds}`);
    }),
  ]);
  return table(["Setting", ...known.map(figureName)], rows);
}

function comparisons({ comparisons: all, baseline, level }: SweepResults): Markup | null {
  if (baseline === null || all.length === 0) return null;
  const head = ["Setting", "figure", "difference", "case SD", "seed SD", "p", "p, Holm", "interval at Holm's level", "remark"];
  const number = (value: number | null, shown: string): Cell => ({ shown, sort: value === null ? "" : String(value) });
  const rows = all.map((one) => [
    text(one.setting),
    text(figureName(one as ComparedFigure)),
    figureCell(one.difference, one.low, one.high, many(one.seeds, "seed")),
    number(one.caseSd, fixed(one.caseSd, 3)),
    number(one.seedSd, fixed(one.seedSd, 3)),
    number(one.p, pValue(one.p)),
    number(one.pHolm, pValue(one.pHolm)),
    number(
      one.lowHolm,
      one.levelHolm === null ? "–" : `${range({ low: one.lowHolm, high: one.highHolm })} at ${fixed(100 * one.levelHolm, 2)} %`,
    ),
    text(one.reason ?? ""),
  ]);
  return html`<section><h2>Against ${baseline}</h2>${table(head, rows)}<p class="caption">Setting less baseline, seed by seed, over the same patients in the same resamples; brackets at ${percent(level)}. Adjusted by Holm over the settings, each figure a family. The interval at Holm's level leaves out 0 where its own step calls a difference. Intervals and p take the trained networks as they are: compare with the seed SD before believing that a setting, and not its seeds, made the difference.</p>${spreads(all, "Less the baseline")}</section>`;
}

/** A figure of a setting or of a difference, with what makes it vary. */
type Spread = Pick<SettingFigure, "metric" | "per" | "components">;

/** What makes figures vary, seeds and patients apart; null where no setting has several seeds. */
function spreads(
  all: readonly ({ readonly setting: string } & (Spread | { readonly figures: readonly Spread[] }))[],
  head: string,
): Markup | null {
  const rows = all.flatMap((one) =>
    ("figures" in one ? one.figures : [one]).flatMap(({ components, ...figureOf }) => {
      if (components === null) return [];
      const { seed, patients, both, all: sum } = components;
      const numbers = [seed, patients, both, sum].map((sd) => ({ shown: fixed(sd, 3), sort: String(sd) }));
      return [[text(one.setting), text(figureName(figureOf as ComparedFigure)), ...numbers]];
    }),
  );
  if (rows.length === 0) return null;
  const heads = [
    head,
    "figure",
    "SD of seeds",
    "SD of patients",
    "SD of both together",
    "SD of one more training, other patients",
  ];
  return html`${table(heads, rows)}<p class="caption">What makes the figure of one training vary: figure = mean + seed + patients + both, independent, from the same resamples (Obuchowski and Rockette's components, seeds for readers). Another seed alone moves it by the first; as many other patients by the second, alike for all seeds; the third is of one seed with these patients. Two or three seeds tell the first but roughly.</p>`;
}

/** The best by the validation split; null where none is named. */
function best({ best: found, points, testOn }: SweepResults): Markup | null {
  if (found === null) return null;
  const { run, setting, metric, per } = found;
  const name = figureName(found as ComparedFigure);
  const tested = metricOf(points.find((point) => point.name === run.name)!, { metric, per } as ComparedFigure);
  const shown =
    tested === undefined ? "not defined" : `${figure(tested.estimate)}${tested.low === null ? "" : ` ${range(tested)}`}`;
  return html`<section><h2>Best by validation</h2><p>By ${name} on the ${testOn === null ? "" : "common "}validation stacks the best setting is <b>${setting.name}</b>: ${figure(setting.validation)}, ${setting.seeds < 2 ? "one seed" : `mean of ${setting.seeds} seeds`}. The best single run is <b>${run.name}</b>: ${figure(run.validation)} there, and ${shown} on the cases that are evaluated, which had no part in the choice.</p></section>`;
}

/** What becomes of each figure as a number grows, such as the share of labels; null where no number varies. */
function curves(results: SweepResults, known: readonly ComparedFigure[]): Markup | null {
  const rows = known.flatMap((one) => {
    const all = curvesOf(results, (point) => metricOf(point, one)?.estimate ?? null, valueText);
    const range = rangeOf(all.flatMap((found) => found.curves.flatMap(({ points }) => points.map(([, y]) => y))));
    return all.length === 0
      ? []
      : [html`<div class="plots">${all.map((found) => trusted(curvePlot(found, figureName(one), range)))}</div>`];
  });
  if (rows.length === 0) return null;
  return html`<section><h2>By numbers</h2>${rows}<p class="caption">A line for each setting of all else; a dot is the mean over seeds.</p></section>`;
}

/** Most runs that are drawn as lines. */
const mostLines = 400;

function parallel({ points, factors }: SweepResults, known: readonly ComparedFigure[]): Markup | null {
  const done = points.filter(({ state }) => state === "done");
  if (done.length < 2 || done.length > mostLines || factors.length === 0 || known.length === 0) return null;
  const figures = known.slice(0, 3).toReversed(); // the leading one last
  const axes = [
    ...factors.map(({ path, label }) => factorAxis(label, done.map(({ values }) => values[path]), valueText)), // biome-ignore format: short
    ...figures.map((one) => {
      const values = done.map((point) => metricOf(point, one)?.estimate ?? null);
      const numbers = values.filter((value) => value !== null);
      return figureAxis(figureName(one), values, numbers.length === 0 ? [0, 1] : rangeOf(numbers));
    }),
  ];
  const plot = parallelPlot("Runs", done.map(({ name }) => name), axes); // biome-ignore format: short
  return html`<section><h2>Parallel coordinates</h2><div class="scroll parallel">${trusted(plot)}</div><p class="caption">A line a run; orange: the best quarter by ${figureName(known[0]!)}. Rest the pointer on one for its name.</p></section>`;
}

function effects({ points, factors }: SweepResults, known: readonly ComparedFigure[]): Markup {
  const rows = known.flatMap((one) => {
    const measured = points.flatMap((point) => {
      const estimate = metricOf(point, one)?.estimate ?? null;
      return estimate === null ? [] : [{ values: point.values, estimate }];
    });
    if (measured.length === 0) return [];
    const axis = rangeOf(measured.map(({ estimate }) => estimate));
    const plots = factors.flatMap(({ path, label }) => {
      const groups = new Map<string, number[]>();
      for (const { values, estimate } of measured) {
        const value = valueText(values[path]);
        groups.set(value, [...(groups.get(value) ?? []), estimate]);
      }
      const all: EffectGroup[] = [...groups].map(([value, figures]) => ({ value, figures }));
      return all.length > mostGroups ? [] : [trusted(effectPlot(label, figureName(one), all, axis))];
    });
    return [html`<div class="plots">${plots}</div>`];
  });
  return html`${rows}`;
}
