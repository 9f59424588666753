/** Boxes of pictures, as columns. */
export interface BoxColumns {
  /** Number of each box's picture. */
  readonly image: Uint32Array;
  /** Number of its class. */
  readonly label: Uint32Array;
  /** Left, top, width and height of each in pixels, one box after the other; width and height above 0. */
  readonly sides: Float64Array;
}

/** Objects that are there. */
export interface TrueColumns extends BoxColumns {
  /** What decides whether an object is small, medium or large, square pixels; not always the box's. */
  readonly area: Float64Array;
  /** 1 where a box is around many objects: what is found in it is neither right nor wrong. */
  readonly crowd: Uint8Array;
}

/** Objects that were found. */
export interface FoundColumns extends BoxColumns {
  readonly score: Float64Array;
}

/** The overlaps that COCO averages over: .5 to .95. */
export const cocoOverlaps: readonly number[] = Array.from({ length: 10 }, (_, i) => 0.5 + i * 0.05);

/** Objects of which sizes count, both ends included, square pixels. */
export interface AreaRange {
  readonly from: number;
  readonly to: number;
}

/** COCO's. */
export const cocoAreas = {
  all: { from: 0, to: 1e10 },
  small: { from: 0, to: 32 ** 2 },
  medium: { from: 32 ** 2, to: 96 ** 2 },
  large: { from: 96 ** 2, to: 1e10 },
} as const satisfies Record<string, AreaRange>;

/** Of a picture and class only the best so many count; COCO's. */
const perPicture = 100;

/** What became of a box: whether it found an object that counts, or does not count itself. */
export const verdict = { wrong: 0, right: 1, ignored: 2 } as const;

/** The boxes of one class, matched once: what every resample of pictures needs. Made by {@link matchColumns}. */
export interface MatchedClass {
  readonly label: number;
  /** Picture of each box found, from the best score down; equal scores keep the order of their pictures, then their own. */
  readonly image: Uint32Array;
  readonly score: Float64Array;
  /** Place of each among those of its picture, from 0. */
  readonly rank: Uint8Array;
  /** What became of each: `verdicts[area][overlap]`. */
  readonly verdicts: readonly (readonly Uint8Array[])[];
  /** Pictures of the objects that count, by area. */
  readonly trueIn: readonly Uint32Array[];
}

/** Which matches are wanted. */
export interface MatchOptions {
  readonly overlaps: readonly number[];
  readonly areas: readonly AreaRange[];
}

/**
 * Matches boxes with objects of their picture and class, for each overlap and range of areas: from the best score down each takes the object that it
 * overlaps most, of those not taken, if by at least the overlap; an object that counts goes before one that does not. A crowd can be taken often, and the
 * overlap with it is the share of the box. What finds an object that does not count, or nothing and is of another size itself, is ignored.
 *
 * @returns One entry for each class that is there or was found, ascending.
 *
 * Source: pycocotools' COCOeval, to the rounding; Lin et al. 2014, arXiv:1405.0312.
 */
export function matchColumns(truth: TrueColumns, found: FoundColumns, options: MatchOptions): MatchedClass[] {
  const there = sortedPlaces(truth, () => 0);
  const seen = sortedPlaces(found, (a, b) => found.score[b]! - found.score[a]!);
  const labels = [...new Set([...truth.label, ...found.label])].sort((a, b) => a - b);
  let [t, f] = [0, 0];
  return labels.map((label) => {
    const [fromTrue, fromFound] = [t, f];
    while (t < there.length && truth.label[there[t]!] === label) t++;
    while (f < seen.length && found.label[seen[f]!] === label) f++;
    return matchClass(label, truth, there.subarray(fromTrue, t), found, seen.subarray(fromFound, f), options);
  });
}

/** Places of boxes by class, picture, then as asked for, then in their own order. */
function sortedPlaces({ label, image }: BoxColumns, then: (a: number, b: number) => number): Uint32Array {
  const places = new Uint32Array(label.length);
  for (let i = 0; i < places.length; i++) places[i] = i;
  return places.sort((a, b) => label[a]! - label[b]! || image[a]! - image[b]! || then(a, b) || a - b);
}

function matchClass(
  label: number,
  truth: TrueColumns,
  there: Uint32Array,
  found: FoundColumns,
  seen: Uint32Array,
  options: MatchOptions,
): MatchedClass {
  const { kept, rank } = bestOfEach(found.image, seen);
  const verdicts = options.areas.map(() => options.overlaps.map(() => new Uint8Array(kept.length)));
  let [from, t] = [0, 0];
  while (from < kept.length) {
    const image = found.image[kept[from]!]!;
    const to = endOf(found.image, kept, from, image);
    while (t < there.length && truth.image[there[t]!]! < image) t++;
    const end = endOf(truth.image, there, t, image);
    matchPicture(truth, there.subarray(t, end), found, kept.subarray(from, to), options, verdicts, from);
    [from, t] = [to, end];
  }
  const order = sortByScore(Float64Array.from(kept, (at) => found.score[at]!));
  const reordered = (values: Uint8Array) => Uint8Array.from(order, (i) => values[i]!);
  return {
    label,
    image: Uint32Array.from(order, (i) => found.image[kept[i]!]!),
    score: Float64Array.from(order, (i) => found.score[kept[i]!]!),
    rank: reordered(rank),
    verdicts: verdicts.map((of) => of.map(reordered)),
    trueIn: options.areas.map((area) => there.filter((at) => counts(truth, at, area)).map((at) => truth.image[at]!)),
  };
}

/** Of boxes in the order of their pictures and scores those that count, and the place of each in its picture. */
function bestOfEach(image: Uint32Array, places: Uint32Array): { kept: Uint32Array; rank: Uint8Array } {
  const kept = new Uint32Array(places.length);
  const rank = new Uint8Array(places.length);
  let [size, before] = [0, 0];
  for (let i = 0; i < places.length; i++) {
    before = i > 0 && image[places[i - 1]!] === image[places[i]!] ? before + 1 : 0;
    if (before >= perPicture) continue;
    kept[size] = places[i]!;
    rank[size++] = before;
  }
  return { kept: kept.subarray(0, size), rank: rank.subarray(0, size) };
}

/** Where the boxes of a picture end that begin at `from`. */
function endOf(image: Uint32Array, places: Uint32Array, from: number, picture: number): number {
  let end = from;
  while (end < places.length && image[places[end]!] === picture) end++;
  return end;
}

/** Places from the best score down, equal scores in their order. */
export function sortByScore(scores: Float64Array): Uint32Array {
  const places = new Uint32Array(scores.length);
  for (let i = 0; i < places.length; i++) places[i] = i;
  return places.sort((a, b) => scores[b]! - scores[a]! || a - b);
}

function counts({ area, crowd }: TrueColumns, at: number, { from, to }: AreaRange): boolean {
  return crowd[at] === 0 && area[at]! >= from && area[at]! <= to;
}

/** One picture at work: overlaps of every box with every object, objects in the order in which they may be taken. */
interface Picture {
  /** `shared[d * objects + g]`. */
  readonly shared: Float64Array;
  readonly objects: number;
  readonly crowd: Uint8Array;
  /** Those that count first. */
  readonly order: Uint32Array;
  /** How many of them count. */
  readonly counting: number;
  readonly taken: Uint8Array;
}

/** Matches one picture; what became of its boxes goes to `verdicts[area][overlap]`, from place `first` on. */
function matchPicture(
  truth: TrueColumns,
  there: Uint32Array,
  found: FoundColumns,
  seen: Uint32Array,
  { overlaps, areas }: MatchOptions,
  verdicts: readonly (readonly Uint8Array[])[],
  first: number,
): void {
  const shared = overlapTable(truth, there, found, seen);
  const crowd = Uint8Array.from(there, (at) => truth.crowd[at]!);
  for (let a = 0; a < areas.length; a++) {
    const area = areas[a]!;
    const places = [...there.keys()];
    const count = places.filter((g) => counts(truth, there[g]!, area));
    const order = Uint32Array.from([...count, ...places.filter((g) => !counts(truth, there[g]!, area))]);
    const picture = { shared, objects: there.length, crowd, order, counting: count.length, taken: new Uint8Array(there.length) };
    const fits = Uint8Array.from(seen, (at) => (hasSize(found, at, area) ? 1 : 0));
    for (let o = 0; o < overlaps.length; o++) {
      const out = verdicts[a]![o]!;
      picture.taken.fill(0);
      for (let d = 0; d < seen.length; d++) {
        const best = bestFor(picture, d, overlaps[o]!);
        if (best < 0) out[first + d] = fits[d] === 1 ? verdict.wrong : verdict.ignored;
        else out[first + d] = best < picture.counting ? verdict.right : verdict.ignored;
        if (best >= 0) picture.taken[order[best]!] = 1;
      }
    }
  }
}

/** Place in the order of the object that a box takes; -1 for none. */
function bestFor({ shared, objects, crowd, order, counting, taken }: Picture, d: number, overlap: number): number {
  let [best, most] = [-1, Math.min(overlap, 1 - 1e-10)]; // an overlap of 1 survives rounding; pycocotools' number
  for (let k = 0; k < objects; k++) {
    if (k === counting && best >= 0) break;
    const g = order[k]!;
    if (taken[g] === 1 && crowd[g] === 0) continue;
    const one = shared[d * objects + g]!;
    if (one < most) continue;
    [best, most] = [k, one];
  }
  return best;
}

/** Intersection over union of every box with every object; over the box alone where the object is a crowd. In pycocotools' order of operations. */
function overlapTable(truth: TrueColumns, there: Uint32Array, found: FoundColumns, seen: Uint32Array): Float64Array {
  const table = new Float64Array(seen.length * there.length);
  for (let d = 0; d < seen.length; d++) {
    for (let g = 0; g < there.length; g++) {
      const own = truth.crowd[there[g]!] === 1;
      table[d * there.length + g] = boxOverlap(found.sides, seen[d]!, truth.sides, there[g]!, own);
    }
  }
  return table;
}

/** Intersection over union of two boxes. @param ofFirst - Over the area of the first alone instead. */
export function boxOverlap(first: Float64Array, a: number, second: Float64Array, b: number, ofFirst = false): number {
  const [x, y, w, h] = [first[4 * a]!, first[4 * a + 1]!, first[4 * a + 2]!, first[4 * a + 3]!];
  const [u, v, p, q] = [second[4 * b]!, second[4 * b + 1]!, second[4 * b + 2]!, second[4 * b + 3]!];
  const width = Math.min(w + x, p + u) - Math.max(x, u);
  const height = Math.min(h + y, q + v) - Math.max(y, v);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (ofFirst ? w * h : w * h + p * q - shared);
}

function hasSize({ sides }: FoundColumns, at: number, { from, to }: AreaRange): boolean {
  const area = sides[4 * at + 2]! * sides[4 * at + 3]!;
  return area >= from && area <= to;
}
