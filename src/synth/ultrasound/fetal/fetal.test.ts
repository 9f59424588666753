import { expect, test } from "vitest";
import { connectedComponents } from "../../../core/components.ts";
import { seededRng } from "../../../core/rng.ts";
import type { Canvas } from "../canvas.ts";
import { scan } from "../scan.ts";
import { seenMask } from "../seen.ts";
import { fetalNorm } from "./biometry.ts";
import { drawFetus } from "./draw.ts";
import { abnormalFindings, anomalies, type FetalPlane, type Finding } from "./finding.ts";
import { innerAxes } from "./head.ts";
import { type Structure, structures } from "./structures.ts";
import { findingMask, insideMask, planesOf, regionBoxes } from "./truth.ts";
import { drawView, type FetalView, paintView } from "./view.ts";

const both: readonly FetalPlane[] = ["transventricular", "transcerebellar", "face", "spine"];

function viewOf(finding: Finding, plane: FetalPlane, seed: number, pixels = 224, marks = false): FetalView {
  const rng = seededRng(seed);
  const fetus = drawFetus(rng.fork("fetus"), 18 + 6 * rng.uniform(), finding);
  return drawView(rng.fork("view"), fetus, plane, { pixels, marks });
}

/** Places of a structure's pixels in the picture, mm along the head's axes, from its centre; the individual deformation is part of it. */
function placesOf({ frame, pose, label }: Canvas, ...parts: readonly Structure[]): [number, number][] {
  const ids = parts.map((part) => structures[part]) as number[];
  const [c, s] = [Math.cos((pose.turnDeg * Math.PI) / 180), Math.sin((pose.turnDeg * Math.PI) / 180)];
  const out: [number, number][] = [];
  label.forEach((id, i) => {
    if (!ids.includes(id)) return;
    const x = frame.left + ((i % frame.width) + 0.5) * frame.pixelMm - pose.centre[0];
    const y = frame.top + (Math.floor(i / frame.width) + 0.5) * frame.pixelMm - pose.centre[1];
    out.push([c * x + s * y, (pose.mirrored ? -1 : 1) * (c * y - s * x)]);
  });
  return out;
}

const span = (values: readonly number[], pixelMm: number) => Math.max(...values) - Math.min(...values) + pixelMm;

function measured(view: FetalView) {
  const canvas = paintView(view);
  const { pixelMm } = canvas.frame;
  const { skull } = view.fetus;
  const [a] = innerAxes(skull);
  const at = (u: number, parts: Structure) => placesOf(canvas, parts).filter(([p]) => Math.abs(p - u) < 0.8);
  const vs = (places: readonly (readonly [number, number])[]) => places.map(([, v]) => v);
  const middle = placesOf(canvas, "cerebellum").filter(([, v]) => Math.abs(v) < 1.2);
  return {
    canvas,
    biparietal: span(vs(placesOf(canvas, "skull")), pixelMm) - skull.boneMm,
    occipitofrontal: span(
      placesOf(canvas, "skull").map(([u]) => u),
      pixelMm,
    ),
    atrium: () => span(vs(at(-0.46 * a, "farVentricle")), pixelMm),
    transcerebellar: () => span(vs(placesOf(canvas, "cerebellum")), pixelMm),
    cisternaMagna: () => Math.min(...middle.map(([u]) => u)) - pixelMm / 2 + a,
  };
}

test.each([1, 2, 3, 4, 5, 6])("sizes can be measured back from the labels, and lie in the norms of the week (%i)", (seed) => {
  const above = viewOf("normal", "transventricular", seed);
  const below = viewOf("normal", "transcerebellar", seed);
  const { fetus } = above;
  const { biparietal, occipitofrontal, atrium } = measured(above);
  expect(Math.abs(biparietal - fetus.skull.biparietal)).toBeLessThan(2.5);
  expect(Math.abs(occipitofrontal - fetus.skull.occipitofrontal)).toBeLessThan(3);
  expect(Math.abs(atrium() - fetus.atriumMm.far)).toBeLessThan(1.4);
  const { transcerebellar, cisternaMagna } = measured(below);
  expect(Math.abs(transcerebellar() - fetus.transcerebellarMm)).toBeLessThan(1.6);
  expect(Math.abs(cisternaMagna() - fetus.cisternaMagnaMm)).toBeLessThan(1.8);
  for (const [measure, value] of [
    ["biparietal", fetus.skull.biparietal],
    ["transcerebellar", fetus.transcerebellarMm],
    ["atrium", fetus.atriumMm.far],
  ] as const) {
    const { mean, sd } = fetalNorm(measure, fetus.gestationalAge);
    expect(Math.abs(value - mean)).toBeLessThan(1.6 * sd);
  }
  expect(atrium()).toBeLessThan(10);
});

test("calipers lie at the ends of what is measured: outer to inner edge of the skull, sides of the cerebellum", () => {
  const along = ([x, y]: readonly [number, number], [p, q]: readonly [number, number], mm: number, pixelMm: number) => {
    const length = Math.hypot(p - x, q - y);
    return [x + ((p - x) * mm) / pixelMm / length, y + ((q - y) * mm) / pixelMm / length] as const;
  };
  for (const [plane, finding] of [
    ["transventricular", "normal"],
    ["transcerebellar", "normal"],
    ["transcerebellar", "dandy-walker"],
    ["transcerebellar", "small-cerebellum"],
  ] as const) {
    const views = Array.from({ length: 24 }, (_, seed) => viewOf(finding, plane, seed, 224, true));
    const measuredViews = views.filter(({ scan: { marks } }) => marks.some(({ kind }) => kind === "caliper"));
    expect(measuredViews.length).toBeGreaterThan(1);
    for (const view of measuredViews) {
      const { label, frame } = paintView({ ...view, warp: { ...view.warp, sizeMm: 0 } });
      const caliper = view.scan.marks.find((mark) => mark.kind === "caliper")!;
      const isIn = (part: Structure, [x, y]: readonly [number, number]) =>
        label[Math.round(x) + frame.width * Math.round(y)] === structures[part];
      const part = plane === "transventricular" ? "skull" : "cerebellum";
      const [from, to] = [caliper.from, caliper.to];
      const inside = along(from, to, 1, frame.pixelMm);
      const outside = along(from, to, -1.2, frame.pixelMm);
      expect([isIn(part, inside), isIn(part, outside)]).toEqual([true, false]);
      const [before, beyond] = [along(to, from, 1.2, frame.pixelMm), along(to, from, -1, frame.pixelMm)];
      expect([isIn(part, before), isIn(part, beyond)]).toEqual(plane === "transventricular" ? [false, true] : [true, false]);
    }
  }
});

test("how often calipers lie on a picture does not hang on the finding; views of face and spine have none", () => {
  const share = (finding: Finding) =>
    Array.from({ length: 200 }, (_, seed) => viewOf(finding, "transventricular", seed, 64, true)).filter(({ scan: { marks } }) =>
      marks.some(({ kind }) => kind === "caliper"),
    ).length / 200;
  expect(share("anencephaly")).toBe(share("normal"));
  expect(share("normal")).toBeGreaterThan(0.18);
  expect(share("normal")).toBeLessThan(0.32);
  expect(viewOf("normal", "face", 3, 64, true).scan.marks.filter(({ kind }) => kind === "caliper")).toEqual([]);
});

test("the two ventricles of a fetus differ, whatever it has, and lie in the norm of the week where the finding leaves them", () => {
  for (const finding of ["normal", "mega-cisterna-magna", "small-cerebellum"] as const) {
    const fetuses = Array.from({ length: 20 }, (_, seed) => drawFetus(seededRng(seed), 18 + (6 * seed) / 19, finding));
    for (const { atriumMm, gestationalAge } of fetuses) {
      expect(Math.abs(atriumMm.near - atriumMm.far)).toBeGreaterThan(0);
      const { mean, sd } = fetalNorm("atrium", gestationalAge);
      for (const width of [atriumMm.near, atriumMm.far]) expect(Math.abs(width - mean)).toBeLessThanOrEqual(1.5 * sd);
    }
  }
});

test("what a finding is called is what it measures", () => {
  for (const seed of [1, 2, 3]) {
    expect(measured(viewOf("ventriculomegaly", "transventricular", seed)).atrium()).toBeGreaterThan(9.5);
    expect(measured(viewOf("mega-cisterna-magna", "transcerebellar", seed)).cisternaMagna()).toBeGreaterThan(9);
    const small = viewOf("small-cerebellum", "transcerebellar", seed);
    const { mean, sd } = fetalNorm("transcerebellar", small.fetus.gestationalAge);
    expect(measured(small).transcerebellar()).toBeLessThan(mean - 0.9 * sd);
    const spaces = (finding: Finding) => {
      const { label, frame } = paintView(viewOf(finding, "transventricular", seed));
      const ids: number[] = [structures.nearVentricle, structures.farVentricle, structures.frontalHorn, structures.cavum];
      const { sizes } = connectedComponents((i) => ids.includes(label[i]!), [frame.width, frame.height, 1], "corners");
      return sizes.filter((size) => size > 20).length;
    };
    expect(spaces("holoprosencephaly")).toBe(1);
    expect(spaces("normal")).toBeGreaterThan(2);
  }
});

test("signs of the anomalies: no vault, a sac outside the skull, rows of arches apart", () => {
  const count = (view: FetalView, part: Structure) => placesOf(paintView(view), part).length;
  expect(count(viewOf("anencephaly", "face", 2), "skull")).toBe(0);
  expect(count(viewOf("normal", "face", 2), "skull")).toBeGreaterThan(50);
  expect(count(viewOf("normal", "spine", 2), "exposed")).toBe(0);
  const sac = viewOf("encephalocele", "transventricular", 2);
  const behind = placesOf(paintView(sac), "sac").filter(([u]) => u < -sac.fetus.skull.occipitofrontal / 2);
  expect(behind.length).toBeGreaterThan(100);
  expect(Math.max(...viewOf("rachischisis", "spine", 2).fetus.spine.halfGapMm)).toBeGreaterThan(4);
  expect(Math.max(...viewOf("normal", "spine", 2).fetus.spine.halfGapMm)).toBeLessThan(3);
});

test("boxes hold every pixel of their region that is seen, and little more; a normal fetus shows three a plane", () => {
  for (const seed of [1, 2, 3, 4]) {
    for (const [plane, structure, name] of [
      ["transventricular", "farVentricle", "lateral-ventricle"],
      ["transcerebellar", "cerebellum", "cerebellum"],
    ] as const) {
      const view = viewOf("normal", plane, seed);
      const canvas = paintView(view);
      const seen = seenMask(canvas, view.scan.fan, view.scan.beam);
      const boxes = regionBoxes(canvas, seen, plane);
      expect(boxes).toHaveLength(3);
      const [x0, y0, x1, y1] = boxes.find((box) => box.name === name)!.box;
      const inside = (i: number, by = 0) => {
        const [x, y] = [i % view.scan.frame.width, Math.floor(i / view.scan.frame.width)];
        return x >= x0 + by && x < x1 - by && y >= y0 + by && y < y1 - by;
      };
      const pixels = [...canvas.label.keys()].filter((i) => canvas.label[i] === structures[structure] && seen[i] === 1);
      expect(pixels.every((i) => inside(i))).toBe(true);
      expect(pixels.every((i) => inside(i, 6))).toBe(false);
    }
  }
});

test("every finding shows in one of its planes, inside the mask of the brain; normal ones show nothing", () => {
  for (const finding of [...abnormalFindings, ...anomalies, "normal"] as const) {
    for (const plane of planesOf(finding, both)) {
      const view = viewOf(finding, plane, 5);
      const canvas = paintView(view);
      const seen = seenMask(canvas, view.scan.fan, view.scan.beam);
      const mask = findingMask(canvas, seen, finding, plane);
      const brain = insideMask(canvas, seen, plane);
      expect(mask.every((v, i) => v === 0 || brain[i] === 1)).toBe(true);
      expect(mask.some((v) => v === 1)).toBe(finding !== "normal");
    }
  }
});

test("skull and falx are bright, amniotic fluid dark, in the picture itself", () => {
  const view = viewOf("ventriculomegaly", "transventricular", 8);
  const canvas = paintView(view);
  const { data } = scan(canvas, view.scan);
  const level = (part: Structure) => {
    const values = [...canvas.label.keys()].filter((i) => canvas.label[i] === structures[part]).map((i) => data[i]!);
    return values.reduce((sum, v) => sum + v, 0) / values.length;
  };
  expect(level("skull")).toBeGreaterThan(level("brain") + 40);
  expect(level("falx")).toBeGreaterThan(level("brain"));
  expect(level("fluid")).toBeLessThan(level("outside"));
});

test("the sidecar is enough: JSON there and back gives the same picture", () => {
  const view = viewOf("encephalocele", "transventricular", 3, 128);
  const again = JSON.parse(JSON.stringify(view)) as FetalView;
  expect(scan(paintView(again), again.scan).data).toEqual(scan(paintView(view), view.scan).data);
});
