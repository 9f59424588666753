import { boxOverlap, type FoundColumns, type TrueColumns } from "./match.ts";

/**
 * Which class is found where which is: pairs of boxes of one picture, of whatever class, are taken from the largest overlap down, each box once. What is left is found in
 * the background, or taken for it. Crowds are no objects here, and what no object claims but a crowd overlaps by at least `overlap` counts for nothing.
 *
 * @param confidence - Boxes with a score of at least this count. @param classes - Labels are below this.
 * @returns `matrix[class found][class there]`, background last in both.
 *
 * Source: the rule of Ultralytics' confusion matrix (pairs by overlap, not by score); of equal overlaps the box with the higher score goes first.
 */
export function boxConfusion(
  truth: TrueColumns,
  found: FoundColumns,
  classes: number,
  overlap: number,
  confidence: number,
): number[][] {
  const matrix = Array.from({ length: classes + 1 }, () => new Array<number>(classes + 1).fill(0));
  const there = byImage(truth.image, (at) => truth.crowd[at] === 0);
  const crowds = byImage(truth.image, (at) => truth.crowd[at] === 1);
  const seen = byImage(found.image, (at) => found.score[at]! >= confidence);
  for (const image of new Set([...there.keys(), ...seen.keys()])) {
    const [objects, boxes] = [there.get(image) ?? [], seen.get(image) ?? []];
    const taken = takePairs(truth, objects, found, boxes, overlap);
    for (const box of boxes) {
      const inCrowd = () => crowds.get(image)?.some((at) => boxOverlap(found.sides, box, truth.sides, at, true) >= overlap);
      const object = taken.get(box);
      if (object === undefined && inCrowd() === true) continue;
      matrix[found.label[box]!]![object === undefined ? classes : truth.label[object]!]!++;
    }
    const claimed = new Set(taken.values());
    for (const object of objects) if (!claimed.has(object)) matrix[classes]![truth.label[object]!]!++;
  }
  return matrix;
}

/** The object that each box takes. */
function takePairs(
  truth: TrueColumns,
  objects: number[],
  found: FoundColumns,
  boxes: number[],
  overlap: number,
): Map<number, number> {
  const pairs = boxes.flatMap((box) =>
    objects.map((object) => ({ box, object, shared: boxOverlap(found.sides, box, truth.sides, object) })),
  );
  const near = pairs.filter(({ shared }) => shared >= overlap);
  near.sort((a, b) => b.shared - a.shared || found.score[b.box]! - found.score[a.box]! || a.box - b.box || a.object - b.object);
  const taken = new Map<number, number>();
  const claimed = new Set<number>();
  for (const { box, object } of near) {
    if (taken.has(box) || claimed.has(object)) continue;
    taken.set(box, object);
    claimed.add(object);
  }
  return taken;
}

function byImage(image: Uint32Array, takes: (at: number) => boolean): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (let at = 0; at < image.length; at++) {
    if (!takes(at)) continue;
    const group = groups.get(image[at]!);
    if (group === undefined) groups.set(image[at]!, [at]);
    else group.push(at);
  }
  return groups;
}
