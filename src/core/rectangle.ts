/** An upright rectangle in a picture, edges in pixels: pixel (0, 0) reaches from 0 to 1 in both directions. Empty unless right > left and bottom > top. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Square pixels, 0 where it is empty. */
export function rectangleArea({ left, top, right, bottom }: Rectangle): number {
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

/** What two rectangles share; empty where they do not meet. */
export function sharedRectangle(a: Rectangle, b: Rectangle): Rectangle {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
}

/** Intersection over union, in [0, 1]; NaN where both are empty. */
export function rectangleIou(a: Rectangle, b: Rectangle): number {
  const shared = rectangleArea(sharedRectangle(a, b));
  return shared / (rectangleArea(a) + rectangleArea(b) - shared);
}

/** Scaled along x and y from the picture's corner, then moved. */
export function movedRectangle(
  { left, top, right, bottom }: Rectangle,
  scale: readonly [number, number],
  shift: readonly [number, number],
): Rectangle {
  return {
    left: left * scale[0] + shift[0],
    top: top * scale[1] + shift[1],
    right: right * scale[0] + shift[0],
    bottom: bottom * scale[1] + shift[1],
  };
}
