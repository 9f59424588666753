/**
 * Words on standard error. Progress is one line that changes on a terminal, and a line every ten seconds elsewhere.
 *
 * @param {{ isTTY?: boolean, write(text: string): unknown }} [out]
 * @param {() => number} [now] - Milliseconds, growing.
 * @returns {import("../../src/core/context.ts").Reporter}
 */
export function consoleReporter(out = process.stderr, now = () => performance.now()) {
  const isTerminal = out.isTTY === true && process.env.TERM !== "dumb";
  let isOpen = false; // a progress line without its line break
  let last = Number.NEGATIVE_INFINITY;
  const line = (/** @type {string} */ text) => {
    out.write(`${isOpen ? "\r\x1b[K" : ""}${text}\n`);
    isOpen = false;
    last = now();
  };
  return {
    info: line,
    warn: line,
    progress(label, done, total, note) {
      const text =
        note === "bytes" ? `${label} ${inMegabytes(done)} of ${inMegabytes(total)} MB` : `${label}${note ? ` ${note}` : ""}`;
      if (isTerminal) {
        out.write(`\r\x1b[K${text}`);
        isOpen = true;
      } else if (now() - last >= 10_000) line(text);
    },
  };
}

/** @param {number} bytes */
function inMegabytes(bytes) {
  return Math.round(bytes / 1e6);
}
