import { many } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import { type AgreementLine, agreementSvg } from "../report/agreement.ts";
import { curvesSvg, frocAxes, frocCurve, frocReading } from "../report/curves.ts";
import { withInterval } from "../report/format.ts";
import { aboutIntervals, readDifference, readInterval } from "../report/intervals.ts";
import { plots, type Section } from "../report/layout.ts";
import { documentPage, intervalMethods } from "../tables/page.ts";
import { type DrawnFigure, differenceForest, subgroupForests } from "../tables/plots.ts";
import type { Unit } from "./figures.ts";
import { emptyWords, labelWords, maskFigureWords, masksDocument, matchWords } from "./format.ts";
import type { MeasuredLabel } from "./measure.ts";
import type { MaskFigure, MasksResults } from "./results.ts";

/** Figures that are read out, in order, and what they mean; the first that there is of several surface Dices. */
const meanings: readonly { readonly metric: RegExp; readonly per: Unit; readonly words: (name: string) => string; readonly none?: true }[] = [
  { metric: /^dice_positive$/, per: "patient", words: () => "Dice of cases with a lesion, mean over patients, the overlap of both masks," },
  { metric: /^surface_dice_/, per: "patient", words: (name) => `${name}, the share of both surfaces that lie so near to each other,` },
  { metric: /^hd95_mm$/, per: "patient", words: () => "HD95, the distance in mm that 95 % of the surfaces keep within," },
  { metric: /^volume_error_ml$/, per: "case", words: () => "The bias of the volume, predicted minus true in ml,", none: true },
  { metric: /^lesion_recall$/, per: "pooled", words: () => "Lesion sensitivity, the share of lesions that are found," },
  { metric: /^lesion_precision$/, per: "pooled", words: () => "Lesion precision, the share of predicted lesions that are right," },
  { metric: /^false_positives_per_case$/, per: "pooled", words: () => "The number of false lesions per case" },
]; // biome-ignore format: a list

/** Figures in [0, 1] that are drawn by subgroup and compared, and what they are a mean over. */
const drawn = [
  { metric: "dice_positive", per: "patient" },
  { metric: "iou", per: "patient" },
  { metric: "lesion_recall", per: "pooled" },
  { metric: "lesion_precision", per: "pooled" },
  { metric: "lesion_f1", per: "pooled" },
] as const satisfies readonly { metric: string; per: Unit }[];

/** Masks as one HTML page: what the figures mean, volumes, FROC, subgroups, differences, tables. @param labels - The cases that were measured. */
export function masksPage(results: MasksResults, labels: readonly MeasuredLabel[]): string {
  return documentPage(masksDocument(results), {
    reading: readingOf(results),
    pictures: [
      ...section("Volumes", labels.flatMap((label) => agreementOf(results, label)), "One dot a case, all cases counted; Bland and Altman's limits hold 95 % of the errors if those are normal and cases independent. Shaded: intervals, which resample patients."),
      ...section("Lesions found against false ones (FROC)", frocsOf(results), `One dot a threshold of the probability, with the interval of its sensitivity, from resampled patients. ${frocReading}, which the score takes.`),
      ...section("Subgroups", forestsOf(results), "In brackets: cases or lesions that the figure is of. Orange and dashed: all together."),
      ...section("Differences", differencesOf(results), "Both programs on the same cases, in the same resamples; right of the dashed line the first is higher."),
    ],
    methods: methodsOf(results),
  }); // biome-ignore format: sections
}

const section = (title: string, svgs: readonly string[], caption: string): Section[] =>
  svgs.length === 0 ? [] : [{ title, body: plots(svgs, caption) }];

/** Begins what is said of a label, where there are several. */
const ofLabel = ({ content }: MasksResults, label: number | null): string => (content.length > 1 ? `${labelWords(label)}: ` : "");

function readingOf(results: MasksResults): string[] {
  const { figures, content, options, comparisons, predictions } = results;
  const names = maskFigureWords(results);
  const read = content.flatMap(({ label }) =>
    meanings.flatMap(({ metric, per, words, none }) => {
      const one = figures.find((f) => f.label === label && f.per === per && f.subset === "all" && metric.test(f.metric));
      if (one === undefined) return [];
      const landmark = none === true ? { value: 0, words: "no bias", fewest: { count: one.clusters, of: "patients" } } : null;
      return [ofLabel(results, label) + readInterval(words(names[one.metric]!), one, options.level, landmark)];
    }),
  );
  const differences = comparisons.flatMap((other) => {
    const of = `${oneLine(predictions.where)} minus ${oneLine(other.predictions.where)}`;
    const shown = other.differences.filter(({ metric, per }) => (metric === "dice_positive" && per === "patient") || metric === "lesion_recall"); // biome-ignore format: one line
    return shown.map((one) => ofLabel(results, one.label) + readDifference(names[one.metric]!, of, one, options.level));
  });
  return [aboutIntervals(options.level, "patients"), ...read, ...differences];
}

function agreementOf(results: MasksResults, { label, predictions }: MeasuredLabel): string[] {
  const of = (metric: string): AgreementLine | null => {
    const one = results.figures.find((f) => f.label === label && f.per === "case" && f.subset === "all" && f.metric === metric);
    return one === undefined || one.estimate === null ? null : { estimate: one.estimate, low: one.low, high: one.high };
  };
  const bias = of("volume_error_ml");
  if (bias === null) return [];
  const pairs = predictions[0]!.map(({ facts }) => ({ reference: facts.referenceMl, predicted: facts.predictedMl }));
  const lines = { bias, low: of("volume_limit_low_ml"), high: of("volume_limit_high_ml") };
  return [agreementSvg(`${ofLabel(results, label)}volumes`, pairs, lines)];
}

function frocsOf(results: MasksResults): string[] {
  return results.content.flatMap(({ label }) => {
    const rows = results.froc.filter((row) => row.label === label);
    const known = rows.flatMap(({ falsePositivesPerCase: x, sensitivity: s }) =>
      x === null || s.estimate === null ? [] : [{ x, y: s.estimate, low: s.low, high: s.high }],
    );
    if (known.length === 0) return [];
    const banded = known.filter(({ low }) => low !== null);
    const most = Math.max(0.5, ...known.map(({ x }) => x));
    const dots = known.map(({ x, y }) => [x, y] as const);
    const edges = { low: banded.map(({ x, low }) => [x, low!] as const), high: banded.map(({ x, high }) => [x, high!] as const) };
    const curve = frocCurve(scoreWords(results, label), { dots, ...edges }, most);
    return [curvesSvg(`${ofLabel(results, label)}FROC`, frocAxes("case", most), [curve])];
  });
}

function scoreWords({ figures }: MasksResults, label: number | null): string {
  const one = figures.find((f) => f.label === label && f.metric === "froc_score" && f.subset === "all");
  return one === undefined ? "all lesions" : `FROC score ${withInterval(one)}`;
}

function forestsOf(results: MasksResults): string[] {
  const names = maskFigureWords(results);
  return results.content.flatMap(({ label }) =>
    drawn.flatMap(({ metric, per }) => {
      const own = results.figures.filter((f: MaskFigure) => f.label === label && f.per === per);
      const figure: DrawnFigure = { metric, name: ofLabel(results, label) + names[metric]!, range: [0, 1] };
      return subgroupForests(own, [figure]);
    }),
  );
}

function differencesOf(results: MasksResults): string[] {
  const names = maskFigureWords(results);
  const { content, comparisons, predictions } = results;
  return comparisons.flatMap((other) =>
    content.flatMap(({ label }) => {
      const rows = drawn.flatMap(({ metric, per }) => {
        const one = other.differences.find((d) => d.label === label && d.per === per && d.metric === metric);
        return one === undefined ? [] : [{ name: names[metric]!, ...one }];
      });
      return differenceForest(`${ofLabel(results, label)}${predictions.where} minus ${other.predictions.where}`, rows);
    }),
  );
}

/** The evaluation as a paper's methods tell it. */
function methodsOf(results: MasksResults): string[] {
  const { cases, patients, patientsBy, slices, options, comparisons, method, hemosynth, froc } = results;
  const whose = { table: "as the table of cases says", sub: "by the sub- part of their paths", none: "each case taken as a patient of its own" }[patientsBy]; // biome-ignore format: one line
  const cut = options.threshold === null ? "The predictions were masks already, so no threshold was chosen here." : `Voxels of the probability maps from ${options.threshold} on are lesion; the threshold was given.`; // biome-ignore format: one line
  const distances = options.penalty === null ? "Distances exist where both masks hold something" : `Where one mask is empty, ${options.penalty} mm stand for the distances`; // biome-ignore format: one line
  const curve = froc.length === 0 ? "" : " FROC curves match anew at each of 19 thresholds.";
  const tests = comparisons.length === 0 ? "" : ` Programs were compared on the same cases: paired differences with intervals from the same resamples${options.permutations === 0 ? "" : " and permutation tests that exchange the predictions of whole patients"}${comparisons.length > 1 ? ", p values adjusted by Holm for each figure" : ""}.`; // biome-ignore format: one line
  return [
    `Masks of ${many(cases, slices ? "lone slice" : "volume")} of ${many(patients, "patient")} (${whose}) were compared with their references by hemosynth ${hemosynth}. ${cut} Empty masks: ${emptyWords[options.empty]}. ${distances}. Lesions are patches of neighbouring voxels (${options.connectivity} neighbours), found where the prediction matches by ${matchWords(options)}.${curve} ${intervalMethods(method, "cases")}${tests}`,
    "Whether these are lesions of patients, of phantoms or painted ones is known to whoever made the files: say so beside every figure.",
  ];
}
