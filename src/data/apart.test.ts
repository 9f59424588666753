import { mkdir, mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assertApart } from "./apart.ts";

test("an output folder is apart from the input: not it, not in it, not around it, not through a link", async () => {
  const root = await mkdtemp(join(tmpdir(), "hemosynth-apart-"));
  const input = join(root, "study");
  await mkdir(join(input, "inner"), { recursive: true });
  await symlink(input, join(root, "link"));
  const got = (output: string) => assertApart(input, output).then(() => "apart", (error: Error) => error.message); // biome-ignore format: one line
  for (const [output, words] of [
    [input, "got the folder that is read"],
    [join(input, "."), "got the folder that is read"],
    [join(root, "link"), "got the folder that is read"],
    [join(input, "inner"), "got inside the folder"],
    [join(input, "new", "deeper"), "got inside the folder"],
    [join(root, "link", "new"), "got inside the folder"],
    [root, "got a folder that holds the one that is read"],
  ] as const) {
    expect(await got(output)).toContain(words);
  }
  for (const output of [join(root, "study2"), join(root, "..study"), join(root, "out", "deep"), `${input}-out`])
    expect(await got(output)).toBe("apart");
});
