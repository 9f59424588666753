/**
 * COCO's run lengths of one label of a label image: pixels column by column, runs of 0 and 1 in turn, beginning with 0.
 *
 * @param labels - Row by row.
 * Source: pycocotools, maskApi.c.
 */
export function runLengths(labels: ArrayLike<number>, width: number, height: number, label: number): number[] {
  const counts: number[] = [];
  let inside = false;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if ((labels[x + width * y] === label) !== inside) {
        counts.push(run);
        run = 0;
        inside = !inside;
      }
      run++;
    }
  }
  counts.push(run);
  return counts;
}
