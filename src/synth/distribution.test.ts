import { describe, expect, test } from "vitest";
import { seededRng } from "../core/rng.ts";
import type { BleedPlan, Grade } from "./bleed/bleed.ts";
import { drawBleed } from "./bleed/draw.ts";
import { atrialToleranceMm } from "./bleed/facts.ts";
import { lesionOptions } from "./bleed/options.ts";
import { drawPlan } from "./bleed/plan.ts";
import { bleedInto } from "./draw.ts";
import { prepareCase } from "./normal/case.ts";
import { buildPhantom } from "./phantom/build.ts";
import { drawPhantom } from "./phantom/draw.ts";

// What comes out of the defaults against the ranges of the priors: plans and shapes by the thousand, since they cost nothing, and a
// sample of them painted into one phantom. Shares are held to about four standard errors of 2,000 draws.

const options = lesionOptions.parse({});
const weeks = 27;
const anatomy = buildPhantom(drawPhantom(seededRng(1), weeks), 1.5);
const normal = prepareCase(anatomy.image, anatomy.tissue, weeks);
const count = 2000;
const plans = (more: object = {}, room = { left: Infinity, right: Infinity }): BleedPlan[] => {
  const own = lesionOptions.parse(more);
  return Array.from({ length: count }, (_, i) => drawPlan(seededRng(`plan/${i}`), own, 20 + (i % 12), room));
};
const share = <T>(items: readonly T[], of: (item: T) => boolean) => items.filter(of).length / items.length;
const quantile = (values: readonly number[], p: number) => Float64Array.from(values).sort()[Math.floor(p * (values.length - 1))]!;

describe("2,000 plans", () => {
  test.each([
    ["mri-series", [0.3, 0.27, 0.25, 0.18]],
    ["us-referred", [0.03, 0.08, 0.47, 0.42]],
  ] as const)("%s: grades and stages in their shares", (kind, shares) => {
    const drawn = plans({ grades: { kind } });
    for (const [i, wanted] of shares.entries()) expect(share(drawn, (p) => p.grade === i + 1)).toBeCloseTo(wanted, 1.3);
    for (const [stage, wanted] of [
      ["dark", 0.85],
      ["rim", 0.08],
      ["bright", 0.07],
    ] as const) {
      expect(Math.abs(share(drawn, (p) => p.stage === stage) - wanted)).toBeLessThan(0.03);
    }
  });

  test("atria: mild, moderate and severe as a log-uniform draw from 10 to 25 mm gives them; with less room, none is wider than that", () => {
    const widths = plans().flatMap((p) =>
      p.dilations.filter((d) => p.sides.some((s) => s.side === d.side)).map((d) => d.atrialMm),
    );
    expect(widths.length).toBeGreaterThan(500);
    expect(Math.min(...widths)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...widths)).toBeLessThanOrEqual(25);
    const below = (mm: number) => Math.log(mm / 10) / Math.log(2.5);
    expect(Math.abs(share(widths, (w) => w < 12) - below(12))).toBeLessThan(0.06);
    expect(Math.abs(share(widths, (w) => w < 15) - below(15))).toBeLessThan(0.07);
    const tight = plans({}, { left: 14, right: 14 }).flatMap((p) => p.dilations.map((d) => d.atrialMm));
    expect(Math.max(...tight)).toBeLessThanOrEqual(14);
  });

  test("ventricles are wide in grade III always, in grade IV mostly, below never; half of them on both sides", () => {
    const drawn = plans();
    const wide = (grade: Grade) =>
      share(
        drawn.filter((p) => p.grade === grade),
        (p) => p.dilations.length > 0,
      );
    expect([wide(1), wide(2), wide(3)]).toEqual([0, 0, 1]);
    expect(Math.abs(wide(4) - 0.7)).toBeLessThan(0.12);
    const single = drawn.filter((p) => p.grade === 3 && p.sides.length === 1);
    expect(Math.abs(share(single, (p) => p.dilations.length === 2) - 0.5)).toBeLessThan(0.1);
    expect(drawn.every((p) => p.dilations.every((d) => d.atrialMm <= Math.max(...p.dilations.map((e) => e.atrialMm))))).toBe(
      true,
    );
  });

  test("blood: signal, texture, edge and fill in the ranges of the priors, dark blood below cortex and deep grey", () => {
    const { darkTissue } = normal.signals;
    const lumen: string[] = [];
    for (const [i, plan] of plans().entries()) {
      if (i % 20 > 0) continue; // shapes need the sites of the whole brain: every twentieth
      const { parts, texture, edgeMm, rim } = drawBleed(seededRng(`shape/${i}`), plan, normal.anatomy, normal.signals, options);
      expect(texture.sigma >= 0.05 && texture.sigma <= 0.12 && edgeMm >= 0.6 && edgeMm <= 1.4).toBe(true);
      for (const part of parts) if (part.site === "lumen") lumen.push(part.kind);
      expect(rim === null).toBe(plan.stage === "dark");
      const within = (value: number, low: number, high: number) => value >= low && value <= high;
      if (rim && plan.stage === "rim")
        expect(within(rim.signal, 0.15, 0.4) && within(rim.widthMm, 0.8, 2) && within(rim.share, 0.7, 1)).toBe(true);
      if (rim && plan.stage === "bright")
        expect(within(rim.signal, 0.25, 0.5) && within(rim.widthMm, 0.5, 1.2) && within(rim.share, 0.3, 0.7)).toBe(true);
      for (const { signal } of parts) {
        if (plan.stage === "dark") expect(signal >= 0.09 && signal <= 0.462 && signal < darkTissue).toBe(true);
        else expect(signal >= 0.75 && signal <= 1.1).toBe(true);
      }
      for (const { grade, fill } of plan.sides) {
        if (grade === 1) expect(fill).toBeNull();
        if (grade === 2) expect(fill! >= 0.12 && fill! <= 0.48).toBe(true);
        if (grade === 3) expect(fill! >= 0.55 && fill! <= 0.98).toBe(true);
      }
    }
    const layers = share(lumen, (kind) => kind === "layer");
    expect(Math.abs(layers - 0.4)).toBeLessThan(4 * Math.sqrt((0.4 * 0.6) / lumen.length));
  });
});

describe("painted into a phantom of 27 weeks", () => {
  const painted = (name: "I" | "II" | "III" | "IV", n: number) => {
    const own = lesionOptions.parse({
      grades: { kind: "free", [name]: 1 },
      bilateralShare: 0,
      stages: { dark: 1, rim: 0, bright: 0 },
    });
    return Array.from({ length: n }, (_, i) => bleedInto(seededRng(`${name}/${i}`), normal, own).drawn);
  };

  test("sections grow with the grade and lie where the priors have them; dark blood is below tissue; atria are as wide as drawn", () => {
    const drawn = { I: painted("I", 6), II: painted("II", 6), III: painted("III", 5), IV: painted("IV", 5) };
    const sections = (name: keyof typeof drawn) => drawn[name].map((d) => d.facts.maxAxialMm2);
    expect(Math.min(...sections("I"))).toBeGreaterThanOrEqual(5);
    expect(Math.max(...sections("I"))).toBeLessThanOrEqual(60);
    // Measured on the CHN atlas: both normal ventricles together measure 262-481 mm² in their largest section; median bleed of 120 fetuses 238 mm² (doi:10.12015/issn.1674-8034.2019.07.003).
    expect(quantile(sections("II"), 0.5)).toBeGreaterThan(25);
    expect(quantile(sections("II"), 0.5)).toBeLessThan(200);
    const severe = quantile([...sections("III"), ...sections("IV")], 0.5);
    expect(severe).toBeGreaterThan(150);
    expect(severe).toBeLessThan(500);
    for (const { plan, facts } of Object.values(drawn).flat()) {
      expect(facts.meanSignal).toBeLessThan(normal.signals.darkTissue);
      for (const [i, { atrialMm }] of plan.dilations.entries()) {
        expect(Math.abs(facts.atria[i]!.widthMm - atrialMm)).toBeLessThan(atrialToleranceMm(normal.anatomy));
      }
    }
  });
});
