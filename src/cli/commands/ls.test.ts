import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { list } from "./ls.ts";

test("a folder of runs that is not there is a fault of data, as for every other command", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hemosynth-ls-"));
  const [nope, file] = [join(folder, "nope"), join(folder, "file")];
  await writeFile(file, "");
  for (const [root, got] of [[nope, "nothing there"], [file, "a file"]]) // biome-ignore format: pairs
    await expect(list(root!)).rejects.toMatchObject({
      fault: "data",
      message: `${root}: must be a folder; got ${got}. Check the path.`,
    });
});
