import { expect, test } from "vitest";
import { type Curves, curvePlot, curvesOf } from "./curves.ts";
import type { SweptPoint } from "./results.ts";
import { valueText } from "./table.ts";

const point = (values: Record<string, unknown>, seed: number, figure: number | null): SweptPoint => {
  const setting = JSON.stringify(values);
  const metrics =
    figure === null ? [] : [{ metric: "dice" as const, per: "slice" as const, estimate: figure, low: null, high: null }];
  return { name: `${setting} ${seed}`, setting, seed: String(seed), values: { ...values, "train.seed": seed }, state: "done", failure: null, optimistic: false, metrics, validation: [] }; // biome-ignore format: one line
};
const factorsOf = (...paths: readonly string[]) => paths.map((path) => ({ path, label: path.split(".").at(-1)! }));
const figureOf = ({ metrics }: SweptPoint) => metrics[0]?.estimate ?? null;

const shares = [0.05, 0.1, 1].flatMap((share) =>
  [0, 1, 2].flatMap((seed) => [
    point({ name: "none", "train.share": share }, seed, share + 0.01 * seed),
    point({ name: "restored", "pretrain.task": "restore", "train.share": share }, seed, 2 * share),
  ]),
);

test("a curve for each name, means over seeds, numbers rising; a seed is no number, and what a name decides is not told", () => {
  const factors = factorsOf("train.share", "name", "pretrain.task", "train.seed");
  const found = curvesOf({ points: [...shares].reverse(), factors }, figureOf, valueText);
  expect(found).toHaveLength(1);
  expect(found[0]!.factor).toBe("share");
  expect(found[0]!.curves.map(({ name }) => name).sort()).toEqual(["none", "restored"]);
  const none = found[0]!.curves.find(({ name }) => name === "none")!;
  expect(none.points.map(([x]) => x)).toEqual([0.05, 0.1, 1]);
  for (const [x, y] of none.points) expect(y).toBeCloseTo(x + 0.01, 12);
});

test("without names every other option is told; two values, words and too many curves make no plot", () => {
  const grid = [1, 2, 3].flatMap((steps) => ["a", "b"].map((kind) => point({ "train.steps": steps, kind }, 0, steps)));
  const curves = (points: readonly SweptPoint[], ...paths: string[]) =>
    curvesOf({ points: [...points], factors: factorsOf(...paths) }, figureOf, valueText);
  expect(curves(grid, "train.steps", "kind")[0]!.curves.map(({ name }) => name)).toEqual(["kind a", "kind b"]);
  expect(
    curves(
      grid.filter(({ values }) => values["train.steps"] !== 3),
      "train.steps",
      "kind",
    ),
  ).toEqual([]);
  const many = [1, 2, 3].flatMap((steps) =>
    Array.from({ length: 13 }, (_, k) => point({ "train.steps": steps, kind: `k${k}` }, 0, 1)),
  );
  expect(curves(many, "train.steps", "kind")).toEqual([]);
});

/** Places of the dots of the first curve, pixels. */
const dots = (curves: Curves) =>
  [...curvePlot(curves, "Dice", [0, 1]).matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(
    ([, x, y]) => [Number(x), Number(y)] as const,
  );

test("numbers that span much lie evenly by their logarithm, others by themselves; higher figures lie higher", () => {
  const plot = (xs: readonly number[]) =>
    dots({ factor: "share", curves: [{ name: "none", points: xs.map((x, i) => [x, 0.2 + 0.2 * i]) }] });
  const [a, b, c] = plot([0.01, 0.1, 1]) as unknown as [number[], number[], number[]];
  expect(b[0]! - a[0]!).toBeCloseTo(c[0]! - b[0]!, 0);
  expect(a[1]! - b[1]!).toBeCloseTo(b[1]! - c[1]!, 0);
  expect(a[1]!).toBeGreaterThan(c[1]!);
  const [d, e, f] = plot([0.2, 0.4, 1]) as unknown as [number[], number[], number[]];
  expect((f[0]! - e[0]!) / (e[0]! - d[0]!)).toBeCloseTo(3, 1);
});

test("names are text, and the sixth curve is told from the first", () => {
  const curves = Array.from({ length: 6 }, (_, i) => ({ name: i === 0 ? "<b>" : `k${i}`, points: [[1, 0.5], [2, 0.6]] as const })); // biome-ignore format: short
  const svg = curvePlot({ factor: "share", curves }, "Dice", [0, 1]);
  expect(svg).toContain("&lt;b&gt;");
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
});
