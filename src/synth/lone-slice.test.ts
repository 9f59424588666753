import { describe, expect, test } from "vitest";
import { toyHead } from "../../test/helpers/toy-head.ts";
import { type Affine, axisAlignedAffine, type Vec3 } from "../core/affine.ts";
import { seededRng } from "../core/rng.ts";
import { tissues } from "../core/tissue.ts";
import { lesionOptions } from "./bleed/options.ts";
import { sliceBoxes } from "./boxes.ts";
import { bleedInto } from "./draw.ts";
import { prepareCase } from "./normal/case.ts";
import { synthOptions } from "./options.ts";
import { measureAtrium } from "./priors/atrium.ts";
import { makeStacks, measureStack, replayStack } from "./stacks.ts";

/** One slice of the toy head, 1 mm pixels, through a place of the head (mm), with a thickness along its own axis. */
function slice(plane: "axial" | "coronal" | "sagittal", at: number, thicknessMm = 3) {
  const axis = { sagittal: 0, coronal: 1, axial: 2 }[plane];
  const shape = [74, 90, 66].map((n, a) => (a === axis ? 1 : n)) as unknown as Vec3;
  const spacing = [1, 1, 1].map((mm, a) => (a === axis ? thicknessMm : mm)) as unknown as Vec3;
  const centre = [0, 0, 0].map((mm, a) => (a === axis ? at : mm)) as unknown as Vec3;
  return toyHead({ shape, affine: axisAlignedAffine(shape, spacing, centre) });
}

const only = (grade: "I" | "II" | "III" | "IV") =>
  lesionOptions.parse({ grades: { kind: "free", [grade]: 1 }, bilateralShare: 0, stages: { dark: 1, rim: 0, bright: 0 } });

describe.each([
  ["axial", 3, ["I", "II", "III", "IV"]],
  ["coronal", 3, ["I", "II", "III", "IV"]],
  ["sagittal", 9, ["II", "III"]],
] as const)("a lone %s slice", (plane, at, grades) => {
  const { image, tissue } = slice(plane, at);
  const normal = prepareCase(image, tissue, 26);

  test.each(grades)("takes a bleed of grade %s in that slice alone, with the grade's fill and size", (grade) => {
    for (const seed of [1, 2, 3]) {
      const { scene, drawn } = bleedInto(seededRng(seed), normal, only(grade));
      expect(scene.image.shape).toEqual(image.shape);
      const side = drawn.facts.sides[0]!;
      expect(side.grade).toBe({ I: 1, II: 2, III: 3, IV: 4 }[grade]);
      if (grade === "I") expect(side.maxAxialMm2 >= 5 && side.maxAxialMm2 <= 60).toBe(true);
      const stray = scene.lesion!.data.filter((cover, i) => cover > 0 && scene.tissue.data[i] === tissues.background);
      expect(stray.length).toBe(0);
      expect(drawn.facts.meanSignal).toBeLessThan(normal.signals.darkTissue);
    }
  });

  test("does not depend on how thick it is said to be: the same pixels are blood", () => {
    const thin = slice(plane, at, 1);
    const other = prepareCase(thin.image, thin.tissue, 26);
    expect(other.thick).toBe(true);
    const masks = [normal, other].map(
      (n) => bleedInto(seededRng(4), n, only("II")).scene.lesion!.data.filter((c) => c >= 0.5).length,
    );
    expect(Math.abs(masks[0]! / masks[1]! - 1)).toBeLessThan(0.1);
  });

  test("comes out as one picture with negatives, and again from its JSON", () => {
    const options = synthOptions.parse({ lesion: only(grades[0]) });
    const [stack, ...others] = makeStacks(seededRng(5), normal, false, options);
    expect(others).toEqual([]);
    expect(stack!.image.shape).toEqual(image.shape);
    expect(stack!.plane).toBe(plane);
    expect(stack!.lesion.data).toContain(1);
    const again = replayStack(normal, JSON.parse(JSON.stringify(stack!.draw)));
    expect(again.image.data).toEqual(stack!.image.data);
    expect(again.lesion.data).toEqual(stack!.lesion.data);
  });
});

test.each([
  ["axial", 3],
  ["coronal", 3],
  ["sagittal", 9],
] as const)("a lone %s slice as thin as its pixels keeps its plane, and its blood is boxed in that one slice", (plane, at) => {
  const { image, tissue } = slice(plane, at, 1);
  const [stack] = makeStacks(seededRng(5), prepareCase(image, tissue, 26), false, synthOptions.parse({ lesion: only("II") }));
  expect(stack!.plane).toBe(plane);
  const boxes = sliceBoxes(stack!.lesion);
  expect(boxes.map((box) => box.slice)).toEqual(boxes.map(() => 0));
  expect(boxes.reduce((sum, box) => sum + box.pixels, 0)).toBe(measureStack(stack!).lesionVoxels);
});

test("an axial slice through the atria shows them as wide as drawn", () => {
  const { image, tissue } = slice("axial", 0);
  const normal = prepareCase(image, tissue, 26);
  const { drawn } = bleedInto(seededRng(2), normal, only("III"));
  const { side, atrialMm } = drawn.plan.dilations[0]!;
  expect(atrialMm).toBeGreaterThan(measureAtrium(normal.anatomy, side) + 1);
  expect(Math.abs(drawn.facts.atria[0]!.widthMm - atrialMm)).toBeLessThan(1.5);
});

test("a slice that shows one ventricle bleeds on that side", () => {
  const { image, tissue } = slice("axial", 3);
  const data = tissue.data.map((id, i) => (id === tissues.lateralVentricle && i % 74 < 37 ? tissues.whiteMatter : id));
  const normal = prepareCase(image, { ...tissue, data }, 26);
  for (const seed of [1, 2, 3, 4]) {
    expect(bleedInto(seededRng(seed), normal, only("II")).drawn.plan.sides.map((s) => s.side)).toEqual(["right"]);
  }
});

describe("what cannot be used is one line", () => {
  const head = toyHead();

  test.each([17.9, 40.1, Number.NaN])("gestational age %d", (weeks) => {
    expect(() => prepareCase(head.image, head.tissue, weeks)).toThrow(`gestational age must be 18 to 40 weeks; got ${weeks}`);
  });

  test("an empty brain, a label map of another shape", () => {
    const empty = { ...head.tissue, data: head.tissue.data.map(() => 0) };
    expect(() => prepareCase(head.image, empty, 27)).toThrow("a labelled brain is needed; got none");
    const other = toyHead({ shape: [50, 61, 44], affine: axisAlignedAffine([50, 61, 44], [1.5, 1.5, 1.5]) as Affine });
    expect(() => prepareCase(head.image, other.tissue, 27)).toThrow(
      "labels of the image's shape, 50 x 61 x 45, are needed; got 50 x 61 x 44",
    );
  });

  test("labels without ventricles, in a volume and in a slice; a slice without an age", () => {
    const dry = (t: { data: Uint8Array }) => t.data.map((id) => (id === tissues.lateralVentricle ? tissues.whiteMatter : id));
    expect(() => prepareCase(head.image, { ...head.tissue, data: dry(head.tissue) }, 27)).toThrow(
      "the left lateral ventricle must be labelled and hold at least 0.15 ml; got 0.00 ml",
    );
    const { image, tissue } = slice("axial", 3);
    expect(() => prepareCase(image, { ...tissue, data: dry(tissue) }, 27)).toThrow(
      "a lone slice must show a lateral ventricle of at least 12 mm2; got 0 and 0, left and right",
    );
    expect(() => prepareCase(image, tissue, null)).toThrow(
      "a lone slice does not tell its gestational age: it must be given; got none",
    );
  });

  test("a lesion larger than its anatomy is given up after a bounded number of tries, with the reason", () => {
    const normal = prepareCase(head.image, head.tissue, 27);
    const huge = lesionOptions.parse({ grades: { kind: "free", I: 1 }, bilateralShare: 0, germinalAreaMm2: [398, 400] });
    expect(() => bleedInto(seededRng(1), normal, huge)).toThrow(
      /no grade I bleed fitted in 12 tries: .*cross-section must be 398 to 400/,
    );
  });
});
