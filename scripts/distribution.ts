// Measures what comes out of the default priors before any scan: section, volume, fill, signal and atria by grade, and of the `mri-series` mix (the
// table "What comes out" of docs/synthesis.md). In the CRL atlas' brains (STA26.nii.gz, STA26_WMZparc.nii.gz, ...), or without them in phantoms.
//   npx tsx scripts/distribution.ts [--crl FOLDER] [--weeks 22,26,30,34] [--each 56] [--mix 168]
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRng } from "../src/core/rng.ts";
import { toTissues } from "../src/data/label-schemes.ts";
import { readLabels, readVolume } from "../src/data/nifti.ts";
import { lesionOptions } from "../src/synth/bleed/options.ts";
import { bleedInto, type DrawnBleed } from "../src/synth/draw.ts";
import { type NormalCase, prepareCase } from "../src/synth/normal/case.ts";
import { buildPhantom } from "../src/synth/phantom/build.ts";
import { drawPhantom } from "../src/synth/phantom/draw.ts";
import { UnfitError } from "../src/synth/unfit.ts";

const { values: flags } = parseArgs({
  options: {
    crl: { type: "string" },
    weeks: { type: "string", default: "22,26,30,34" },
    each: { type: "string", default: "56" },
    mix: { type: "string", default: "168" },
  },
});

async function brainOf(week: number): Promise<NormalCase> {
  if (!flags.crl) {
    const { image, tissue } = buildPhantom(drawPhantom(seededRng(week), week), 1);
    return prepareCase(image, tissue, week);
  }
  const stem = join(flags.crl, `STA${week}`);
  const labels = [`${stem}_WMZparc.nii.gz`, `${stem}_parc.nii.gz`].find((file) => existsSync(file))!;
  return prepareCase(await readVolume(`${stem}.nii.gz`), toTissues(await readLabels(labels), "crl2017", labels), week);
}

const brains = await Promise.all(flags.weeks.split(",").map((week) => brainOf(Number(week))));

/** The bleeds of `count` draws, spread over the brains; how many were given up. */
function draws(name: string, grades: object, count: number): { drawn: DrawnBleed[]; lost: number } {
  const options = lesionOptions.parse({ grades });
  const drawn: DrawnBleed[] = [];
  let lost = 0;
  for (let i = 0; i < count; i++) {
    try {
      drawn.push(bleedInto(seededRng(`${name}/${i}`), brains[i % brains.length]!, options).drawn);
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      lost++;
    }
  }
  return { drawn, lost };
}

/** 5 % · median · 95 %, nearest rank. */
function spread(values: readonly number[]): string {
  if (values.length === 0) return "–";
  const sorted = Float64Array.from(values).sort();
  return [0.05, 0.5, 0.95].map((p) => Number(sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!.toPrecision(2))).join(" · ");
}

function row(name: string, grades: object, count: number): string {
  const { drawn, lost } = draws(name, grades, count);
  const facts = drawn.map((d) => d.facts);
  const areas = facts.map((f) => f.maxAxialMm2);
  const fills = facts.map((f) => f.sides[0]!.lumenFill);
  const atria = facts.flatMap((f) => f.atria.map(({ widthMm }) => widthMm));
  const tries = drawn.reduce((sum, d) => sum + d.attempt + 1, 0) / drawn.length;
  const large = spread(areas.filter((area) => area >= 20));
  return `| ${[name, drawn.length, spread(areas), large, spread(facts.map((f) => f.volumeMl)), spread(fills), spread(facts.map((f) => f.meanSignal)), spread(atria), tries.toFixed(2), lost].join(" | ")} |`;
}

console.log(
  "| grade | bleeds | section, mm² | of 20 mm² and more | blood, ml | lumen of the worst side filled | mean signal | atria, mm | tries | given up |",
);
console.log("|---|---|---|---|---|---|---|---|---|---|");
for (const name of ["I", "II", "III", "IV"]) console.log(row(name, { kind: "free", [name]: 1 }, Number(flags.each)));
console.log(row("mri-series", { kind: "mri-series" }, Number(flags.mix)));
