import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NativeFault } from "../../src/backend/native/fault.mjs";
import { findProgram, run } from "../../src/backend/native/process.mjs";

/**
 * @typedef {object} SetupJob
 * @property {import("../../src/core/context.ts").Reporter} reporter
 * @property {AbortSignal} signal
 * @property {number | undefined} holdFd - Held open by children, so that the lock lasts as long as they do.
 */

/**
 * Runs `npm ci` if package-lock.json or the major version of Node changed since it last went through.
 *
 * @param {string} root
 * @param {SetupJob} job
 * @returns {Promise<boolean>} Whether it ran.
 * @throws {NativeFault} If it fails: one line with the way out.
 */
export async function installPackages(root, { reporter, signal, holdFd }) {
  const stamp = join(root, "node_modules/.hemosynth-setup.json"); // npm ci empties node_modules first, and so drops it
  const wanted = packagesStamp(root);
  if (readOr(stamp, "") === wanted) return false;
  const npm = npmCommand();
  reporter.info("installing npm packages once for this package-lock.json, some 500 MB on the disk");
  const stopTicking = tick(reporter, "installing npm packages");
  rmSync(stamp, { force: true });
  try {
    const args = ["ci", "--include=dev", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    const result = await run(npm.command, [...npm.args, ...args], { cwd: root, signal, holdFd });
    if (result.code !== 0) {
      throw new NativeFault(
        `npm ci failed: ${npmReason(result.stderr)}; mend that or the network, then run: node scripts/setup.mjs`,
      );
    }
  } finally {
    stopTicking();
  }
  writeFileSync(stamp, wanted);
  return true;
}

/** @param {string} root */
export function packagesStamp(root) {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  return `${JSON.stringify({ lock, node: process.versions.node.split(".")[0] })}\n`;
}

/**
 * The first sentence of npm's complaint.
 * @param {string} stderr
 */
export function npmReason(stderr) {
  const errors = stderr.split("\n").filter((line) => line.startsWith("npm error "));
  const words = errors.map((line) => line.slice("npm error ".length).trim());
  return (
    words.find((line) => line !== "" && !/^(code|errno|syscall|path|dest|type|stack)\b|^A complete log/.test(line)) ??
    "it gave no reason"
  );
}

/** npm as it called us, else as PATH has it. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.c?js$/.test(script)) return { command: process.execPath, args: [script] };
  const npm = findProgram(["npm"]);
  if (npm === null) throw new NativeFault("npm is not on PATH; install it with Node, then run: node scripts/setup.mjs");
  return { command: npm, args: [] };
}

/**
 * Says every second that something still goes on. Returns what ends that.
 * @param {SetupJob["reporter"]} reporter
 * @param {string} label
 */
export function tick(reporter, label) {
  let seconds = 0;
  const timer = setInterval(() => reporter.progress(label, ++seconds, 0, `for ${seconds} s`), 1000);
  return () => clearInterval(timer);
}

/**
 * @param {string} file
 * @param {string} otherwise
 */
export function readOr(file, otherwise) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise;
  }
}
