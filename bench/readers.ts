// How often the analyses of `hemosynth reader` call arms different that are not, with simulated readers: nominal 5 %.
//   npx tsx bench/readers.ts [--studies 1000]
// Prints the table of docs/readers.md row by row; nothing is timed.
import { parseArgs } from "node:util";
import { seededRng } from "../src/core/rng.ts";
import { analysisNames } from "../src/eval/metrics/obuchowski-rockette.ts";
import type { ReaderFigureName } from "../src/eval/readers/results.ts";
import { analyseStudy, highVariances, type SimulatedReaders, simulateReaders } from "../test/helpers/simulated-readers.ts";

const { values: args } = parseArgs({ options: { studies: { type: "string", default: "1000" } } });
const studies = Number(args.studies);

const base: SimulatedReaders = { arms: 2, readers: 5, patients: 100, casesEach: 1, positives: 0.5, alike: 0, ...highVariances };
const grouped: SimulatedReaders = { ...base, patients: 40, casesEach: 3 };
const scenarios: readonly [string, SimulatedReaders][] = [
  ["5 readers, 100 cases", base],
  ["3 readers, 50 cases", { ...base, readers: 3, patients: 50 }],
  ["8 readers, 100 cases, 3 arms", { ...base, readers: 8, arms: 3 }],
  ["5 readers, 40 patients of 3 cases, alike by .3", { ...grouped, alike: 0.3 }],
  ["5 readers, 40 patients of 3 cases, alike by .7", { ...grouped, alike: 0.7 }],
  ["5 readers without effects of their own, 40 patients of 3 cases, alike by .7", { ...grouped, alike: 0.7, reader: 0 }],
];

/** Shares of studies with p below .05, for each analysis; studies without a p do not count. */
function sharesOf(config: SimulatedReaders, figure: ReaderFigureName, clustered: boolean): number[] {
  const rng = seededRng("readers");
  const ps = Array.from({ length: studies }, (_, i) => {
    const study = simulateReaders(rng.fork(i), config);
    const analysis = analyseStudy(study, config, figure, "jackknife", clustered, rng);
    return analysisNames.map((name) => analysis(name).test.p);
  });
  return analysisNames.map((_, k) => {
    const own = ps.flatMap((row) => row[k] ?? []);
    return own.filter((p) => p < 0.05).length / own.length;
  });
}

console.log(
  "| simulated | figure | patients | readers and cases in general | these readers, cases in general | readers in general, these cases |",
);
console.log("|---|---|---|---|---|---|");
for (const [name, config] of scenarios) {
  for (const figure of ["roc_auc", "recall"] as const) {
    for (const clustered of config.casesEach === 1 ? [true] : [true, false]) {
      const shares = sharesOf(config, figure, clustered).map((share) => `${(100 * share).toFixed(1)} %`);
      const patients = config.casesEach === 1 ? "of one case" : clustered ? "kept together" : "ignored";
      console.log(`| ${name} | \`${figure}\` | ${patients} | ${shares.join(" | ")} |`);
    }
  }
}
