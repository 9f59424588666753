import { UserError } from "../core/errors.ts";

/**
 * A fault in a file that the user gave, as one line: where, which rule, what was got, the way out.
 *
 * @param where - File, and what in it; shown with control characters escaped.
 * @param rule - What must hold: "bitpix must be 16 for datatype int16".
 * @param got - What was there instead.
 * @param wayOut - A sentence telling what to do, without a final stop.
 */
export function dataFault(where: string, rule: string, got: string | number, wayOut: string): UserError {
  return new UserError("data", `${oneLine(where)}: ${rule}; got ${oneLine(String(got))}. ${wayOut}.`);
}

/**
 * Text that stays on its line: control characters, line separators and characters that turn the reading direction
 * become `\n`-like or `\u{…}` escapes, so that a file name cannot forge a line of the report.
 */
export function oneLine(text: string): string {
  const named: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (c) => {
    return named[c] ?? `\\u{${c.codePointAt(0)!.toString(16)}}`;
  });
}
