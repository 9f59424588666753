import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/**
 * @typedef {object} RunResult
 * @property {number | null} code - Exit status; null if a signal ended it.
 * @property {NodeJS.Signals | null} signal
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * Runs a program to its end and keeps what it printed.
 *
 * @param {string} command - A path, or a name on PATH.
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined, holdFd?: number | undefined }} [options]
 *   `holdFd`: a descriptor that the child keeps open as its fourth.
 * @returns {Promise<RunResult>}
 * @throws {Error} If it cannot be started (`code` ENOENT: there is no such program) or the signal fires.
 */
export async function run(command, args, { cwd, env = process.env, signal, holdFd } = {}) {
  const child = spawn(command, args, {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
    stdio: ["ignore", "pipe", "pipe", ...(holdFd === undefined ? [] : [holdFd])],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const [code, ended] = /** @type {[number | null, NodeJS.Signals | null]} */ (await once(child, "close"));
  return { code, signal: ended, stdout: stdout(), stderr: stderr() };
}

/** @param {import("node:stream").Readable | null} stream */
function collect(stream) {
  /** @type {Buffer[]} */
  const chunks = [];
  stream?.on("data", (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}

/**
 * The path of the first of these programs that is on PATH and may be run, or null.
 * @param {readonly string[]} names
 * @param {NodeJS.ProcessEnv} [env]
 */
export function findProgram(names, env = process.env) {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const name of names) {
    const candidates = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name));
    const found = candidates.find(isProgram);
    if (found !== undefined) return found;
  }
  return null;
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The line of a program's output that says most: the last that speaks of an error, else the last.
 * @param {RunResult} result
 */
export function tellingLine(result) {
  const lines = `${result.stdout}\n${result.stderr}`.split("\n").map((line) => line.trim());
  const full = lines.filter((line) => line !== "");
  const error = full.findLast((line) => /error|denied|no space|not found|refused/i.test(line));
  return (
    error ?? full.at(-1) ?? (result.signal === null ? `it ended with status ${result.code}` : `it was ended by ${result.signal}`)
  );
}
