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

/** How many of something there are in pictures; a picture may come several times. */
export interface PictureCounts {
  readonly image: Uint32Array;
  readonly count: Uint32Array;
}

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
  /** Objects that count, by area. */
  readonly objects: readonly PictureCounts[];
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
 * @throws {RangeError} If classes times pictures times boxes are more than 2^53.
 *
 * Source: pycocotools' COCOeval, to the rounding; Lin et al. 2014, arXiv:1405.0312.
 */
export function matchColumns(truth: TrueColumns, found: FoundColumns, options: MatchOptions): MatchedClass[] {
  const there = groupedPlaces(truth);
  const seen = groupedPlaces(found);
  const labels = [...new Set([...truth.label, ...found.label])].sort((a, b) => a - b);
  let [t, f] = [0, 0];
  return labels.map((label) => {
    const [fromTrue, fromFound] = [t, f];
    while (t < there.length && truth.label[there[t]!] === label) t++;
    while (f < seen.length && found.label[seen[f]!] === label) f++;
    return matchClass(label, truth, there.subarray(fromTrue, t), found, seen.subarray(fromFound, f), options);
  });
}

/** Places of boxes by class, picture, then in their own order: sorted as numbers that hold all three, which is much quicker than to compare places. */
function groupedPlaces({ label, image }: BoxColumns): Uint32Array {
  const n = label.length;
  const pictures = image.reduce((most, v) => Math.max(most, v), 0) + 1;
  const classes = label.reduce((most, v) => Math.max(most, v), 0) + 1;
  if (classes * pictures * n > Number.MAX_SAFE_INTEGER)
    throw new RangeError(`matchColumns: too many: ${classes} classes, ${pictures} pictures, ${n} boxes`);
  const keys = new Float64Array(n);
  for (let i = 0; i < n; i++) keys[i] = (label[i]! * pictures + image[i]!) * n + i;
  keys.sort();
  const places = new Uint32Array(n);
  for (let i = 0; i < n; i++) places[i] = keys[i]! % n;
  return places;
}

function matchClass(
  label: number,
  truth: TrueColumns,
  there: Uint32Array,
  found: FoundColumns,
  seen: Uint32Array,
  options: MatchOptions,
): MatchedClass {
  const verdicts = options.areas.map(() => options.overlaps.map(() => new Uint8Array(seen.length)));
  const kept = new Uint32Array(seen.length);
  const rank = new Uint8Array(seen.length);
  let [from, t, size] = [0, 0, 0];
  while (from < seen.length) {
    const image = found.image[seen[from]!]!;
    const to = endOf(found.image, seen, from, image);
    while (t < there.length && truth.image[there[t]!]! < image) t++;
    const end = endOf(truth.image, there, t, image);
    const best = seen.subarray(from, to).sort((a, b) => found.score[b]! - found.score[a]! || a - b).subarray(0, perPicture); // biome-ignore format: short
    kept.set(best, size);
    for (let i = 0; i < best.length; i++) rank[size + i] = i;
    matchPicture(truth, there.subarray(t, end), found, best, options, verdicts, size);
    [from, t, size] = [to, end, size + best.length];
  }
  const scores = new Float64Array(size);
  for (let i = 0; i < size; i++) scores[i] = found.score[kept[i]!]!;
  const order = sortByScore(scores);
  return {
    label,
    image: order.map((i) => found.image[kept[i]!]!),
    score: taken(scores, order, new Float64Array(size)),
    rank: taken(rank, order, new Uint8Array(size)),
    verdicts: verdicts.map((ofArea) => ofArea.map((of) => taken(of, order, new Uint8Array(size)))),
    objects: options.areas.map((area) => countObjects(truth, there, area)),
  };
}

/** The values at some places. */
function taken<T extends Float64Array | Uint8Array | Uint32Array>(values: T, places: Uint32Array, out: T): T {
  for (let i = 0; i < places.length; i++) out[i] = values[places[i]!]!;
  return out;
}

/** Objects of each picture that count; places are in the order of pictures. */
function countObjects(truth: TrueColumns, there: Uint32Array, area: AreaRange): PictureCounts {
  const image: number[] = [];
  const count: number[] = [];
  for (const at of there) {
    if (!counts(truth, at, area)) continue;
    if (image.at(-1) !== truth.image[at]) count[image.push(truth.image[at]!) - 1] = 0;
    count[count.length - 1]!++;
  }
  return { image: Uint32Array.from(image), count: Uint32Array.from(count) };
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
  readonly crowd: Uint32Array;
  /** Those that count first. */
  readonly order: Uint32Array;
  /** How many of them count. */
  readonly counting: number;
  readonly isTaken: Uint8Array;
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
  const crowd = there.map((at) => truth.crowd[at]!);
  const [order, isTaken] = [new Uint32Array(there.length), new Uint8Array(there.length)];
  for (let a = 0; a < areas.length; a++) {
    const area = areas[a]!;
    const counting = orderObjects(truth, there, area, order);
    const picture = { shared, objects: there.length, crowd, order, counting, isTaken };
    for (let o = 0; o < overlaps.length; o++) {
      const out = verdicts[a]![o]!;
      isTaken.fill(0);
      for (let d = 0; d < seen.length; d++) {
        const best = bestFor(picture, d, overlaps[o]!);
        if (best >= 0) isTaken[order[best]!] = 1;
        if (best < 0) out[first + d] = hasSize(found, seen[d]!, area) ? verdict.wrong : verdict.ignored;
        else out[first + d] = best < counting ? verdict.right : verdict.ignored;
      }
    }
  }
}

/** Writes the places of objects, those that count first, and returns how many do. */
function orderObjects(truth: TrueColumns, there: Uint32Array, area: AreaRange, order: Uint32Array): number {
  let counting = 0;
  for (let g = 0; g < there.length; g++) if (counts(truth, there[g]!, area)) order[counting++] = g;
  let at = counting;
  for (let g = 0; g < there.length; g++) if (!counts(truth, there[g]!, area)) order[at++] = g;
  return counting;
}

/** Place in the order of the object that a box takes; -1 for none. */
function bestFor({ shared, objects, crowd, order, counting, isTaken }: Picture, d: number, overlap: number): number {
  let [best, most] = [-1, Math.min(overlap, 1 - 1e-10)]; // an overlap of 1 survives rounding; pycocotools' number
  for (let k = 0; k < objects; k++) {
    if (k === counting && best >= 0) break;
    const g = order[k]!;
    if (isTaken[g] === 1 && crowd[g] === 0) continue;
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
