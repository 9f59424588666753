import type { Rng } from "../../core/rng.ts";
import { romanGrade } from "../../core/words.ts";
import type { BleedPlan } from "../bleed/bleed.ts";
import { drawPlan, gradeWeights } from "../bleed/plan.ts";
import type { SynthOptions } from "../options.ts";
import { germinalMatrixShare } from "../priors/germinal-matrix.ts";
import type { Sidecar } from "../sidecar.ts";
import type { PreviewAnswer } from "./job.ts";

/** One line of the report: what came out beside what it should be. */
export interface DistributionRow {
  readonly what: string;
  /** The priors' or the config's target, in words; empty where there is none. */
  readonly target: string;
  readonly got: string;
  /** How many draws or scenes it is of. */
  readonly of: number;
  /** Whether what came out is within the target; null where there is no rule, or nothing to judge. */
  readonly within: boolean | null;
}

/** Plans drawn for the shares: they cost nothing, and painted scenes are few. */
export const plansDrawn = 2000;
/** Shares may differ by this from their target: about four standard errors of 2,000 draws. */
const shareTolerance = 0.045;
const gradeNames = [1, 2, 3, 4].map(romanGrade);

/**
 * What the options draw, beside the targets of the config and the priors. Grades, stages and planned atria are of 2,000 plans over the
 * cases' ages; what is measured is of the painted scenes.
 *
 * Sources: docs/synthesis.md.
 */
export function distribution(rng: Rng, options: SynthOptions, answers: readonly PreviewAnswer[]): DistributionRow[] {
  const plans = Array.from({ length: plansDrawn }, (_, i): BleedPlan => {
    const { weeks, room } = answers[i % answers.length]!;
    return drawPlan(rng.fork(i), options.lesion, weeks, room);
  });
  const scenes = answers.flatMap((answer) => answer.scenes.map((scene) => ({ scene, darkTissue: answer.darkTissue })));
  const ill = scenes.flatMap(({ scene, darkTissue }) =>
    scene && scene.sidecar.grade > 0 ? [{ sidecar: scene.sidecar, darkTissue }] : [],
  );
  const measured = [...sizeRows(ill, options), ...signalRows(ill)];
  // An ablation leaves priors out on purpose: what it paints is shown, and not judged.
  const judged = options.control.kind === "full" ? measured : measured.map((row) => ({ ...row, within: null }));
  return [...planRows(plans, options, answers), ...judged, ...sceneRows(scenes.map(({ scene }) => scene), ill)]; // biome-ignore format: a list
}

function planRows(plans: readonly BleedPlan[], { lesion }: SynthOptions, answers: readonly PreviewAnswer[]): DistributionRow[] {
  const weights = gradeWeights(lesion.grades);
  const total = weights.reduce((a, b) => a + b, 0);
  const late = answers.some(({ weeks }) => germinalMatrixShare(weeks) < 1);
  const grades = gradeNames.map((name, i): DistributionRow => {
    const wanted = weights[i]! / total;
    const got = share(plans, (p) => p.grade === i + 1);
    const within = late ? null : Math.abs(got - wanted) < shareTolerance;
    return {
      what: `grade ${name}`,
      target: `${percent(wanted)}${late && i === 0 ? ", rarer after 32 weeks" : ""}`,
      got: percent(got),
      of: plans.length,
      within,
    };
  });
  const stages = Object.entries(lesion.stages);
  const all = stages.reduce((sum, [, weight]) => sum + weight, 0);
  const kinds = stages.map(([name, weight]): DistributionRow => {
    const got = share(plans, (p) => p.stage === name);
    return {
      what: `stage ${name}`,
      target: percent(weight / all),
      got: percent(got),
      of: plans.length,
      within: Math.abs(got - weight / all) < shareTolerance,
    };
  });
  const both = share(plans, (p) => p.sides.length === 2);
  const widths = plans.flatMap((p) => p.dilations.map((d) => d.atrialMm));
  return [
    ...grades,
    ...kinds,
    { what: "both sides", target: percent(lesion.bilateralShare), got: percent(both), of: plans.length, within: Math.abs(both - lesion.bilateralShare) < shareTolerance },
    { what: "atrium planned, mm", target: "10-25", got: spread(widths), of: widths.length, within: inRange(widths, 10, 25) },
    { what: "of these mild, moderate, severe", target: "10-12, 12-15, from 15 mm", got: bins(widths), of: widths.length, within: null },
  ]; // biome-ignore format: a table
}

type Ill = readonly { readonly sidecar: Sidecar; readonly darkTissue: number }[];

function sizeRows(ill: Ill, { lesion }: SynthOptions): DistributionRow[] {
  const areas = (grade: number) =>
    ill.filter(({ sidecar }) => sidecar.grade === grade).map(({ sidecar }) => sidecar.draw.bleed!.facts.maxAxialMm2);
  const fills = (grade: number) =>
    sidesOf(ill)
      .filter((s) => s.grade === grade)
      .map((s) => 100 * s.lumenFill);
  const large = ill.map(({ sidecar }) => sidecar.draw.bleed!.facts.maxAxialMm2).filter((area) => area >= 20);
  const [low, high] = lesion.germinalAreaMm2;
  const one = areas(1);
  const atria = ill.flatMap(({ sidecar }) => sidecar.draw.bleed!.facts.atria.map(({ widthMm }) => widthMm));
  return [
    // Both sides of a case count in its section, each side of grade I is held to the range by itself.
    { what: "grade I, largest axial section, mm²", target: `${low}-${high} a side`, got: spread(one), of: one.length, within: inRange(one, low, 2 * high) },
    ...[2, 3, 4].map((grade): DistributionRow => ({ what: `grade ${gradeNames[grade - 1]}, largest axial section, mm²`, target: "", got: spread(areas(grade)), of: areas(grade).length, within: null })),
    { what: "all of 20 mm² and more, section, mm²", target: "238 median in one series, weighted to severe ones", got: spread(large), of: large.length, within: null },
    { what: "lumen filled, grade II, %", target: "10-50", got: spread(fills(2)), of: fills(2).length, within: inRange(fills(2), 10, 50) },
    { what: "lumen filled, grade III, %", target: "above 50", got: spread(fills(3)), of: fills(3).length, within: inRange(fills(3), 50, 101) },
    { what: "atrium measured, mm", target: "9-26, as planned but for 1 mm", got: spread(atria), of: atria.length, within: inRange(atria, 9, 26) },
  ]; // biome-ignore format: a table
}

const sidesOf = (ill: Ill) => ill.flatMap(({ sidecar }) => sidecar.draw.bleed!.facts.sides);

function signalRows(ill: Ill): DistributionRow[] {
  const of = (stage: string) => ill.filter(({ sidecar }) => sidecar.draw.bleed!.plan.stage === stage);
  const signals = (stage: string) => of(stage).map(({ sidecar }) => sidecar.draw.bleed!.facts.meanSignal);
  const contrast = of("dark").map(({ sidecar, darkTissue }) => sidecar.draw.bleed!.facts.meanSignal / darkTissue);
  return [
    { what: "dark blood, signal over CSF", target: "U(.10, .42)", got: spread(signals("dark")), of: contrast.length, within: null },
    { what: "dark blood over the darker of cortex and deep grey", target: "below 1", got: spread(contrast), of: contrast.length, within: inRange(contrast, 0, 1) },
    { what: "rim and core together, signal over CSF", target: "rim .15-.40, core .75-1.0", got: spread(signals("rim")), of: signals("rim").length, within: null },
    { what: "bright blood, signal over CSF", target: "about CSF", got: spread(signals("bright")), of: signals("bright").length, within: null },
  ]; // biome-ignore format: a table
}

function sceneRows(scenes: readonly PreviewAnswer["scenes"][number][], ill: Ill): DistributionRow[] {
  const lost = scenes.filter((scene) => scene === null).length;
  const thin = ill.filter(({ sidecar }) => sidecar.facts.lesionVoxels === 0).length;
  const again = ill.filter(({ sidecar }) => sidecar.draw.bleed!.attempt > 0).length;
  return [
    { what: "scenes given up, since no bleed fitted", target: "0", got: String(lost), of: scenes.length, within: lost === 0 },
    { what: "bleeds drawn more than once", target: "", got: String(again), of: ill.length, within: null },
    { what: "bleeds too thin for a mask in their stack", target: "", got: String(thin), of: ill.length, within: null },
  ];
}

function share<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.filter(holds).length / items.length;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/** `5 % · median · 95 %`, nearest rank; a dash without values. */
function spread(values: readonly number[]): string {
  if (values.length === 0) return "–";
  const sorted = Float64Array.from(values).sort();
  const at = (p: number) => Number(sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!.toPrecision(3));
  return [at(0.05), at(0.5), at(0.95)].join(" · ");
}

/** Null without values. */
function inRange(values: readonly number[], low: number, high: number): boolean | null {
  return values.length === 0 ? null : values.every((v) => v >= low && v <= high);
}

function bins(widths: readonly number[]): string {
  if (widths.length === 0) return "–";
  return [share(widths, (w) => w < 12), share(widths, (w) => w >= 12 && w < 15), share(widths, (w) => w >= 15)]
    .map(percent)
    .join(", ");
}
