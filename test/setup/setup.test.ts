import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { buildSources } from "../../scripts/setup/build.mjs";
import { installPackages, npmReason } from "../../scripts/setup/packages.mjs";
import { consoleReporter } from "../../scripts/setup/reporter.mjs";
import { silentReporter } from "../../src/core/context.ts";

// On a project of a few lines, with an `npm` and a `tsc` that only write down that they ran.

let root = "";
const job = { reporter: silentReporter, signal: new AbortController().signal, holdFd: undefined };

function lay(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text, { mode: 0o755 });
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hemosynth setup "));
  lay("package-lock.json", "{}");
  vi.stubEnv("npm_execpath", join(root, "npm-cli.js"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

describe("npm ci", () => {
  const runs = () => readFileSync(join(root, "runs"), "utf8").trim().split("\n").length;
  beforeEach(() => {
    // As npm ci does, it drops what is in node_modules first.
    lay(
      "npm-cli.js",
      `const fs = require("fs"); fs.rmSync("node_modules", { recursive: true, force: true }); fs.mkdirSync("node_modules");
       fs.appendFileSync("runs", "run\\n"); if (fs.existsSync("offline")) { console.error("npm error code ECONNREFUSED\\nnpm error request failed"); process.exit(1); }`,
    );
  });

  test("runs once for a lockfile, and again when that changes or node_modules is gone", async () => {
    expect(await installPackages(root, job)).toBe(true);
    expect(await installPackages(root, job)).toBe(false);
    lay("package-lock.json", "{ }");
    expect(await installPackages(root, job)).toBe(true);
    rmSync(join(root, "node_modules"), { recursive: true });
    expect(await installPackages(root, job)).toBe(true);
    expect(runs()).toBe(3);
  });

  test("that fails is said in one line with npm's reason, and is tried again", async () => {
    lay("offline", "");
    await expect(installPackages(root, job)).rejects.toThrow(
      /^npm ci failed: request failed; mend that or the network, then run: node scripts\/setup\.mjs$/,
    );
    rmSync(join(root, "offline"));
    expect(await installPackages(root, job)).toBe(true);
  });

  test("npm's reason is its first sentence", () => {
    const words = [
      "npm warn x",
      "npm error code EUSAGE",
      "npm error",
      "npm error `npm ci` can only install",
      "npm error Missing: a",
      "npm error A complete log",
    ];
    expect(npmReason(words.join("\n"))).toBe("`npm ci` can only install");
    expect(npmReason("Segmentation fault")).toBe("it gave no reason");
  });
});

describe("the build", () => {
  beforeEach(() => {
    for (const file of ["tsconfig.json", "tsconfig.build.json", "scripts/setup/build.mjs"]) lay(file, "{}");
    lay("src/cli.ts", "1");
    lay("src/data/atlas.bin", "bytes");
    lay("src/data/atlas.test.ts", "");
    lay(
      "node_modules/typescript/bin/tsc",
      `const fs = require("fs"); const out = process.argv.at(-1); fs.mkdirSync(out, { recursive: true });
       const text = fs.readFileSync("src/cli.ts", "utf8"); fs.writeFileSync(out + "/cli.js", text);
       if (text === "broken") { console.log("src/cli.ts(1,1): error TS1: broken"); process.exit(2); }`,
    );
  });
  const built = () => readFileSync(join(root, "dist/cli.js"), "utf8");

  test("is made anew only when a source changed; tests are no sources, and other files are copied", async () => {
    expect(await buildSources(root, job)).toBe(true);
    expect(readFileSync(join(root, "dist/data/atlas.bin"), "utf8")).toBe("bytes");
    expect(existsSync(join(root, "dist/data/atlas.test.ts"))).toBe(false);
    expect(await buildSources(root, job)).toBe(false);
    lay("src/data/atlas.test.ts", "changed");
    expect(await buildSources(root, job)).toBe(false);
    lay("src/data/atlas.bin", "other");
    expect(await buildSources(root, job)).toBe(true);
    expect(readFileSync(join(root, "dist/data/atlas.bin"), "utf8")).toBe("other");
  });

  test("leaves nothing of an earlier build, nor of one that was killed", async () => {
    await buildSources(root, job);
    lay("dist/gone.js", "old");
    lay(".dist-123/x", "killed");
    lay("src/cli.ts", "2");
    await buildSources(root, job);
    expect(existsSync(join(root, "dist/gone.js"))).toBe(false);
    expect(readdirSync(root).filter((name) => name.startsWith(".dist"))).toEqual([]);
    expect(built()).toBe("2");
  });

  test("that fails shows the compiler's words, keeps the old build and is tried again", async () => {
    await buildSources(root, job);
    lay("src/cli.ts", "broken");
    const lines: string[] = [];
    const reporter = { ...silentReporter, warn: (line: string) => void lines.push(line) };
    await expect(buildSources(root, { ...job, reporter })).rejects.toThrow("the sources do not compile");
    expect(lines).toEqual(["src/cli.ts(1,1): error TS1: broken"]);
    expect(built()).toBe("1");
    await expect(buildSources(root, job)).rejects.toThrow("the sources do not compile");
  });
});

test("progress is one changing line on a terminal and a line every ten seconds elsewhere", () => {
  const show = (isTTY: boolean) => {
    let text = "";
    let clock = 0;
    const reporter = consoleReporter({ isTTY, write: (part) => { text += part; } }, () => clock); // biome-ignore format: one call
    reporter.info("begin");
    for (clock = 1000; clock <= 21_000; clock += 1000) reporter.progress("download", clock * 1000, 30e6, "bytes");
    reporter.info("end");
    return text;
  };
  expect(show(false)).toBe("begin\ndownload 10 of 30 MB\ndownload 20 of 30 MB\nend\n");
  vi.stubEnv("TERM", "xterm");
  expect(show(true)).toMatch(/^begin\n\r.*download 1 of 30 MB\r.*download 21 of 30 MB\r.*end\n$/s);
});

test("what an old Node reads of the set-up is nothing but the check of its version", () => {
  const source = readFileSync(join(import.meta.dirname, "../../scripts/setup.mjs"), "utf8");
  expect(source).not.toMatch(/^import /m);
  expect(source).not.toContain("import.meta");
  expect(source).toContain('await import("./setup/ready.mjs")');
});
