import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { withLock } from "../src/backend/native/lock.mjs";

/** The root of the checkout. */
export const root = resolve(import.meta.dirname, "..");

/** What a finished process left. `code` is null where a signal ended it. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when the text was written to standard error; rejects when the process ends without. */
  seen(text: string | RegExp): Promise<void>;
}

/** The build under test; `HEMOSYNTH_TEST_DIST` names another one, which is taken as it is. */
const dist = process.env.HEMOSYNTH_TEST_DIST ?? "dist";

/** Builds dist/ if it is older than src/, one test file at a time. */
export async function ensureBuilt(): Promise<void> {
  if (dist !== "dist") return;
  const { buildSources } = await import("../scripts/setup/build.mjs");
  const job = { reporter: { info() {}, warn: console.error, progress() {} }, signal: new AbortController().signal };
  await withLock(
    `checkout ${root}`,
    () => {},
    (fd: number | undefined) => buildSources(root, { ...job, holdFd: fd }),
  );
}

/** The built command line. */
export const cliFile = resolve(root, dist, "cli.js");

/** Starts the built command line. */
export function start(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; node?: readonly string[] } = {},
): Running {
  const { cwd = root, env = {}, node = [] } = options;
  const child = spawn(process.execPath, [...node, cliFile, ...args], {
    cwd,
    env: { ...process.env, CI: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  const watchers = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const look of watchers) look();
  });
  const finished = new Promise<Finished>((done) => {
    child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
  const seen = (text: string | RegExp) =>
    new Promise<void>((found, failed) => {
      const look = () => {
        if (typeof text === "string" ? stderr.includes(text) : text.test(stderr)) found();
      };
      watchers.add(look);
      look();
      void finished.then(() => failed(new Error(`ended without ${text}: ${stderr}`)));
    });
  return { child, finished, seen };
}

/** A process that performs one command of the built command line after another. */
export interface CommandServer {
  perform(args: readonly string[], cwd: string): Promise<Finished>;
  close(): void;
}

/** Starts one: for what commands say and refuse, where a process for each would only take time. */
export async function commandServer(): Promise<CommandServer> {
  const child = fork(resolve(root, "test/helpers/cli-server.mjs"), [resolve(root, dist, "cli/main.js")], {
    env: { ...process.env, CI: "1" },
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`the command line ended by itself, code ${code}`)));
  ended.catch(() => {}); // closed
  const answer = async () => (await Promise.race([once(child, "message"), ended]))[0];
  await answer();
  return {
    async perform(args, cwd) {
      child.send({ args, cwd });
      return (await answer()) as Finished;
    },
    close: () => void child.kill(),
  };
}

/** Runs the built command line to its end. */
export async function hemosynth(args: readonly string[], options: Parameters<typeof start>[1] = {}): Promise<Finished> {
  return await start(args, options).finished;
}
