import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { silentContext } from "../../core/context.ts";
import { findJobs, readInput } from "./load.ts";
import { predictOptions } from "./options.ts";

test("pictures of a folder become the stacks of examinations, where that is asked for", async () => {
  const input = await mkdtemp(join(tmpdir(), "hemosynth-frames-"));
  for (const [i, name] of ["x_COR1", "x_COR2", "x_SAG1", "y_COR1", "y_COR2"].entries()) {
    const raw = { width: 6, height: 4 + i, channels: 1 } as const;
    await writeFile(
      join(input, `${name}.png`),
      await sharp(Buffer.alloc(6 * (4 + i), 10 * (i + 1)), { raw })
        .png()
        .toBuffer(),
    );
  }
  const options = predictOptions.parse({ gate: "none", pictureStacks: true, picturePixelMm: 0.25 });
  const jobs = await findJobs({ model: "", input, splits: null, out: "", options });
  expect(jobs.map(({ id, subject }) => [id, subject])).toEqual([["x", "x"], ["y", "y"]]); // biome-ignore format: one line
  const [x, y] = await Promise.all(jobs.map((job) => readInput(job, options, silentContext())));
  expect([x!.shape, y!.shape]).toEqual([[6, 6, 3], [6, 8, 2]]); // biome-ignore format: one line
  expect([0, 1, 2].map((z) => x!.data[36 * z + 15])).toEqual([10, 20, 30]);
  const alone = await findJobs({ model: "", input, splits: null, out: "", options: { ...options, pictureStacks: false } });
  expect(alone).toHaveLength(5);
});
