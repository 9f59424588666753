import { expect, test } from "vitest";
import { frocScore } from "../metrics/lesions.ts";
import type { Results } from "../results.ts";
import { figureTable } from "../tables/figures.ts";
import { agreementSvg } from "./agreement.ts";
import { calibrationSvg } from "./calibration.ts";
import { answerNames } from "./checklists/answers.ts";
import { claim2024, tripodAi } from "./checklists/items.ts";
import { classHeadline, classSection } from "./classes.ts";
import { curvesSvg, frocAxes, frocSteps, type Point, rocAxes } from "./curves.ts";
import { forestSvg } from "./forest.ts";
import { fixed } from "./format.ts";
import { aboutIntervals, fewResamples, readDifference, readInterval } from "./intervals.ts";
import { stripSvg } from "./plots.ts";

const interval = (estimate: number | null, low: number | null, high: number | null, reason: string | null = null) => ({ estimate, low, high, reason }); // biome-ignore format: one line
const guessing = { value: 0.5, words: "what guessing reaches", fewest: { count: 5, of: "subjects of one class" } };

test("an interval is read by where its landmark lies", () => {
  const read = (low: number, high: number) => readInterval("AUROC", interval(0.7, low, high), 0.95, guessing);
  expect(read(0.6, 0.8)).toBe(
    "AUROC is 0.700: values from 0.600 to 0.800 fit these data (95 %), all above what guessing reaches (0.500).",
  );
  expect(read(0.5, 0.8)).toMatch(/What guessing reaches \(0\.500\) is among them, so it is not ruled out\.$/);
  expect(read(0.1, 0.4)).toMatch(/all below what guessing reaches/);
  expect(readInterval("Dice", interval(0.7, 0.6, 0.8), 0.9, null)).toBe(
    "Dice is 0.700: values from 0.600 to 0.800 fit these data (90 %).",
  );
});

test("an interval of too few is held against no landmark, wherever it lies", () => {
  const few = { ...guessing, fewest: { count: 4, of: "subjects of one class" } };
  for (const [low, high] of [[0.75, 1], [0.1, 0.9], [0, 0.2]] as const)
    expect(readInterval("AUROC", interval(0.9, low, high), 0.95, few)).toMatch(
      /fit these data \(95 %\)\. There are too few subjects of one class \(4; it takes 5\) to tell it from what guessing reaches \(0\.500\)\.$/,
    ); // biome-ignore format: short
});

test("a remark says so where most resamples have no part in an interval, and where there is one", () => {
  const said = (low: number | null, undefinedResamples: number) => fewResamples({ low, undefinedResamples }, 200);
  expect([said(0.5, 101), said(0.5, 100), said(null, 200)]).toEqual([["101 of 200 resamples undefined"], [], []]);
  const figure = { ...interval(0.7, 0.5, 0.9), metric: "m", subset: "all", n: 3, clusters: 3, chance: null, beside: [], undefinedResamples: 150 }; // biome-ignore format: one line
  expect(figureTable([figure], { m: "M" }, 200).cells[1]!.at(-1)).toBe("150 of 200 resamples undefined");
});

test("what does not exist is said with its reason, and never as a number", () => {
  expect(readInterval("AUROC", interval(null, null, null, "one class only"), 0.95, guessing)).toBe(
    "AUROC does not exist here: one class only.",
  );
  expect(readInterval("Recall", interval(1, null, null, "the same value in every resample"), 0.95, null)).toBe(
    "Recall is 1.000; it has no interval: the same value in every resample.",
  );
});

test("what rounds to 0 has no sign", () => {
  expect([-0.0004, -0, 0.0004, -0.0005001, -12.3].map((value) => fixed(value, 3))).toEqual(["0.000", "0.000", "0.000", "−0.001", "−12.300"]); // biome-ignore format: one line
});

/** The texts of a plot, its name aside. */
const textsOf = (svg: string) => [...svg.matchAll(/<text x="[\d.]+" y="([\d.]+)"[^>]*>([^<]*)</g)].map((m) => [Number(m[1]), m[2]!] as const); // biome-ignore format: one line

test("a title that is too long for a line goes on below, the plot with it; one without an end is cut", () => {
  const title = "Calls, per examination, mean of probabilities";
  const [plain, long] = [calibrationSvg("Calls", []), calibrationSvg(title, [])];
  expect(textsOf(long).slice(0, 2)).toEqual([[18, "Calls, per examination, mean of"], [34, "probabilities"]]); // biome-ignore format: short
  const height = (svg: string) => Number(/height="(\d+)"/.exec(svg)![1]);
  expect(height(long)).toBe(height(plain) + 16);
  const one = (svg: string) => textsOf(svg).find(([, text]) => text === "1")![0];
  expect(one(long)).toBe(one(plain) + 16);
  const endless = textsOf(calibrationSvg("word ".repeat(99), [])).slice(0, 4);
  expect(endless.map(([, text]) => text.at(-1))).toEqual(["d", "d", "d", "0"]);
  expect(endless[2]![1]).toMatch(/^….*word$/); // what is lost is the middle
});

test("a row of a forest whose name and figures do not fit on a line has them on two, whole", () => {
  const row = { name: "these readers, cases in general", estimate: 0.1, low: -0.1, high: 0.3, summary: true };
  const axis = { name: "x", scale: "identity", reference: 0, range: null } as const;
  const drawn = (words: string) =>
    textsOf(forestSvg("t", [row], axis, () => words)).filter(([, text]) => [row.name, words].includes(text));
  expect(drawn("0.100 [−0.100, 0.300]").map(([y]) => y)).toEqual([42, 57]);
  expect(drawn("0.100").map(([y]) => y)).toEqual([42, 42]);
});

test("a difference whose interval holds 0 is no proof of equality", () => {
  const read = (low: number, high: number) => readDifference("AUROC", "a minus b", interval((low + high) / 2, low, high), 0.95);
  for (const [low, high] of [[-0.1, 0.2], [0, 0.2], [-0.2, 0]] as const)
    expect(read(low, high)).toMatch(/no difference is shown, which is not that there is none\.$/); // biome-ignore format: short
  expect(read(0.1, 0.2)).toMatch(/the first is higher\.$/);
  expect(read(-0.2, -0.1)).toMatch(/is −0\.150 \[−0\.200, −0\.100\] \(95 %\): the first is lower\.$/);
  expect(aboutIntervals(0.95, "patients")).toMatch(/do not cover other hospitals/);
});

test("columns of dots have a title; the axis' name lies left of its values, the threshold's right of all dots", () => {
  const strip = (values: number[]) => ({ name: "healthy", values, colour: "#000" });
  const svg = stripSvg("Stack scores", [strip([-0.0251, 0.0149]), strip([0.01])], { name: "score above the threshold" }, 0.001);
  const texts = [...svg.matchAll(/<text x="([\d.]+)" y="[\d.]+" text-anchor="(\w+)"[^>]*>([^<]*)</g)].map((m) => [m[3]!, Number(m[1]), m[2]!] as const); // biome-ignore format: one line
  expect(texts[0]).toEqual(["Stack scores", 8, "start"]);
  const x = (name: string) => texts.find(([text]) => text === name)![1];
  for (const [text, end] of texts.filter(([, , anchor]) => anchor === "end"))
    expect(end - 6.2 * text.length).toBeGreaterThan(x("score above the threshold") + 3); // letters of this size are about 6 wide
  expect(x("threshold")).toBeGreaterThan(Math.max(...circles(svg).map(([at]) => at!)) + 3);
});

test("steps of a FROC curve never fall or run back, and their heights at the rates are what its score is the mean of", () => {
  const points: Point[] = [[0, 0], [0, 0.2], [4, 0.9], [1, 1], [9, 1]]; // biome-ignore format: a list
  const steps = frocSteps(points, 8);
  for (const [i, [x, y]] of steps.slice(1).entries()) expect([x >= steps[i]![0], y >= steps[i]![1]]).toEqual([true, true]);
  const height = (rate: number) => steps.filter(([x]) => x <= rate).at(-1)![1];
  const rates = [0.125, 0.25, 0.5, 1, 2, 4, 8];
  const score = frocScore(points.map(([falsePositivesPerCase, sensitivity]) => ({ falsePositivesPerCase, sensitivity })));
  expect(rates.map(height).reduce((a, b) => a + b) / rates.length).toBeCloseTo(score, 12);
  expect(steps.at(-1)).toEqual([8, 1]);
  expect(frocSteps([], 8)).toEqual([]);
});

test("what was measured is drawn as dots with upright intervals; a band without edges is not drawn", () => {
  const measured = { dots: [[1, 1], [4, 0.9]] as Point[], low: [[1, 0.5]] as Point[], high: [[1, 1]] as Point[] }; // biome-ignore format: short
  const svg = curvesSvg("FROC", frocAxes("stack", 4), [{ name: "m", points: [], band: { low: [], high: [] }, measured }]);
  expect(circles(svg)).toHaveLength(2);
  expect(svg).not.toContain('d="Z"');
  const upright = [...svg.matchAll(/<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"/g)].filter((m) => m[1] === m[3] && m[2] !== m[4]); // biome-ignore format: one line
  expect(upright.map((m) => Number(m[1]))).toEqual([circles(svg)[0]![0]]);
});

/** Places of circles, and of lines of a colour. */
const circles = (svg: string) =>
  [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map((m) => [Number(m[1]), Number(m[2])]);

test("points lie where the axes say: the corners of a ROC plot, the middle of its diagonal, and a point off it", () => {
  const at = (x: number, y: number) => circles(curvesSvg("ROC", rocAxes, [{ name: "m", points: [], at: [x, y] }]))[0]!;
  const [origin, corner, middle] = [at(0, 0), at(1, 1), at(0.5, 0.5)];
  expect(middle[0]).toBeCloseTo((origin[0]! + corner[0]!) / 2, 1);
  expect(middle[1]).toBeCloseTo((origin[1]! + corner[1]!) / 2, 1);
  expect(corner[0]).toBeGreaterThan(origin[0]!);
  expect(corner[1]).toBeLessThan(origin[1]!);
  const [left, top] = at(0.1, 0.8); // few false alarms, many found: on the left, above the diagonal
  expect((left! - origin[0]!) / (corner[0]! - origin[0]!)).toBeCloseTo(0.1, 2);
  expect((top! - origin[1]!) / (corner[1]! - origin[1]!)).toBeCloseTo(0.8, 2);
});

test("a curve's name that is longer than a line goes on below; no letter is cut, and no two lines of a legend lie on each other", () => {
  const long = "sub-01 and all others by mean of the probabilities .872 [.701, .958]";
  const svg = curvesSvg("ROC", rocAxes, [
    { name: long, points: [] },
    { name: "short", points: [] },
  ]);
  const texts = [...svg.matchAll(/<text x="32" y="([\d.]+)"[^>]*>([^<]*)</g)].map(([, y, text]) => ({ y: Number(y), text }));
  expect(texts.map(({ text }) => text).join(" ")).toBe(`${long} short`);
  expect(texts.map(({ y }) => y - texts[0]!.y)).toEqual([0, 17, 34]);
});

test("axes say what they are of, with units, and hostile names stay text", () => {
  const evil = `</text><script>alert(1)</script>`;
  const svgs = [
    curvesSvg(evil, frocAxes("case", 4), [{ name: evil, points: [[0, 0.2], [4, 0.9]] }]), // biome-ignore format: short
    forestSvg(evil, [{ name: evil, estimate: 0.5, low: 0.4, high: 0.6, summary: false }], { name: evil, scale: "identity", reference: 0.5, range: [0, 1] }, () => evil),
    agreementSvg(evil, [{ reference: 1, predicted: 2 }], { bias: { estimate: 1, low: null, high: null }, low: null, high: null }),
    calibrationSvg(evil, [{ from: 0, to: 0.5, n: 3, predicted: 0.2, observed: 1 / 3, low: 0.1, high: 0.7 }]),
  ]; // biome-ignore format: a list
  for (const svg of svgs) expect(svg).not.toMatch(/<script|<\/text><\/text>/);
  expect(svgs[0]).toContain("false positives per case");
  expect(svgs[2]).toContain("predicted − true (ml)");
  expect(svgs[3]).toContain("mean probability given");
});

test("a forest draws each estimate and interval in its row, on ratios by their logarithm", () => {
  const row = (estimate: number) => ({ name: String(estimate), estimate, low: estimate / 2, high: estimate * 2, summary: false });
  const svg = forestSvg("ratios", [row(1), row(2), row(4)], { name: "ratio", scale: "log", reference: 1, range: null }, () => "");
  const [one, two, four] = circles(svg) as [number[], number[], number[]];
  expect(two[0]! - one[0]!).toBeCloseTo(four[0]! - two[0]!, 0);
  expect(new Set([one[1], two[1], four[1]]).size).toBe(3);
});

test("empty bins of a calibration plot have no dot, and counts stand in all others", () => {
  const bin = (from: number, n: number) => ({ from, to: from + 0.5, n, predicted: n ? from + 0.2 : null, observed: n ? 0.5 : null, low: n ? 0.3 : null, high: n ? 0.7 : null }); // biome-ignore format: one line
  const svg = calibrationSvg("c", [bin(0, 0), bin(0.5, 12_345)]);
  expect(circles(svg)).toHaveLength(1);
  expect(svg).toContain(">12k<");
  expect(svg.match(/>0<\/text>/g)).toHaveLength(2); // those of the axes: an empty bin has no count
});

test("the checklists have all of their items once, in order", () => {
  expect(claim2024.map(({ number }) => number)).toEqual(Array.from({ length: 44 }, (_, i) => String(i + 1)));
  const numbers = tripodAi.map(({ number }) => number);
  expect(new Set(numbers.map((text) => Number.parseInt(text, 10)))).toEqual(new Set(Array.from({ length: 27 }, (_, i) => i + 1)));
  expect(new Set(numbers).size).toBe(numbers.length);
  const asked = new Set([...claim2024, ...tripodAi].flatMap(({ answer }) => answer ?? []));
  expect(answerNames.filter((name) => !asked.has(name))).toEqual([]);
});

test("classes at a glance: each with its figures at every level, groups below, a dash where there is none", () => {
  const figure = (metric: string, estimate: number | null, subset = "all") =>
    ({ ...{ metric, subset, estimate, low: null, high: null, reason: null }, n: 4, clusters: 3, chance: null }) as never;
  const levels = [
    {
      per: "image",
      confusion: [],
      figures: [figure("roc_auc_macro", 0.7), figure("roc_auc:<i>", 0.6), figure("roc_auc_macro", 0.65, "weeks=16 to 19")],
    },
    {
      per: "examination, vote",
      confusion: [],
      figures: [figure("roc_auc_macro", 0.8), figure("accuracy", 0.5), figure("recall:<i>", null)],
    },
  ];
  const results = { classes: { names: ["<i>", "normal"], levels } } as unknown as Results;
  expect(classHeadline(results)).toEqual([
    "Macro AUROC of 2 classes is 0.700 per image (accuracy –); 0.800 per examination, vote (accuracy 0.500).",
  ]);
  const { markup } = classSection(results)[0]!.body;
  const rows = [...markup.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
    row!.replaceAll(/<[^>]*>/g, "|").replaceAll(/\|+/g, "|"),
  );
  expect(rows).toContain("|&lt;i&gt;|0.600|–|–|–|");
  expect(rows).toContain("|all, macro|0.700|0.800|–|–|");
  expect(rows).toContain("|weeks 16 to 19|image|3|0.650|–|–|");
  expect(classSection({} as Results)).toEqual([]);
});
