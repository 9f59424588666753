/** A place in an image, pixels. */
interface Place {
  readonly x: number;
  readonly y: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The middle of an image: where the window of a network that sees whole slices lies. */
export function middleOf({ width, height }: Size): Place {
  return { x: width / 2, y: height / 2 };
}

/**
 * Calls `visit` for each pixel of an image that a square window shows, with its index in the image and in the window.
 *
 * @param centre - Of the window; it may reach beyond the image, where nothing is visited.
 * @param size - Width and height of the window.
 */
export function forEachInWindow(
  { width, height }: Size,
  centre: Place,
  size: number,
  visit: (inImage: number, inWindow: number) => void,
): void {
  const [left, top] = [Math.round(centre.x - size / 2), Math.round(centre.y - size / 2)];
  for (let y = Math.max(0, -top); y < Math.min(size, height - top); y++) {
    for (let x = Math.max(0, -left); x < Math.min(size, width - left); x++) {
      visit(x + left + width * (y + top), x + size * y);
    }
  }
}
