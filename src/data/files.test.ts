import { mkdtemp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder, readText, writeAtomic } from "./files.ts";

const folder = () => mkdtemp(join(tmpdir(), "hemosynth-"));

test("writes the whole file, makes its folder, and leaves nothing beside it", async () => {
  const root = await folder();
  const file = join(root, "a", "b.txt");
  await writeAtomic(file, "one");
  await writeAtomic(file, "two");
  expect(await readFile(file, "utf8")).toBe("two");
  expect(await readdir(join(root, "a"))).toEqual(["b.txt"]);
});

test("a failed write leaves the old content and no temporary file", async () => {
  const root = await folder();
  await writeFile(join(root, "plain"), "");
  await expect(writeAtomic(join(root, "plain", "x"), "new")).rejects.toThrow(/could not write: .*folder/);
  await expect(writeAtomic(root, "new")).rejects.toThrow(/could not write|EISDIR|it is a folder/);
  expect(await readdir(root)).toEqual(["plain"]);
});

test("a read error is one line with the cause and the way out", async () => {
  const root = await folder();
  await symlink("loop", join(root, "loop"));
  await expect(readText(join(root, "none"), "check the path")).rejects.toThrow(
    /none: could not read: no such file or folder; check the path\.$/,
  );
  await expect(readText(root, "x")).rejects.toThrow("it is a folder");
  await expect(readText(join(root, "loop"), "x")).rejects.toThrow("symbolic links form a loop");
});

test("a folder that is there is left, one that is missing is made with those above it, by several at once", async () => {
  const root = await folder();
  const deep = join(root, "a", "b", "c");
  await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(root, "a"))]);
  await makeFolder(deep);
  expect(await readdir(join(root, "a", "b"))).toEqual(["c"]);
});

test.skipIf(process.platform !== "linux")(
  "a folder that cannot be made is refused; Node's own recursive mkdir hangs in /proc",
  async () => {
    await expect(makeFolder("/proc/hemosynth/a")).rejects.toThrow("/proc/hemosynth: could not write: no such file or folder");
    await expect(makeFolder("/dev/null/a")).rejects.toThrow("a part of the path is not a folder");
  },
);
