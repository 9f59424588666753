import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { listFiles } from "../../src/backend/native/cache.mjs";
import { NativeFault } from "../../src/backend/native/fault.mjs";
import { run } from "../../src/backend/native/process.mjs";
import { readOr, tick } from "./packages.mjs";

/**
 * Compiles src/ into dist/ if anything that goes into it changed. What is not TypeScript or JavaScript (C++ sources, data) is copied.
 * dist/ is replaced as a whole, so it never mixes two builds.
 *
 * @param {string} root
 * @param {import("./packages.mjs").SetupJob} job
 * @returns {Promise<boolean>} Whether it was built.
 * @throws {NativeFault} If it does not compile; the compiler's words go to the reporter first.
 */
export async function buildSources(root, { reporter, signal, holdFd }) {
  const sources = listFiles(join(root, "src")).filter((file) => !file.endsWith(".test.ts"));
  const wanted = buildStamp(root, sources);
  if (readOr(join(root, "dist/.build.json"), "") === wanted) return false;
  reporter.info("compiling the TypeScript sources");
  const partial = join(root, `.dist-${process.pid}`);
  const stopTicking = tick(reporter, "compiling");
  try {
    for (const name of readdirSync(root))
      if (name.startsWith(".dist-")) rmSync(join(root, name), { recursive: true, force: true });
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const result = await run(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", partial], {
      cwd: root,
      signal,
      holdFd,
    });
    if (result.code !== 0) {
      for (const line of result.stdout.trim().split("\n")) reporter.warn(line);
      throw new NativeFault("the sources do not compile; mend the errors above");
    }
    copyAssets(root, sources, partial);
    writeFileSync(join(partial, ".build.json"), wanted);
    replaceFolder(partial, join(root, "dist"));
  } finally {
    stopTicking();
    rmSync(partial, { recursive: true, force: true });
  }
  return true;
}

/**
 * @param {string} root
 * @param {readonly string[]} sources - Relative to src/.
 */
function buildStamp(root, sources) {
  const files = [
    "package-lock.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "scripts/setup/build.mjs",
    ...sources.map((file) => join("src", file)),
  ];
  const hash = createHash("sha256");
  for (const file of files)
    hash.update(`${file}\n`).update(
      createHash("sha256")
        .update(readFileSync(join(root, file)))
        .digest("hex"),
    );
  return `${JSON.stringify({ sources: hash.digest("hex") })}\n`;
}

/**
 * @param {string} root
 * @param {readonly string[]} sources
 * @param {string} target
 */
function copyAssets(root, sources, target) {
  for (const file of sources.filter((name) => !/\.(ts|mts|js|mjs)$/.test(name))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    copyFileSync(join(root, "src", file), join(target, file));
  }
  if (existsSync(join(target, "cli.js"))) chmodSync(join(target, "cli.js"), 0o755);
}

/**
 * @param {string} from
 * @param {string} place
 */
function replaceFolder(from, place) {
  const old = `${from}-old`;
  if (existsSync(place)) renameSync(place, old);
  renameSync(from, place);
  rmSync(old, { recursive: true, force: true });
}
