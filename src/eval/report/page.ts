import { many } from "../../core/words.ts";
import { html, htmlPage, type Markup, trusted } from "../../picture/html.ts";
import { style } from "../../picture/style.ts";
import type { Fold, Metric, OperatingPoint, Results } from "../results.ts";
import { type Level, levels } from "../scores.ts";
import type { TextTable } from "../tables/document.ts";
import { tableSection } from "../tables/page.ts";
import { lowestDrawn, type ReportPlots } from "./figures.ts";
import { figure, findMetric, fixed, lesionWord, metricNames, whatWasEvaluated, withInterval } from "./format.ts";
import { banner, headline, limits, methods, reading } from "./words.ts";

/** A case of the gallery: picture and words. */
export interface GalleryItem {
  /** Why it is shown: "best", "median", … */
  readonly title: string;
  readonly caption: string;
  /** PNG bytes. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** All that the report shows. */
export interface ReportContent {
  readonly results: Results;
  readonly plots: ReportPlots;
  readonly gallery: readonly GalleryItem[];
  /** Shown as they are, below the folds. */
  readonly tables: readonly TextTable[];
  /** Text of the config. */
  readonly config: string;
}

/** The whole report: one HTML file that loads nothing, runs nothing, and is the same bytes for the same content. */
export function reportPage(content: ReportContent): string {
  const { results, plots } = content;
  const body = html`<header>
<p class="kicker">hemosynth evaluation</p>
<h1>${results.dataset}, ${whatWasEvaluated(results)}</h1>
<p class="banner">${banner(results)}</p>
</header>
<main>
<section><h2>Summary</h2><p class="lead">${headline(results).join(" ")}</p>${summaryTable(results)}${list(results.notes, "notes")}</section>
${folds(results)}
${content.tables.map(tableSection)}
<section><h2>How to read it</h2>${list(reading(results))}</section>
<section><h2>Ranking: ROC curves</h2><div class="plots three">${levels.map((level) => trusted(plots.roc[level]))}</div>
<p class="caption">Shaded: pointwise interval of sensitivity at each false positive rate, from resampled subjects. Orange: the operating point, where ${results.folds ? "the thresholds of the folds, each for its own network, came to lie together; the curve takes the scores of all networks as of one scale, so the point may lie off it" : "the threshold of the validation split came to lie"}. Dashed: chance.</p>
${results.folds ? html`` : operatingTable(results)}</section>
<section><h2>Stacks: scores, and Dice by grade</h2><div class="plots">${trusted(plots.scores)}${trusted(plots.dice)}</div>
<p class="caption">One dot a stack; bars are medians and quartiles. Left: ${results.folds ? "how far scores lie above the threshold of their fold" : "scores"} on the logit scale; those below ${fixed(lowestDrawn, 0)}, of stacks in which no brain was found, are drawn there. Right: Dice of each stack with a ${lesionWord(results)}, by Papile grade of the worse side.</p>
${subsetTable(results)}</section>
<section><h2>Cases</h2>${gallery(content)}</section>
<section><h2>Data</h2>${splitTable(results)}</section>
<section><h2>Methods</h2>${methods(results).map((text) => html`<p>${text}</p>`)}</section>
<section><h2>Limits</h2>${list(limits(results))}</section>
<section><h2>All figures</h2>${metricTable(results)}</section>
<section class="config"><h2>Config</h2><pre>${content.config}</pre></section>
</main>`;
  return htmlPage(`${results.dataset}: ${whatWasEvaluated(results)}`, style, body);
}

function list(items: readonly string[], name = ""): Markup {
  return items.length === 0 ? html`` : html`<ul class="${name}">${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

/** A table whose first column names the row. Cells are text or markup. */
function table(name: string, head: readonly string[], rows: readonly (readonly (string | number | Markup)[])[]): Markup {
  const cell = (value: string | number | Markup, i: number) =>
    i === 0 ? html`<th scope="row">${value}</th>` : html`<td>${value}</td>`;
  return html`<div class="scroll"><table class="${name}"><thead><tr>${head.map((h) => html`<th scope="col">${h}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`;
}

/** Figure and interval over two lines, with Wilson's and what is missing in small. */
function metricCell(metric: Metric | undefined): Markup {
  if (metric === undefined) return html`–`;
  const { estimate, low, high, reason, wilson, level } = metric;
  const interval = low === null || high === null ? null : html`<span class="interval">[${figure(low)}, ${figure(high)}]</span>`;
  const why = reason === null ? null : html`<span class="small">${estimate === null ? reason : `no interval: ${reason}`}</span>`;
  const counted = wilson?.low == null ? null : html`<span class="small">${wilson.hits}/${wilson.of}; Wilson ${Math.round(100 * level)} % ${figure(wilson.low)}–${figure(wilson.high)}</span>`; // biome-ignore format: one line
  return html`<b>${figure(estimate)}</b> ${interval}${why}${counted}`;
}

function summaryTable(results: Results): Markup {
  const names = { slice: "Slice", stack: "Stack", subject: "Subject (examination)" };
  const row = (level: Level) => {
    const cells = (["auroc", "sensitivity", "specificity", "dice"] as const).map((m) =>
      metricCell(findMetric(results, m, level)),
    );
    const n = findMetric(results, "auroc", level)?.n ?? 0;
    const positives = findMetric(results, "sensitivity", level);
    return [
      names[level],
      html`${n}<span class="small">${countPositives(results, level) ?? positives?.n ?? 0} with ${lesionWord(results)}</span>`,
      ...cells,
    ];
  };
  const pooled = findMetric(results, "dice", "pooled");
  const rows = [...levels.map(row), ["All voxels at once", "", "", "", "", metricCell(pooled)]];
  return html`${table("summary", ["Per", "n", "AUROC", "Sensitivity", "Specificity", `Dice on ${lesionWord(results)}s`], rows)}${boxTable(results)}`;
}

/** The figures of a detector; nothing for every other network. */
function boxTable(results: Results): Markup {
  const [at50, coco] = [findMetric(results, "map50", "box"), findMetric(results, "map", "box")];
  if (at50 === undefined) return html``;
  const row = [`Box around a ${lesionWord(results)} in a slice`, at50.n, metricCell(at50), metricCell(coco)];
  return table("summary", ["Per", "n", metricNames.map50, metricNames.map], [row]);
}

function countPositives(results: Results, level: Level): number | undefined {
  const own = results.splits.find((s) => s.split === results.split);
  return own && { slice: own.positiveSlices, stack: own.positiveStacks, subject: own.positiveExaminations }[level];
}

/** Each fold's own figures, and how far they differ; nothing where there are no folds. */
function folds(results: Results): Markup {
  const { folds: all, spread } = results;
  if (all === undefined || spread === undefined) return html``;
  const columns = [["auroc", "stack"], ["sensitivity", "stack"], ["specificity", "stack"], ["dice", "slice"]] as const; // biome-ignore format: a list
  const row = ({ fold, subjects, counts, operatingPoints, figures }: Fold) => {
    const own = columns.map(([metric, per]) => figures.find((one) => one.metric === metric && one.per === per)?.estimate ?? null);
    const tested = html`${subjects.length}<span class="small">${subjects.slice(0, 4).join(", ")}${subjects.length > 4 ? ", …" : ""}</span>`;
    const stacks = html`${counts.stacks}<span class="small">${counts.positiveStacks} with ${lesionWord(results)}</span>`;
    return [fold, tested, stacks, fixed(operatingPoints.stack.threshold, 2), ...own.map(figure)];
  };
  const over = columns.map(([metric, per]) => {
    const found = spread.find((one) => one.metric === metric && one.per === per)!;
    return html`${figure(found.mean)} ± ${figure(found.sd)}<span class="small">${many(found.folds, "fold")}</span>`;
  });
  const head = ["Fold", "subjects tested", "stacks", "stack threshold (logit)", "stack AUROC", "stack sensitivity", "stack specificity", "slice Dice"]; // biome-ignore format: a list
  return html`<section><h2>Folds</h2>${table("plain", head, [...all.map(row), ["mean ± SD over folds", "", "", "", ...over]])}
<p class="caption">Each fold by itself, at thresholds chosen on ${results.split === "test" ? "validation subjects out of its own training" : "the very subjects that it tests"}. Mean ± SD say how far single folds differ. They are no interval and no error of the mean: folds share most of their training subjects. The interval of the result is in the summary, where all subjects are taken together and resampled. A dash: not defined in that fold.</p></section>`;
}

function operatingTable(results: Results): Markup {
  const row = (level: Level) => {
    const { threshold, validation }: OperatingPoint = results.operatingPoints[level];
    const now = (metric: "sensitivity" | "specificity") => figure(findMetric(results, metric, level)?.estimate ?? null);
    const then = validation === null ? ["–", "–"] : [figure(validation.sensitivity), figure(validation.specificity)];
    return [level, fixed(threshold, 2), ...then, now("sensitivity"), now("specificity")];
  };
  const head = [
    "Operating point",
    "threshold (logit)",
    "sensitivity, val",
    "specificity, val",
    `sensitivity, ${results.split}`,
    `specificity, ${results.split}`,
  ];
  return table("plain", head, levels.map(row));
}

function subsetTable(results: Results): Markup {
  const subsets = [...new Set(results.metrics.map((m) => m.subset))].filter((s) => s !== "all");
  const rows = subsets.map((subset) => {
    const stack = (metric: Metric["metric"]) => metricCell(findMetric(results, metric, "stack", subset));
    return [
      subset,
      stack("auroc"),
      stack("sensitivity"),
      stack("specificity"),
      stack("dice"),
      metricCell(findMetric(results, "dice", "slice", subset)),
    ];
  });
  const head = ["Stacks of", "AUROC", "Sensitivity", "Specificity", "Dice, stack", "Dice, slice"];
  return rows.length === 0 ? html`` : table("summary", head, rows);
}

function splitTable(results: Results): Markup {
  const head = ["Split", "subjects", "examinations", "stacks", "slices", "weeks"];
  const rows = results.splits.map((s) => {
    const weeks = s.youngest === null || s.oldest === null ? "–" : `${s.youngest.toFixed(1)}–${s.oldest.toFixed(1)}`;
    const both = (all: number, positive: number) =>
      html`${all}<span class="small">${positive} with ${lesionWord(results)}</span>`;
    return [
      s.split,
      s.subjects,
      both(s.examinations, s.positiveExaminations),
      both(s.stacks, s.positiveStacks),
      both(s.slices, s.positiveSlices),
      weeks,
    ];
  });
  return table("plain", head, rows);
}

function metricTable(results: Results): Markup {
  const head = ["Figure", "per", "of", "value", "n", "subjects", "undefined resamples", "remark"];
  const rows = results.metrics.map((m) => [
    metricNames[m.metric],
    m.per,
    m.subset,
    withInterval(m),
    m.n,
    m.nPatients,
    m.undefinedResamples,
    m.reason ?? "",
  ]);
  return table("fine", head, rows);
}

function gallery({ gallery: items, results }: ReportContent): Markup {
  if (items.length === 0) return html`<p>No case to show.</p>`;
  const one = ({ title, caption, png, width, height }: GalleryItem) => html`<figure>
<img src="data:image/png;base64,${Buffer.from(png).toString("base64")}" width="${width}" height="${height}" alt="${title}: ${caption}">
<figcaption><b>${title}</b> ${caption}</figcaption></figure>`;
  const [outline, least] =
    findMetric(results, "map50", "box") === undefined ? ["outline", "mask threshold"] : ["boxes", "slice threshold"];
  return html`<p class="caption">Left the image, right the same with the true ${outline} in <span class="truth">blue</span> and the predicted in <span class="found">orange</span>. Where there is no orange, nothing reaches the ${least}. Axial and coronal slices hang as a radiologist hangs them: patient left on image right; sagittal ones face left. The slice shown is the one with the largest true area, or for a healthy stack the highest score; slices count from 0.</p><div class="gallery">${items.map(one)}</div>`;
}
