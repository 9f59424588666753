/** A line of text in a plot. */
export interface TextLine {
  /** Pixels that it may take. */
  readonly width: number;
  /** Of the font, pixels. */
  readonly size: number;
  readonly bold?: boolean;
}

/** Widths of letters in ems, those of the widest font that pages are commonly shown in (DejaVu Sans) or a little more. */
const narrow = 0.42;
const usual = 0.64;
const capital = 0.79;
const wide = 1;

function emsOf(letter: string): number {
  if (/[ ijlIJfrt.,:;'|!()[\]/\\-]/.test(letter)) return narrow;
  if (/[mwMW%@<>=+~&#]|[^ -~·–]/.test(letter)) return wide;
  return /[A-Z]/.test(letter) ? capital : usual;
}

/** Pixels that a text takes at most, in the fonts of plots. */
export function textWidth(text: string, { size, bold = false }: Omit<TextLine, "width">): number {
  let ems = 0;
  for (const letter of text) ems += emsOf(letter);
  return ems * size * (bold ? 1.12 : 1);
}

/**
 * A text on at most `mostLines` lines that are nowhere wider than they may be. An interval in brackets stays together, and a word that is wider than a line goes on
 * in the next. What has no room loses its middle, not its end: there stand the figures of a legend, and the names of files.
 */
export function wrapped(text: string, line: TextLine, mostLines: number): string[] {
  const lines: string[] = [];
  for (const word of text
    .trim()
    .split(/ (?![^[]*\])/)
    .flatMap((one) => pieces(one, line))) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, line) <= line.width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines - 1), lastOf(lines.slice(mostLines - 1).join(" "), line)];
}

/** A word, or the parts of it that have room on a line. */
function pieces(word: string, line: TextLine): string[] {
  const parts = [""];
  for (const letter of word) {
    if (textWidth(parts.at(-1)! + letter, line) <= line.width) parts[parts.length - 1] += letter;
    else parts.push(letter);
  }
  return parts;
}

/** The end of a text, as much as has room on a line behind an ellipsis. */
function lastOf(text: string, line: TextLine): string {
  let end = "";
  for (const letter of [...text].reverse()) {
    if (textWidth(`…${letter}${end}`, line) > line.width) break;
    end = letter + end;
  }
  return `…${end}`;
}
