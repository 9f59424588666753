import { z } from "zod";
import { range } from "../range.ts";

const weight = z.number().min(0).max(1e6);
const somePositive = (weights: Record<string, unknown>) => Object.values(weights).some((v) => typeof v === "number" && v > 0);

/**
 * How often each grade is drawn, as the worst grade of a diseased case.
 * Sources: `mri-series` from two fetal MRI series (15 cases, PMC6238567; 22, PMID 38428252), `us-referred` from series that ultrasound
 * had selected, where 24 of 27 were grade 3 or 4.
 */
export const gradeMix = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mri-series").describe("I .30, II .27, III .25, IV .18: as found by fetal MRI.") }),
  z.strictObject({ kind: z.literal("us-referred").describe("I .03, II .08, III .47, IV .42: as referred after ultrasound.") }),
  z
    .strictObject({
      kind: z.literal("free").describe("Weights of your own."),
      I: weight.default(0).describe("Weight of grade I (germinal matrix only)."),
      II: weight.default(0).describe("Weight of grade II (blood in the lumen, at most half of it)."),
      III: weight.default(0).describe("Weight of grade III (more than half of the lumen, distended)."),
      IV: weight.default(0).describe("Weight of grade IV (with periventricular hemorrhagic infarction)."),
    })
    .refine(somePositive, { error: "at least one grade needs a weight above 0" }),
]);
export type GradeMix = z.output<typeof gradeMix>;

/** What a bleed looks like; the `lesion` section of {@link synthOptions}. Lengths in mm, signal in units of the case's own CSF. */
export const lesionOptions = z.strictObject({
  /** Weights of the four Papile grades. */
  grades: gradeMix.prefault({ kind: "mri-series" }).describe("How often each Papile grade is drawn."),
  /** Share of diseased cases with blood on both sides; the second side's grade is at most the first's. Our guess. */
  bilateralShare: z.number().min(0).max(1).default(0.25).describe("Share of diseased cases with blood on both sides, 0-1."),
  /** T2 signal of dark blood, 1.0 = 90th percentile of the case's CSF. Below cortex and deep grey, see docs/synthesis.md. */
  intensity: range(0, 1.5).default([0.1, 0.42]).describe("T2 signal of dark blood, relative to the case's CSF, range."),
  /** Weights of the ages of blood. Our guess: mostly dark; 5-10 % late subacute; the share of rims is our guess. */
  stages: z
    .strictObject({
      dark: weight.default(0.85).describe("Weight of acute and early subacute blood: dark throughout."),
      rim: weight.default(0.08).describe("Weight of chronic blood: dark rim, bright core."),
      bright: weight.default(0.07).describe("Weight of late subacute blood: as bright as CSF, hard to see."),
    })
    .refine(somePositive, { error: "at least one stage needs a weight above 0" })
    .prefault({}),
  /** Texture: standard deviation of band-limited noise inside the blood, share of CSF; our guess. */
  texture: range(0, 0.5).default([0.05, 0.12]).describe("Standard deviation of the texture inside blood, share of CSF, range."),
  /** Width over which the edge goes from blood to tissue, mm; the scanner's point spread comes on top. Our guess. */
  edgeMm: range(0.1, 4).default([0.6, 1.4]).describe("Width of a bleed's soft edge before the scanner's blur, mm, range."),
  /** Grade I: largest axial cross-section, mm², drawn log-uniformly (our inference from the width of the matrix: 5-60 mm², 2-10 mm across). */
  germinalAreaMm2: range(1, 400).default([5, 60]).describe("Largest axial cross-section of a germinal matrix bleed, mm², range."),
  /** Grade II: share of the lumen of the side that is blood (Volpe 10-50 %). */
  partialFill: range(0, 0.5).default([0.12, 0.48]).describe("Share of the lumen filled in grade II, range within 0-0.5."),
  /** Grades III and most of IV: share of the lumen that is blood (above 50 %). */
  largeFill: range(0.5, 1).default([0.55, 0.98]).describe("Share of the lumen filled in grade III, range within 0.5-1."),
  /** Share of lumen blood that lies as a layer along gravity; the rest is a clot or a cast. Our guess. */
  layerShare: z.number().min(0).max(1).default(0.4).describe("Share of lumen blood in a gravity-dependent layer, 0-1."),
  /**
   * Grade III and most of IV: atrial width, drawn log-uniformly, up to what the brain has room for (see priors/atrium.ts).
   * Gaglioti 2005: ventriculomegaly is mild from 10 mm, moderate above 12, severe from 15; its spread in fetal hemorrhage is our guess.
   */
  atrialWidthMm: range(10, 25).default([10, 25]).describe("Atrial width of a dilated ventricle, mm, range within 10-25."),
  /** Share of dilated cases in which the other ventricle is wide as well, at most as wide. Our guess. */
  bothDilatedShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("Share of dilated cases in which the other ventricle is wide as well, 0-1."),
  /** Grade IV: reach of the fan into the white matter, as a share of the distance from ventricle to cortex. Our guess. */
  fanReach: range(0.1, 1).default([0.45, 0.95]).describe("Reach of an infarction from ventricle towards cortex, share, range."),
});
export type LesionOptions = z.output<typeof lesionOptions>;
