import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cacheRoot, publish, readEntry, withScratch, writeWhole } from "./cache.mjs";
import { NativeFault } from "./fault.mjs";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hemosynth-cache-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function finished(name: string, text: string): string {
  const folder = join(root, "scratch-of-test", name);
  mkdirSync(join(folder, "sub"), { recursive: true });
  writeFileSync(join(folder, "sub/file"), text);
  return folder;
}

test("the cache is under XDG_CACHE_HOME if that is absolute, as the standard says, else under ~/.cache", () => {
  expect(cacheRoot({ XDG_CACHE_HOME: "/x" })).toBe("/x/hemosynth");
  expect(cacheRoot({ XDG_CACHE_HOME: "relative" })).toMatch(/^\/.*\/\.cache\/hemosynth$/);
  expect(cacheRoot({})).toMatch(/\.cache\/hemosynth$/);
});

test("a published folder is read back with its facts; the slower of two publishers changes nothing", () => {
  const place = join(root, "a/place");
  expect(readEntry(place)).toBeNull();
  publish(finished("first", "first"), place, { made: "first" });
  publish(finished("second", "second!"), place, { made: "second" });
  expect(readEntry(place)).toEqual({ made: "first" });
  expect(readFileSync(join(place, "sub/file"), "utf8")).toBe("first");
});

test.each([
  ["cut short", (file: string) => truncateSync(file, 2)],
  ["missing", (file: string) => rmSync(file)],
])("a folder with a file %s is no entry, and is replaced by the next publisher", (_, damage) => {
  const place = join(root, "place");
  publish(finished("first", "first"), place, {});
  damage(join(place, "sub/file"));
  expect(readEntry(place)).toBeNull();
  publish(finished("second", "second"), place, {});
  expect(readEntry(place)).toEqual({});
  expect(readFileSync(join(place, "sub/file"), "utf8")).toBe("second");
});

test("scratch is removed whether the work succeeds or not, and what dead processes left is swept", async () => {
  const dead = join(root, "scratch", `${hostname()}.999999999.x`); // above the largest pid of Linux
  const alive = join(root, "scratch", `${hostname()}.${process.pid}.x`);
  const elsewhere = join(root, "scratch", "another-host.999999999.x");
  for (const folder of [dead, alive, elsewhere]) mkdirSync(folder, { recursive: true });
  await withScratch(root, 0, async (scratch) => writeFileSync(join(scratch, "x"), ""));
  await expect(withScratch(root, 0, () => Promise.reject(new Error("work failed")))).rejects.toThrow("work failed");
  expect(readdirSync(join(root, "scratch")).sort()).toEqual([alive, elsewhere].map((path) => path.slice(root.length + 9)).sort());
});

test("too little room is said before the work, with how much", async () => {
  const work = withScratch(root, 1e18, async () => "done");
  await expect(work).rejects.toThrow(NativeFault);
  await expect(work).rejects.toThrow(/has .* free and 1000000000\.0 GB are needed; make room, or set XDG_CACHE_HOME/);
});

test("a cache that cannot be written is named, with the way out", async () => {
  const file = join(root, "file");
  writeFileSync(file, "");
  await expect(withScratch(join(file, "hemosynth"), 0, async () => 0)).rejects.toThrow(
    /cannot be written \(ENOTDIR\); set XDG_CACHE_HOME/,
  );
});

test("a whole file is there or not; no temporary file stays", () => {
  writeWhole(join(root, "deep/file"), "text");
  writeWhole(join(root, "deep/file"), "text 2");
  expect(readFileSync(join(root, "deep/file"), "utf8")).toBe("text 2");
  expect(readdirSync(join(root, "deep"))).toEqual(["file"]);
  expect(() => writeWhole(join(root, "deep"), "over a folder")).toThrow();
  expect(existsSync(join(root, "deep/file"))).toBe(true);
});
