import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { madeDicom } from "../../../test/helpers/dicom.ts";
import { silentContext } from "../../core/context.ts";
import { findJobs, readInput } from "./load.ts";
import { predictOptions } from "./options.ts";

test("a folder with the slices of a DICOM series is one image, named after the folder, sorted and in HU", async () => {
  const input = mkdtempSync(join(tmpdir(), "sub-07_ct-"));
  for (const [i, z] of [10, 0, 5].entries())
    writeFileSync(
      join(input, `IM${i}.dcm`),
      madeDicom({ position: [0, 0, z], intercept: -1000, pixels: new Int16Array(30).fill(1000 + z) }),
    );
  const options = predictOptions.parse({});
  const jobs = await findJobs({ model: "", input, splits: null, out: "", options });
  expect(jobs.map(({ subject }) => subject)).toEqual(["sub-07"]);
  const volume = await readInput(jobs[0]!, options, silentContext());
  expect([0, 1, 2].map((k) => volume.data[30 * k])).toEqual([0, 5, 10]);
});
