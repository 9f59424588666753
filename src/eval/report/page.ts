import { listed, many } from "../../core/words.ts";
import { html, type Markup } from "../../picture/html.ts";
import type { Fold, Metric, OperatingPoint, Results, Transfer } from "../results.ts";
import type { Level } from "../scores.ts";
import type { TextTable } from "../tables/document.ts";
import { tableSection } from "../tables/page.ts";
import { classCalibrationWords } from "./calibration.ts";
import type { Evaluated } from "./checklists/answers.ts";
import { checklistSections } from "./checklists/section.ts";
import { classSection } from "./classes.ts";
import { frocReading } from "./curves.ts";
import { lowestDrawn, type ReportPlots } from "./figures.ts";
import { figure, findMetric, fixed, lesionWord, levelsOf, metricNames, whatWasEvaluated, withInterval } from "./format.ts";
import { stackGroups } from "./groups.ts";
import { fewResamples, percent } from "./intervals.ts";
import { list, paragraphs, plots, reportLayout, type Section, table } from "./layout.ts";
import { banner, headline, intervalReading, limits, methods, reading } from "./words.ts";

/** A case of the gallery: picture and words. */
export interface GalleryItem {
  /** Why it is shown: its error. */
  readonly title: string;
  readonly caption: string;
  /** PNG bytes. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** All that the report shows. */
export interface ReportContent extends Evaluated {
  readonly plots: ReportPlots;
  readonly gallery: readonly GalleryItem[];
  /** Shown as they are, below the folds. */
  readonly tables: readonly TextTable[];
  /** All figures of the classes, below the cases. */
  readonly classTables: readonly TextTable[];
  /** Of the experiment, where one is known. */
  readonly name: string | undefined;
  /** Which of its sizes the config was taken at, where it has any. */
  readonly atSize: string | undefined;
  /** Text of the config. */
  readonly config: string;
}

/** The whole report: one HTML file that loads nothing, runs nothing, and is the same bytes for the same content. */
export function reportPage(content: ReportContent): string {
  const { results, name, atSize } = content;
  return reportLayout({
    kicker: "hemosynth evaluation",
    title: `${name === undefined ? "" : `${name}: `}${results.dataset}, ${whatWasEvaluated(results)}`,
    banner: banner(results, atSize),
    sections: [
      {
        title: "Summary",
        body: html`<p class="lead">${headline(content).join(" ")}</p>${summaryTable(content)}${list(results.notes, "notes")}`,
      },
      { title: "What the intervals say", body: list(intervalReading(results)) },
      ...classSection(results),
      ...folds(results),
      ...content.tables.map(tableSection),
      { title: "How to read it", body: list(reading(content)) },
      rankingSection(content),
      calibrationSection(content),
      ...classCalibrationSection(content),
      ...frocSection(content),
      stackSection(content),
      ...subgroupSection(content),
      { title: "Cases, worst first", body: gallery(content) },
      ...content.classTables.map(tableSection),
      { title: "Data", body: splitTable(results) },
      { title: "Methods, for a paper", body: paragraphs(methods(content)) },
      { title: "Limits", body: list(limits(results)) },
      ...checklistSections(content),
      { title: "All figures", body: metricTable(content) },
      { title: "Config", body: html`<pre>${content.config}</pre>` },
    ],
  });
}

/** Those of the plots that there are. */
const drawn = (all: ReportPlots, names: readonly string[]): string[] => names.flatMap((name) => all[name] ?? []);

function rankingSection({ results, plots: all }: ReportContent): Section {
  const where = results.folds
    ? "the thresholds of the folds, each for its own network, came to lie together; the curve takes the scores of all networks as of one scale, so the point may lie off it"
    : "the threshold of the validation split came to lie";
  const roc = plots(
    drawn(all, levelsOf(results).map((level) => `roc-${level}`)),
    `Shaded: pointwise interval of sensitivity at each false positive rate, from resampled subjects. Orange: the operating point, where ${where}. Dashed: chance.`,
    "three",
  ); // biome-ignore format: short
  const precision = plots(
    drawn(all, levelsOf(results).map((level) => `precision-recall-${level}`)),
    `Dashed: chance, which is the share of units with a ${lesionWord(results)} here. The steps enclose average precision.`,
    "three",
  ); // biome-ignore format: short
  return {
    title: "Ranking: ROC, precision and recall",
    body: html`${roc}${precision}${results.transfers ? transferTable(results, results.transfers) : results.folds ? null : operatingTable(results)}`,
  };
}

function calibrationSection({ task, plots: all }: ReportContent): Section {
  const trained =
    task === "masks" || task === "boxes"
      ? "The network is trained on voxels or boxes, not to give the probability of a whole slice: that its scores are no such probabilities is to be expected."
      : "Training with a balanced share of lesions shifts all probabilities; a threshold does not mind.";
  const caption = `Scores taken as logits of a probability. Dots: share with a lesion among units of about the same probability; bars: Wilson's intervals, which take units as independent. Dashed: perfect. Below, how many units there are of each. ${trained}`;
  return { title: "Calibration", body: plots(drawn(all, ["calibration"]), caption) };
}

/** How far probabilities of classes can be trusted; nothing where none are told apart. */
function classCalibrationSection({ plots: all }: ReportContent): Section[] {
  const svgs = Object.entries(all).flatMap(([name, svg]) => (name.startsWith("class-calibration-") ? [svg] : []));
  if (svgs.length === 0) return [];
  const caption = `${classCalibrationWords("units")} The calibration errors, with intervals that resample subjects, are among the figures of classes.`;
  return [{ title: "Calibration of the classes", body: plots(svgs, caption) }];
}

function frocSection({ task, plots: all, results }: ReportContent): Section[] {
  if (all.froc === undefined) return [];
  const what =
    task === "boxes"
      ? "A box is right where it overlaps a true one by half. One point a score; shaded: pointwise interval of sensitivity at each number of false ones, from resampled subjects."
      : `A ${lesionWord(results)} is found where the mask shares a voxel with it; patches that touch none are false. One dot for each of 19 thresholds of the probability, with its interval of sensitivity, from resampled subjects. ${frocReading}.`;
  return [
    {
      title: "Found against false ones",
      body: plots(
        [all.froc],
        `${what} The score is the mean, over 1/8, 1/4, 1/2, 1, 2, 4 and 8 false ones, of the highest sensitivity that stays within.`,
      ),
    },
  ];
}

function stackSection({ results, task, plots: all }: ReportContent): Section {
  const ofMasks = task === "masks";
  const scores = results.folds ? "Scores say how far they lie above the threshold of their fold, in logits" : "Scores are logits";
  const grades = stackGroups(results).includes("grade") ? ", by Papile grade of the worse side where it is graded" : "";
  const masks = `Dice of each stack with a ${lesionWord(results)}${grades}; volumes of the same stacks, with Bland and Altman's bias and limits, which take stacks as independent.`;
  return {
    title: ofMasks ? "Stacks: scores, Dice, volumes" : "Scores of stacks",
    body: plots(
      drawn(all, ["stack-scores", "stack-dice", "stack-volumes"]),
      `One dot a stack; bars are medians and quartiles. ${scores}; those below ${fixed(lowestDrawn, 0)}${ofMasks ? ", of stacks in which no brain was found," : ""} are drawn there. ${ofMasks ? masks : ""}`,
    ),
  };
}

function subgroupSection({ results, task, plots: all }: ReportContent): Section[] {
  const forests = drawn(all, ["subgroups-auroc", "subgroups-sensitivity", "subgroups-dice"]);
  if (forests.length === 0) return [];
  const caption = "In brackets: stacks that the figure is of. Orange and dashed: all stacks.";
  return [
    {
      title: `Subgroups: ${listed(stackGroups(results), "and")}`,
      body: html`${plots(forests, caption)}${subsetTable(results, task)}`,
    },
  ];
}

/** Figure and interval over two lines, with Wilson's and what is missing in small. */
function metricCell(metric: Metric | undefined): Markup {
  if (metric === undefined) return html`–`;
  const { estimate, low, high, reason, wilson, level } = metric;
  const interval = low === null || high === null ? null : html`<span class="interval">[${figure(low)}, ${figure(high)}]</span>`;
  const why = reason === null ? null : html`<span class="small">${estimate === null ? reason : `no interval: ${reason}`}</span>`;
  const counted = wilson?.low == null ? null : html`<span class="small">${wilson.hits}/${wilson.of}; Wilson ${percent(level)} ${figure(wilson.low)}–${figure(wilson.high)}</span>`; // biome-ignore format: one line
  return html`<b>${figure(estimate)}</b> ${interval}${why}${counted}`;
}

function summaryTable({ results, task }: ReportContent): Markup {
  const masks = task === "masks";
  const names = { slice: "Slice", stack: "Stack", subject: "Subject (examination)" };
  const row = (level: Level) => {
    const asked = ["auroc", "sensitivity", "specificity", ...(masks ? (["dice"] as const) : [])] as const;
    const cells = asked.map((m) => metricCell(findMetric(results, m, level)));
    const n = findMetric(results, "auroc", level)?.n ?? 0;
    const positives = findMetric(results, "sensitivity", level);
    return [
      names[level],
      html`${n}<span class="small">${countPositives(results, level) ?? positives?.n ?? 0} with ${lesionWord(results)}</span>`,
      ...cells,
    ];
  };
  const pooled = masks ? [["All voxels at once", "", "", "", "", metricCell(findMetric(results, "dice", "pooled"))]] : [];
  const head = ["Per", "n", "AUROC", "Sensitivity", "Specificity", ...(masks ? [`Dice on ${lesionWord(results)}s`] : [])];
  return html`${table("summary", head, [...levelsOf(results).map(row), ...pooled])}${boxTable(results)}`;
}

/** The figures of a detector, of lesions or of the regions that were cut out; nothing for every other network. */
function boxTable(results: Results): Markup {
  const names = { box: `Box around a ${lesionWord(results)} in a slice`, region: "Box of a region that was cut out" };
  const rows = (["box", "region"] as const).flatMap((per) => {
    const ofPer = results.metrics.filter((m) => m.per === per && m.metric === "map50");
    return ofPer.map((at50) => {
      const coco = at50.subset === "all" ? metricCell(findMetric(results, "map", per)) : "";
      return [at50.subset === "all" ? names[per] : at50.subset, at50.n, metricCell(at50), coco];
    });
  });
  return rows.length === 0 ? html`` : table("summary", ["Per", "n", metricNames.map50, metricNames.map], rows);
}

function countPositives(results: Results, level: Level): number | undefined {
  const own = results.splits.find((s) => s.split === results.split);
  return own && { slice: own.positiveSlices, stack: own.positiveStacks, subject: own.positiveExaminations }[level];
}

/** Each fold's own figures, and how far they differ; nothing where there are no folds. */
function folds(results: Results): Section[] {
  const { folds: all, spread } = results;
  if (all === undefined || spread === undefined) return [];
  const columns = ([["auroc", "stack", "AUROC"], ["sensitivity", "stack", "sensitivity"], ["specificity", "stack", "specificity"], ["dice", "slice", "Dice"]] as const)
    .filter(([metric, per]) => spread.some((one) => one.metric === metric && one.per === per && (metric !== "dice" || one.folds > 0))); // biome-ignore format: a list
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
  const head = [
    "Fold",
    "subjects tested",
    "stacks",
    "stack threshold (logit)",
    ...columns.map(([, per, name]) => `${per} ${name}`),
  ];
  const chosen = results.split === "test" ? "validation subjects out of its own training" : "the very subjects that it tests";
  const caption = `Each fold by itself, at thresholds chosen on ${chosen}. Mean ± SD say how far single folds differ. They are no interval and no error of the mean: folds share most of their training subjects. The interval of the result is in the summary, where all subjects are taken together and resampled. A dash: not defined in that fold.`;
  const rows = [...all.map(row), ["mean ± SD over folds", "", "", "", ...over]];
  return [{ title: "Folds", body: html`${table("plain", head, rows)}<p class="caption">${caption}</p>` }];
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
  return table("plain", head, levelsOf(results).map(row));
}

/** Every rule for a threshold: what it reached where it was chosen, and what is left of that. */
function transferTable({ split }: Results, transfers: readonly Transfer[]): Markup {
  const row = ({ rule, per, validation, sensitivity, specificity }: Transfer) => {
    const positives = validation && html`<span class="small">${validation.positives} of ${validation.units} positive</span>`;
    const there = [html`${figure(validation?.sensitivity ?? null)}${positives}`, figure(validation?.specificity ?? null)];
    return [`${rule}; ${per === "stack" ? "stacks" : "examinations"}`, ...there, metricCell(sensitivity), metricCell(specificity)];
  };
  const head = ["Threshold", "sensitivity, where chosen", "specificity, where chosen", `sensitivity, ${split}`, `specificity, ${split}`]; // biome-ignore format: a list
  const caption = "What a threshold reached where it was chosen flatters it; what was left of it on subjects that had no part in the choice is the figure. Of folds the counts of all, each at its own threshold; a subject may be among those of several folds that thresholds were chosen on.";
  return html`${table("summary", head, transfers.map(row))}<p class="caption">${caption}</p>`;
} // biome-ignore format: a table

function subsetTable(results: Results, task: ReportContent["task"]): Markup {
  const ofStacks = results.metrics.filter(({ per, subset }) => per === "stack" && subset !== "all");
  const subsets = [...new Set(ofStacks.map(({ subset }) => subset))];
  const rows = subsets.map((subset) => {
    const stack = (metric: Metric["metric"]) => metricCell(findMetric(results, metric, "stack", subset));
    return [
      subset,
      stack("auroc"),
      stack("sensitivity"),
      stack("specificity"),
      ...(task === "masks" ? [stack("dice"), metricCell(findMetric(results, "dice", "slice", subset))] : []),
    ];
  });
  const head = ["Stacks of", "AUROC", "Sensitivity", "Specificity", ...(task === "masks" ? ["Dice, stack", "Dice, slice"] : [])];
  return rows.length === 0 ? html`` : table("summary", head, rows);
}

function splitTable(results: Results): Markup {
  const slices = levelsOf(results).includes("slice");
  const head = ["Split", "subjects", "examinations", "stacks", ...(slices ? ["slices"] : []), "weeks"];
  const both = (all: number, positive: number) => html`${all}<span class="small">${positive} with ${lesionWord(results)}</span>`;
  const rows = results.splits.map((s) => [
    s.split,
    s.subjects,
    both(s.examinations, s.positiveExaminations),
    both(s.stacks, s.positiveStacks),
    ...(slices ? [both(s.slices, s.positiveSlices)] : []),
    s.youngest === null || s.oldest === null ? "–" : `${s.youngest.toFixed(1)}–${s.oldest.toFixed(1)}`,
  ]);
  return table("plain", head, rows);
}

function metricTable({ results, task }: ReportContent): Markup {
  const head = ["Figure", "per", "of", "value", "n", "subjects", "undefined resamples", "remark"];
  const possible = results.metrics.filter(({ metric }) => task === "masks" || !metric.startsWith("dice"));
  const rows = possible.map((m) => [
    metricNames[m.metric],
    m.per,
    m.subset,
    withInterval(m),
    m.n,
    m.nPatients,
    m.undefinedResamples,
    [...(m.reason === null ? [] : [m.reason]), ...fewResamples(m, results.options.bootstrap.resamples)].join("; "),
  ]);
  return table("fine", head, rows);
}

/** Whether there are heat maps. */
const pointed = (results: Results) => findMetric(results, "pointing", "slice") !== undefined;

function gallery({ gallery: items, results, task }: ReportContent): Markup {
  if (items.length === 0) return html`<p>No case to show.</p>`;
  const one = ({ title, caption, png, width, height }: GalleryItem) => html`<figure>
<img src="data:image/png;base64,${Buffer.from(png).toString("base64")}" width="${width}" height="${height}" alt="${title}: ${caption}">
<figcaption><b>${title}</b> ${caption}</figcaption></figure>`;
  const right = pointed(results)
    ? "one of each class that was called rightly, to compare with"
    : "nothing: a stack that was called rightly is not shown";
  const others = task === "masks" ? "the lowest Dice, and two to compare with" : right;
  const beside = (drawn: Markup) =>
    html`${others}. Left the image, right the same with ${drawn}${results.data?.modality === "US" ? "" : " Axial and coronal slices hang as a radiologist hangs them: patient left on image right; sagittal ones face left."} The slice shown is the one with the largest true area, or for a stack without a ${lesionWord(results)} the highest score; slices count from 0.`;
  const words = {
    masks: beside(html`the true outline in <span class="truth">blue</span> and the predicted in <span class="found">orange</span>. Where there is no orange, nothing reaches the mask threshold.`),
    boxes: beside(html`the true boxes in <span class="truth">blue</span> and the predicted in <span class="found">orange</span>. Where there is no orange, nothing reaches the slice threshold.`),
    slices: beside(html`the true outline in <span class="truth">blue</span>${pointed(results) ? " and the heat map from yellow to red, as a share of its highest in the picture; it ends where the square that the network sees of the picture ends" : ""}. The network draws no outline; where there is no blue, the picture does not show what is called for: a finding may lie outside this view.`),
    crops: html`${right}. The crops of the examination in the order in which the network sees them; one whose region was not found is black.`,
    bags: html`up to three stacks with a ${lesionWord(results)} that were called rightly, highest scores first. The four slices with the highest share in the score of the stack (attention), highest first: above each its number, from 0, and its share, below it the share as a bar in <span class="found">orange</span>; the true outline in <span class="truth">blue</span>, where a slice shows the lesion.`,
  }[task]; // biome-ignore format: a list
  return html`<p class="caption">Wrong calls first, those farthest from the threshold before all, then ${words}</p><div class="gallery">${items.map(one)}</div>`;
}
