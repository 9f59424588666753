import { expect, test } from "vitest";
import { consoleReporter, duration, reporterOptions } from "./reporter.ts";

/** What a terminal shows after a text, by the few controls that are used: lines and where the cursor is. */
function shown(text: string): string[] {
  const lines = [""];
  let row = 0;
  for (const part of text.replaceAll("\u001b[", "<").split(/(\r|\n|<2K|<1A)/)) {
    if (part === "<1A") row--;
    else if (part === "<2K") lines[row] = "";
    else if (part === "\n") lines[++row] ??= "";
    else if (part !== "\r") lines[row] += part;
  }
  return lines;
}

function screen(style: "bar" | "lines", columns = 80) {
  let text = "";
  let time = 0;
  const reporter = consoleReporter({
    screen: { write: (part: string) => (text += part), columns },
    now: () => time,
    style,
    colour: false,
  });
  const take = () => {
    const taken = text;
    text = "";
    return taken;
  };
  return { reporter, take, pass: (ms: number) => (time += ms) };
}

test("without a terminal: a line now and then, and one at the end", () => {
  const { reporter, take, pass } = screen("lines");
  for (let done = 1; done <= 40; done++) {
    pass(1000);
    reporter.progress("train", done, 40, "loss 0.5");
  }
  const lines = take().trimEnd().split("\n");
  expect(lines).toEqual([
    "train      27%  11/40  29 s left  loss 0.5",
    "train      52%  21/40  19 s left  loss 0.5",
    "train      77%  31/40  9 s left  loss 0.5",
    "train     100%  40/40  loss 0.5",
  ]);
});

test("on a terminal: one line drawn over itself, cut to the width, ended by a new line", () => {
  const { reporter, take, pass } = screen("bar", 30);
  reporter.progress("synth", 1, 3, "a note that does not fit on this line");
  expect(take()).toBe("\r\u001b[2Ksynth      33%  1/3  a note t");
  pass(50);
  reporter.progress("synth", 2, 3);
  expect(take()).toBe(""); // too soon to draw again
  reporter.warn("odd");
  expect(take().startsWith("\r\u001b[2Kwarning: odd\nsynth")).toBe(true);
  reporter.progress("synth", 3, 3);
  expect(take()).toBe("\r\u001b[2Ksynth     100%  3/3\n");
  reporter.info("done");
  expect(take()).toBe("done\n");
});

test("a bar that was not finished is ended on close", () => {
  const { reporter, take } = screen("bar");
  reporter.progress("synth", 1, 3);
  take();
  reporter.close();
  expect(take()).toBe("\n");
});

test("the bar is for terminals alone, and colour is not for NO_COLOR", () => {
  const tty = { write: () => true, isTTY: true };
  expect(reporterOptions(tty, {})).toMatchObject({ style: "bar", colour: true });
  expect(reporterOptions(tty, { NO_COLOR: "1" })).toMatchObject({ style: "bar", colour: false });
  expect(reporterOptions(tty, { CI: "1" })).toMatchObject({ style: "lines", colour: false });
  expect(reporterOptions(tty, { TERM: "dumb" })).toMatchObject({ style: "lines", colour: false });
  expect(reporterOptions({ write: () => true }, {})).toMatchObject({ style: "lines", colour: false });
});

test("durations read as people say them", () => {
  expect([0, 59_400, 61_000, 3_599_000, 7_620_000].map(duration)).toEqual([
    "0 s",
    "59 s",
    "1 min 01 s",
    "59 min 59 s",
    "2 h 07 min",
  ]);
});

test("a table stays below what is said, whatever grows or shrinks, and leaves nothing behind", () => {
  const { reporter, take } = screen("bar", 30);
  let text = "";
  const see = () => {
    text += take();
    return shown(text).filter((line) => line !== "");
  };
  reporter.table!(["2 running", "run  stage", "a    train", "b    synth and more that does not fit here"]);
  expect(see()).toEqual(["2 running", "run  stage", "a    train", "b    synth and more that does"]);
  reporter.info("c: done");
  expect(see()).toEqual(["c: done", "2 running", "run  stage", "a    train", "b    synth and more that does"]);
  reporter.table!(["1 running", "run  stage", "a    eval"]);
  expect(see()).toEqual(["c: done", "1 running", "run  stage", "a    eval"]);
  reporter.table!([]);
  reporter.info("end");
  reporter.close();
  expect(see()).toEqual(["c: done", "end"]);
  expect(screen("lines").reporter.table).toBeUndefined();
});
