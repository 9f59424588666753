import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRegularFile } from "./regular-file.ts";

test("reads the bytes; a missing file's name with a newline stays on its line", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hemosynth-"));
  await writeFile(join(folder, "a"), "content");
  expect((await readRegularFile(join(folder, "a"))).toString()).toBe("content");
  await expect(readRegularFile(join(folder, "no\nsuch"), "no\nsuch")).rejects.toThrow(
    /^no\\nsuch: could not read: no such file or folder; .+\.$/,
  );
});

// The kernel gives this file a size of 4096 bytes and a content of a few, as a file looks that shrinks while it is read.
const shrinking = "/sys/kernel/mm/transparent_hugepage/enabled";
if (!existsSync(shrinking)) console.log(`skipped: no ${shrinking} here to stand for a file that shrinks`);
test.skipIf(!existsSync(shrinking))("a file that ends before its size is refused, not padded", async () => {
  await expect(readRegularFile(shrinking)).rejects.toThrow(/must keep its 4096 bytes while it is read; got \d+ bytes\. Wait/);
});
