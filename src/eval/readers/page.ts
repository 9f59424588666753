import { oneLine } from "../../data/faults.ts";
import { rankScores } from "../metrics/auroc.ts";
import { confusionAt, sensitivity, specificity } from "../metrics/confusion.ts";
import { rocCurve } from "../metrics/roc.ts";
import { type ForestRow, forestSvg } from "../report/forest.ts";
import { fixed } from "../report/format.ts";
import { plots, type Section } from "../report/layout.ts";
import { pValue } from "../tables/figures.ts";
import { documentPage } from "../tables/page.ts";
import { analysisWords, readerDocument, readerFigureWords, versus } from "./format.ts";
import { type ArmRoc, readerRocSvg } from "./plots.ts";
import type { ReaderFigure, ReaderResults } from "./results.ts";
import type { Study } from "./rows.ts";

/** The study as one HTML page: what it means, ROC curves of each reader, differences, tables. */
export function readerPage(results: ReaderResults, study: Study): string {
  const pictures = [...rocSection(study), ...forestSection(results)];
  const reading = results.figures.flatMap((figure) => readingOf(figure, results));
  return documentPage(readerDocument(results), { reading, pictures, methods: [] });
}

/** What the comparison with the reference says of readers and cases in general, in a sentence; where there is one arm, nothing. */
function readingOf(figure: ReaderFigure, { arms, options }: ReaderResults): string[] {
  const general = figure.analyses.find(({ name }) => name === "randomReadersRandomCases")!;
  return general.differences
    .filter(({ minus }) => minus === arms[0])
    .map((one) => {
      const what = `${readerFigureWords[figure.metric]}, ${versus(figure, one)}: ${fixed(one.estimate, 3)}`;
      if (one.low === null || one.high === null)
        return `${what}. For readers and cases in general nothing can be said: ${one.reason}.`;
      const none = figure.scale === "log" ? 1 : 0;
      const shown = one.low > none || one.high < none ? `excludes ${none}` : `includes ${none}: no difference is shown`;
      const interval = `${Math.round(1000 * options.level) / 10} % interval [${fixed(one.low, 3)}, ${fixed(one.high, 3)}]`;
      return `${what}. For readers and cases in general the ${interval} ${shown} (p ${pValue(one.p)}).`;
    });
}

function rocSection({ arms, readers, cases, cells }: Study): Section[] {
  const labels = Uint8Array.from(cases, ({ label }) => label);
  const armOf = (i: number, j: number): ArmRoc => {
    const { rating, call } = cells[i * readers.length + j]!;
    const called = call === null ? null : confusionAt({ scores: call, labels }, 0.5);
    return {
      name: oneLine(arms[i]!),
      curve: rating === null ? [] : rocCurve(rankScores(cases.map(({ label }, k) => ({ label, score: rating[k]! })))),
      at: called === null ? null : { falsePositiveRate: 1 - specificity(called), sensitivity: sensitivity(called) },
    };
  };
  const { rating, call } = cells[0]!;
  if (rating === null && call === null) return [];
  const roc = (reader: string, j: number) =>
    readerRocSvg(
      oneLine(reader),
      arms.map((_, i) => armOf(i, j)),
    );
  const title = `${rating === null ? "Operating points" : "ROC curves"} of each reader`;
  const caption = `${rating === null ? "" : "Lines: all thresholds on the ratings. "}${call === null ? "" : "Dots: the reader's calls. "}Dashed: chance.`;
  return [{ title, body: plots(readers.map(roc), caption) }];
}

function forestSection({ arms, figures }: ReaderResults): Section[] {
  if (arms.length < 2) return [];
  const forests = figures.flatMap((figure) => {
    const pairs = figure.meanDifferences.filter(({ minus }) => minus === arms[0]);
    return pairs.map((pair) => forestOf(figure, pair));
  });
  const caption =
    "Blue: each reader, interval from resampled cases. Orange: mean over readers, interval of the analysis named. Dashed: no difference.";
  return [{ title: `Differences from ${oneLine(arms[0]!)}`, body: plots(forests, caption) }];
}

function forestOf(figure: ReaderFigure, { arm, minus }: { arm: string; minus: string }): string {
  const same = (one: { arm: string; minus: string }) => one.arm === arm && one.minus === minus;
  const row = (name: string, summary: boolean, one: { estimate: number | null; low: number | null; high: number | null }) =>
    one.estimate === null ? [] : [{ name, summary, estimate: one.estimate, low: one.low, high: one.high }];
  const rows: ForestRow[] = [
    ...figure.differences.filter(same).flatMap((one) => row(`reader ${oneLine(one.reader)}`, false, one)),
    ...figure.analyses.flatMap(({ name, differences }) => row(analysisWords[name], true, differences.find(same)!)),
  ];
  const words = ({ estimate, low, high }: ForestRow) =>
    `${fixed(estimate, 3)}${low === null ? "" : ` [${fixed(low, 3)}, ${fixed(high, 3)}]`}`;
  const name = readerFigureWords[figure.metric];
  const axis = {
    name: versus(figure, { arm, minus }),
    scale: figure.scale,
    reference: figure.scale === "log" ? 1 : 0,
    range: null,
  };
  return forestSvg(name, rows, axis, words);
}
