import picocolors from "picocolors";
import type { Reporter } from "../core/context.ts";

/** Where a reporter writes; `process.stderr` is one. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** A reporter that can be closed, which ends the line of its bar or table. */
export interface ConsoleReporter extends Reporter {
  close(): void;
}

export interface ReporterOptions {
  readonly screen: Screen;
  /** Milliseconds, never going backwards. */
  readonly now: () => number;
  /** `bar` redraws one line; `lines` writes one now and then, for files, CI and dumb terminals. */
  readonly style: "bar" | "lines";
  readonly colour: boolean;
}

/** Milliseconds between lines, and between drawings of the bar. */
const lineEvery = 10_000;
const drawEvery = 100;

/** How the standard error of this process wants to be written to. */
export function reporterOptions(screen: Screen, environment: NodeJS.ProcessEnv): ReporterOptions {
  const bar = screen.isTTY === true && environment.TERM !== "dumb" && !environment.CI;
  return { screen, now: () => performance.now(), style: bar ? "bar" : "lines", colour: bar && !environment.NO_COLOR };
}

/** Says in one line a step what is going on: label, share done, time left, note. */
export function consoleReporter(options: ReporterOptions): ConsoleReporter {
  const { screen, now, style } = options;
  const colours = picocolors.createColors(options.colour);
  const steps = new Map<string, Step>();
  let block: readonly string[] = []; // what is redrawn: the bar, or a table
  let drawn = Number.NEGATIVE_INFINITY;
  const say = (line: string) => {
    screen.write(block.length === 0 ? `${line}\n` : `${eraser(block)}${line}\n${block.join("\n")}`);
  };
  const draw = (lines: readonly string[]) => {
    const fits = lines.slice(0, Math.max(1, (screen.rows ?? 24) - 1));
    const next = fits.map((line) => line.slice(0, Math.max(20, (screen.columns ?? 80) - 1)));
    screen.write(`${eraser(block)}${next.join("\n")}`);
    block = next;
    drawn = now();
  };
  const endBar = () => {
    if (block.length > 0) screen.write("\n");
    block = [];
  };
  return {
    info: (line) => say(line),
    warn: (line) => say(`${colours.yellow("warning:")} ${line}`),
    progress(label, done, total, note = "") {
      const step = stepOf(steps, label, done, now());
      const finished = done >= total;
      const text = describeStep(label, done, total, timeLeft(step, done, total, now()), note);
      if (finished) steps.delete(label);
      if (style === "bar") {
        if (finished || now() - drawn >= drawEvery) draw([text]);
        if (finished) endBar();
      } else if (finished || now() - step.said >= lineEvery) {
        step.said = now();
        say(text);
      }
    },
    ...(style === "bar" ? { table: draw } : {}),
    close: endBar,
  };
}

/** What takes away lines of which the last has no end, and leaves the cursor where the first began. */
function eraser(lines: readonly string[]): string {
  return `\r\u001b[2K${"\u001b[1A\u001b[2K".repeat(Math.max(0, lines.length - 1))}`;
}

interface Step {
  readonly begun: number;
  readonly doneAtBegin: number;
  said: number;
}

function stepOf(steps: Map<string, Step>, label: string, done: number, now: number): Step {
  const known = steps.get(label);
  if (known !== undefined) return known;
  const step = { begun: now, doneAtBegin: done, said: now };
  steps.set(label, step);
  return step;
}

function timeLeft(step: Step, done: number, total: number, now: number): number | null {
  const gained = done - step.doneAtBegin;
  return gained > 0 && done < total ? ((now - step.begun) / gained) * (total - done) : null;
}

function describeStep(label: string, done: number, total: number, left: number | null, note: string): string {
  const share = total > 0 ? `${Math.min(100, Math.floor((100 * done) / total))}%` : "";
  const parts = [label.padEnd(8), share.padStart(4), `${done}/${total}`, left === null ? "" : `${duration(left)} left`, note];
  return parts.filter((part) => part.trim() !== "").join("  ");
}

/** `42 s`, `3 min 05 s`, `2 h 07 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
}
