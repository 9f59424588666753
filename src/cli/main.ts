import { type Command, CommanderError } from "commander";
import { exitCodes, StoppedError, UserError } from "../core/errors.ts";
import { fileFault } from "../data/files.ts";
import { buildProgram } from "./program.ts";
import { consoleReporter, reporterOptions } from "./reporter.ts";
import type { Outcome, Session } from "./session.ts";
import { watchSignals } from "./stop.ts";

/**
 * The command line: parses `argv`, performs the command, prints what it has to say, and returns the exit code.
 * With `--json`, standard output gets exactly one JSON document, of success or of failure; words go to standard error.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  const crash = guardProcess(json);
  const reporter = consoleReporter(reporterOptions(process.stderr, process.env));
  const stop = watchSignals(reporter);
  try {
    const { outcome, help } = await parse(argv, { reporter, signal: stop.signal });
    reporter.close();
    if (outcome === null) await print(help);
    else await printOutcome(outcome, json);
    return outcome?.failure === undefined ? 0 : exitCodes[outcome.failure.fault];
  } catch (error) {
    reporter.close();
    return await fail(describe(error, stop.code()), json);
  } finally {
    stop.release();
    crash.release();
  }
}

async function parse(argv: readonly string[], session: Session): Promise<{ outcome: Outcome | null; help: string }> {
  let outcome: Outcome | null = null;
  let help = "";
  const perform = async (work: (session: Session) => Promise<Outcome>) => {
    outcome = await work(session);
  };
  const program = buildProgram(perform, (text) => {
    help += text;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new UserError("usage", usageMessage(error, argv, program));
  }
  return { outcome, help };
}

function usageMessage(error: CommanderError, argv: readonly string[], program: Command): string {
  if (error.code === "commander.help") {
    const verb = argv.filter((word) => !word.startsWith("-")).join(" ");
    return `a command is missing${verb === "" ? "" : ` after ${verb}`}; hemosynth ${verb === "" ? "" : `${verb} `}--help lists them`;
  }
  const text = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  return `${text}${/[.?)]$/.test(text) ? "" : ";"} ${whereToLook(argv, program)}`;
}

/** Names the help of the innermost command that `argv` begins with: an option of `run` is looked for in `run --help`. */
function whereToLook(argv: readonly string[], program: Command): string {
  const words = [program.name()];
  let command = program;
  for (const word of argv) {
    const inner = command.commands.find((one) => one.name() === word);
    if (inner === undefined) break;
    command = inner;
    words.push(word);
  }
  return `${words.join(" ")} --help lists the ${command.commands.length > 0 ? "commands and options" : "options"}`;
}

interface Failure {
  readonly fault: string;
  readonly message: string;
  readonly exitCode: number;
  readonly stack: string | null;
}

function describe(error: unknown, stopCode: number | null): Failure {
  if (error instanceof StoppedError) {
    const message = "stopped; the same command goes on from what is finished";
    return { fault: "stopped", message, exitCode: stopCode ?? exitCodes.internal, stack: null };
  }
  if (error instanceof UserError) {
    return { fault: error.fault, message: error.message, exitCode: exitCodes[error.fault], stack: null };
  }
  const fault = fileFault("the disk", "write", error);
  if (fault instanceof UserError)
    return { fault: "data", message: `${fault.message} (${String(error)})`, exitCode: exitCodes.data, stack: null };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    fault: "internal",
    message: `internal error: ${error instanceof Error ? error.message : stack}`,
    exitCode: exitCodes.internal,
    stack,
  };
}

async function fail({ fault, message, exitCode, stack }: Failure, json: boolean): Promise<number> {
  const words = stack === null ? message : `internal error, a mistake in hemosynth: ${stack}`;
  await write(process.stderr, `${words}\n`).catch(() => {}); // nowhere left to say it
  if (json) await write(process.stdout, `${JSON.stringify({ error: { fault, message, exitCode } }, null, 2)}\n`).catch(() => {});
  return exitCode;
}

async function printOutcome({ text, json, failure }: Outcome, asJson: boolean): Promise<void> {
  const error = failure && { fault: failure.fault, message: failure.message, exitCode: exitCodes[failure.fault] };
  await print(asJson ? `${JSON.stringify(error === undefined ? json : { ...(json as object), error }, null, 2)}\n` : `${text}\n`);
  if (failure !== undefined) await write(process.stderr, `${failure.message}\n`).catch(() => {}); // nowhere left to say it
}

async function print(text: string): Promise<void> {
  await write(process.stdout, text).catch((error: unknown) => {
    throw fileFault("standard output", "write", error);
  });
}

/** Writes and waits; a reader that has gone away (`| head`) is no error. */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error && "code" in error && error.code !== "EPIPE" ? reject(error) : resolve()));
  });
}

/** Errors that nobody awaits end the process with code 1; errors of the standard streams are dealt with where they are written. */
function guardProcess(json: boolean): { release(): void } {
  const ignore = () => {};
  const crash = (error: unknown) =>
    void fail(describe(error, null), json).then((code) => process.exit(code || exitCodes.internal));
  process.stdout.on("error", ignore);
  process.stderr.on("error", ignore);
  if (process.platform !== "win32") process.on("SIGXFSZ", ignore); // so that a write beyond the limit is an error, not the end
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  return {
    release() {
      process.off("uncaughtException", crash);
      process.off("unhandledRejection", crash);
    },
  };
}
