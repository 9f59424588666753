import type { Rectangle } from "../../core/rectangle.ts";
import { type AnchorSize, yoloStrides } from "../../models/yolo/design.ts";

/** An object to be found: its box in pixels of the network's input, and its class. */
export interface BoxTarget {
  readonly box: Rectangle;
  /** 0-based. */
  readonly label: number;
}

/** What assignment needs to know of the network and the batch. */
export interface AssignOptions {
  /** Of the network's input, pixels; multiples of 32. */
  readonly width: number;
  readonly height: number;
  readonly anchors: readonly (readonly AnchorSize[])[];
  readonly classes: number;
  /** Places of each level, filled up with places that do not count, so that every batch has one shape. Nine for each box are always enough. */
  readonly places: number;
  /** An anchor learns from boxes whose sides are less than this many times its own, and more than this part of them. */
  readonly anchorRatio: number;
}

/** Which anchors of which cells learn from which boxes at one level, over the whole batch. */
export interface LevelTargets {
  /** Position of each place's anchor among N x rows x columns x 3, row-major. */
  readonly cells: Int32Array;
  /** Rows as {@link placeNumbers} says. */
  readonly numbers: Float32Array;
}

/**
 * Numbers of a place: whether it counts; whether its overlap is the objectness that its anchor learns, where several boxes meet; width and height of the anchor;
 * left, top, right, bottom of the box, all in cells from the corner of its cell; then 1 at its class.
 */
export const placeNumbers = (classes: number): number => 8 + classes;

/** One anchor of one cell that learns from one box. Cells. */
interface Place {
  readonly cell: number;
  readonly anchor: readonly [number, number];
  readonly box: readonly number[];
  readonly label: number;
}

/**
 * Decides which anchors learn from which boxes: at each level those whose sides are within `anchorRatio` of the box's, in the cell that holds the box's
 * middle and in the nearest one beside and above or below it. Where several boxes come to one anchor it learns all of them, and the overlap with the last as its objectness.
 *
 * @param pictures - The boxes of each picture of the batch, middles within the picture.
 * @returns For the strides 8, 16 and 32.
 * @throws {RangeError} If a box is empty, its middle is outside the picture, its class is not one, or there are more places than `places`.
 *
 * Source: YOLOv5 v3 and later. A middle on the border of two cells counts there twice for one of them, here once.
 */
export function assignTargets(pictures: readonly (readonly BoxTarget[])[], options: AssignOptions): LevelTargets[] {
  for (const targets of pictures) for (const target of targets) checkTarget(target, options);
  return yoloStrides.map((stride, level) => {
    const found = pictures.flatMap((targets, picture) =>
      targets.flatMap((target) => placesOf(target, picture, stride, options.anchors[level]!, options)),
    );
    return packed(found, options);
  });
}

function checkTarget({ box, label }: BoxTarget, { width, height, classes }: AssignOptions): void {
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  if (!(box.right > box.left && box.bottom > box.top && x >= 0 && y >= 0 && x < width && y < height))
    throw new RangeError(
      `assignTargets: boxes have an area and their middle in the ${width} x ${height} pixels; got ${JSON.stringify(box)}`,
    );
  if (!Number.isInteger(label) || label < 0 || label >= classes)
    throw new RangeError(`assignTargets: labels are 0 to ${classes - 1}; got ${label}`);
}

function placesOf(
  { box, label }: BoxTarget,
  picture: number,
  stride: number,
  anchors: readonly AnchorSize[],
  { width, height, anchorRatio }: AssignOptions,
): Place[] {
  const [columns, rows] = [width / stride, height / stride];
  const edges = [box.left, box.top, box.right, box.bottom].map((edge) => edge / stride);
  const [across, down] = [edges[2]! - edges[0]!, edges[3]! - edges[1]!];
  return anchors.flatMap((size, i) => {
    const anchor = [size[0] / stride, size[1] / stride] as const;
    const ratios = [across / anchor[0], down / anchor[1]].flatMap((ratio) => [ratio, 1 / ratio]);
    if (!(Math.max(...ratios) < anchorRatio)) return [];
    return cellsNear((edges[0]! + edges[2]!) / 2, (edges[1]! + edges[3]!) / 2, columns, rows).map(([x, y]) => ({
      cell: ((picture * rows + y) * columns + x) * 3 + i,
      anchor,
      box: edges.map((edge, axis) => edge - [x, y][axis % 2]!),
      label,
    }));
  });
}

/** The cell around a point, the nearest beside it, and the nearest above or below: none where the point is in the middle or the picture ends. */
function cellsNear(x: number, y: number, columns: number, rows: number): [number, number][] {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const cells: [number, number][] = [[column, row]];
  const [beside, above] = [column + Math.sign(x - column - 0.5), row + Math.sign(y - row - 0.5)];
  if (beside !== column && beside >= 0 && beside < columns) cells.push([beside, row]);
  if (above !== row && above >= 0 && above < rows) cells.push([column, above]);
  return cells;
}

function packed(found: readonly Place[], { places, classes }: AssignOptions): LevelTargets {
  if (found.length > places)
    throw new RangeError(`assignTargets: ${places} places a level; got ${found.length}. Nine for each box are always enough.`);
  const length = placeNumbers(classes);
  const cells = new Int32Array(places);
  const numbers = new Float32Array(places * length);
  const last = new Map(found.map(({ cell }, i) => [cell, i]));
  for (let i = 0; i < places; i++) {
    const place = found[i];
    if (place === undefined) {
      numbers.set([0, 0, 1, 1, 0, 0, 1, 1], i * length);
      continue;
    }
    cells[i] = place.cell;
    numbers.set([1, last.get(place.cell) === i ? 1 : 0, ...place.anchor, ...place.box], i * length);
    numbers[i * length + 8 + place.label] = 1;
  }
  return { cells, numbers };
}
