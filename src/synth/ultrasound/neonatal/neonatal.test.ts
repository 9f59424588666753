import { describe, expect, test } from "vitest";
import { seededRng } from "../../../core/rng.ts";
import { tissues } from "../../../core/tissue.ts";
import { drawBrain, rebuildBrain } from "./brain.ts";
import { drawExam, paintExamFrame, scanFrame } from "./exam.ts";
import { cranialUltrasoundOptions } from "./options.ts";
import { axesOf, fontanelleOf } from "./plane.ts";

const optionsOf = (grade: "I" | "II" | "III" | "IV") =>
  cranialUltrasoundOptions.parse({ kind: "cranial-ultrasound", pixels: 128, marks: false, grades: { kind: "free", [grade]: 1 } });

function made(seed: number, age: number, bleeds: boolean, grade: "I" | "II" | "III" | "IV" = "II") {
  const rng = seededRng(seed);
  const options = optionsOf(grade);
  const { brain, head } = drawBrain(rng.fork("brain"), age, bleeds, options);
  return { brain, head, exam: drawExam(rng, head, options) };
}

const healthy = made(1, 28, false);
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

describe("planes", () => {
  test("the fontanelle lies on the vertex, in front of the middle", () => {
    const [x, y, z] = healthy.exam.fontanelle;
    expect(x).toBe(0);
    expect(y).toBeGreaterThan(0);
    expect(fontanelleOf(healthy.head.tissue)[2]).toBe(z);
  });

  test("across and down are unit vectors at right angles; a coronal sweep goes from the face to the back, a sagittal one from right to left", () => {
    const axes = healthy.exam.frames.map(({ plane }) => axesOf(plane, healthy.exam.fontanelle));
    for (const { across, down } of axes) {
      expect(Math.hypot(...across)).toBeCloseTo(1, 10);
      expect(Math.hypot(...down)).toBeCloseTo(1, 10);
      expect(across[0] * down[0] + across[1] * down[1] + across[2] * down[2]).toBeCloseTo(0, 10);
      expect(down[2]).toBeLessThan(-0.7);
    }
    const kinds = healthy.exam.frames.map(({ plane }) => plane.kind);
    const forward = axes.filter((_, i) => kinds[i] === "coronal").map(({ down }) => down[1]);
    const right = axes.filter((_, i) => kinds[i] === "sagittal").map(({ down }) => down[0]);
    expect(forward).toEqual([...forward].sort((a, b) => b - a));
    expect(right).toEqual([...right].sort((a, b) => b - a));
  });
});

test("the frames of an exam show ventricles, cavum, cerebellum, deep grey, callosum and cortex between them, a midsagittal one the brainstem", () => {
  const seen = (i: number) => new Set(paintExamFrame(healthy.head, healthy.exam, healthy.exam.frames[i]!).canvas.label);
  const all = new Set(healthy.exam.frames.flatMap((_, i) => [...seen(i)]));
  for (const name of ["lateralVentricle", "cavum", "cerebellum", "brainstem", "deepGrey", "corpusCallosum", "cortex"] as const)
    expect(all.has(tissues[name]), name).toBe(true);
  expect(seen(9 + 3).has(tissues.brainstem)).toBe(true);
});

test("fluid is dark, the pia and the skull around it bright", () => {
  const { head, exam } = healthy;
  const levels = new Map<number, number[]>();
  for (const frame of exam.frames.slice(3, 8)) {
    const { canvas } = paintExamFrame(head, exam, frame);
    const { picture } = scanFrame(head, exam, frame);
    canvas.label.forEach((id, i) => {
      levels.set(id, levels.get(id) ?? []);
      levels.get(id)!.push(picture[i]!);
    });
  }
  const level = (name: keyof typeof tissues) => mean(levels.get(tissues[name])!);
  expect(level("otherVentricle")).toBeLessThan(level("whiteMatter"));
  expect(level("cortex")).toBeLessThan(level("whiteMatter"));
  expect(level("csf")).toBeGreaterThan(level("cortex")); // mostly sulci, lined by pia
});

describe.each([
  ["I", 26],
  ["III", 29],
] as const)("a grade %s bleed", (grade, age) => {
  const { head, exam } = made(4, age, true, grade);
  const frames = exam.frames.map((frame) => scanFrame(head, exam, frame));

  test("is seen in some frames and not in most, the smaller the fewer", () => {
    const shown = frames.filter(({ lesion }) => lesion.includes(1)).length;
    expect(shown).toBeGreaterThan(0);
    expect(shown).toBeLessThan(grade === "I" ? 8 : 14);
  });

  test("is brighter than what lies around it, and lies in the brain", () => {
    const { width } = exam.frames[0]!.scan.frame;
    const contrasts = frames.flatMap(({ picture, lesion, brain: inside }) => {
      const blood = [...lesion.keys()].filter((i) => lesion[i] === 1);
      if (blood.length < 15) return [];
      expect(blood.every((i) => inside[i] === 1)).toBe(true);
      const near = blood
        .flatMap((i) => [i - 8, i + 8, i - 8 * width, i + 8 * width])
        .filter((i) => inside[i] === 1 && lesion[i] === 0);
      return [mean(blood.map((i) => picture[i]!)) - mean(near.map((i) => picture[i]!))];
    });
    expect(contrasts.length).toBeGreaterThan(0);
    expect(mean(contrasts)).toBeGreaterThan(15);
  });
});

test("a healthy exam has no blood, and is scanned again from its JSON to the same bytes", () => {
  const { brain, head, exam } = healthy;
  const frame = scanFrame(head, exam, exam.frames[6]!);
  expect(frame.lesion.includes(1)).toBe(false);
  const again = JSON.parse(JSON.stringify({ brain, exam })) as { brain: typeof brain; exam: typeof exam };
  expect(scanFrame(rebuildBrain(again.brain), again.exam, again.exam.frames[6]!)).toEqual(frame);
});
