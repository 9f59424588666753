import { expect, test } from "vitest";
import type { Volume } from "../core/volume.ts";
import { attendedOf, attentionWords, bagPicture, mostAttended, parseAttention } from "./attention.ts";
import type { Tables, Unit } from "./table.ts";

const unit = (id: string, label: 0 | 1, slice: number | null) => ({ case: id, subject: id, label, slice }) as Unit;
/** Stack `a` shows blood in slices 1 and 2 of four, `b` is healthy, `c` has a lesion that no slice shows. */
const tables = {
  stack: [unit("a", 1, null), unit("b", 0, null), unit("c", 1, null)],
  slice: ["a", "b", "c"].flatMap((id) => [0, 1, 2, 3].map((i) => unit(id, id === "a" && (i === 1 || i === 2) ? 1 : 0, i))),
} as unknown as Tables;
const told = (a: readonly number[]) => {
  const lines = ["a", "b", "c"].flatMap((id) => a.map((share, i) => `${id},${id},${i},${share},0.5`));
  return parseAttention(`subject,case,slice,attention,logit\n${lines.join("\n")}\n`, "attention.csv");
};

test("a stack is pointed at where the most attended slice shows its lesion; equal shares reach chance", () => {
  const hits = (shares: readonly number[]) => attendedOf(tables, told(shares));
  expect(hits([0.1, 0.2, 0.6, 0.1])).toEqual([{ subject: "a", hit: 1, chance: 0.5 }]);
  expect(hits([0.7, 0.1, 0.1, 0.1])).toEqual([{ subject: "a", hit: 0, chance: 0.5 }]);
  expect(hits([0.25, 0.25, 0.25, 0.25])).toEqual([{ subject: "a", hit: 0.5, chance: 0.5 }]);
  expect(hits([0.4, 0.4, 0.1, 0.1])[0]!.hit).toBe(0.5); // 0 and 1 are equal, one of them shows it
});

test("what is shown is said: number, share, and where the lesion is", () => {
  const own = told([0.1, 0.2, 0.6, 0.1]).get("a")!;
  expect(mostAttended(own).map(({ slice }) => slice)).toEqual([2, 1, 0, 3]);
  const of = (id: string) => attentionWords(own, tables.slice, id);
  expect(of("a")).toBe(
    "most attended of 4 slices, with their shares: 2 (0.60), 1 (0.20), 0 (0.10), 3 (0.10); the lesion is in 1, 2",
  );
  expect(of("b")).not.toContain("lesion");
});

test("bars are as long as the shares", () => {
  const image: Volume = {
    data: new Float32Array(8 * 8 * 4).fill(1),
    shape: [8, 8, 4],
    affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0],
  };
  const { width, height, data } = bagPicture(image, null, null, told([0.25, 0.5, 0.25, 0]).get("a")!, null);
  const orange = Array.from({ length: width }, (_, x) => data[3 * (x + width * (height - 3))] === 255 && data[3 * (x + width * (height - 3)) + 2] === 27); // biome-ignore format: one line
  expect(orange.filter(Boolean)).toHaveLength(79 + 40 + 40);
  expect(orange.slice(0, 80).filter(Boolean)).toHaveLength(79); // the most attended stands first
});

test("number and share stand above the slice, never on it", () => {
  const image: Volume = {
    data: Float32Array.from({ length: 8 * 8 * 4 }, (_, i) => i % 7),
    shape: [8, 8, 4],
    affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0],
  };
  const drawn = (shares: readonly number[]) => bagPicture(image, null, null, told(shares).get("a")!, null);
  const [a, b] = [drawn([0.4, 0.3, 0.2, 0.1]), drawn([0.7, 0.15, 0.1, 0.05])];
  const rows = ({ width, data }: typeof a, from: number, to: number) => data.subarray(3 * width * from, 3 * width * to);
  const [top, bottom] = [a.height - 158 - 8, a.height - 8];
  expect(rows(a, top, bottom)).toEqual(rows(b, top, bottom));
  expect(rows(a, 0, top)).not.toEqual(rows(b, 0, top));
});

test("a file that is none is refused", () => {
  expect(() => parseAttention("subject,case,slice\na,a,0\n", "attention.csv")).toThrow("attention.csv:2: must have case, slice and attention"); // biome-ignore format: one line
});
