/** A line of a YOLO text file that says something. */
export interface YoloLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Class from 0, then middle x and y, width and height as shares of the picture, then the confidence if there is one; NaN where a word is no number. */
  readonly values: readonly number[];
}

/** The lines of a text file of boxes, as YOLOv5 and Ultralytics read and write them: what they hold is for the caller to check. */
export function yoloLines(file: string): YoloLine[] {
  return file.split(/\r?\n/).flatMap((line, i) => {
    const text = line.trim();
    return text === "" ? [] : [{ number: i + 1, text, values: text.split(/\s+/).map(Number) }];
  });
}
