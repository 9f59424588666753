import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { type MadeSlice, madeDicom } from "../../../test/helpers/dicom.ts";
import { silentContext } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { readDataset } from "../dataset.ts";
import { readVolume, writeNifti } from "../nifti.ts";
import { splitOptions } from "../splits.ts";
import { folderOptions } from "./options.ts";
import { runIngest } from "./stage.ts";

/** A series of 20 x 18 pixels in a folder, one file a slice, noise of its own. */
function writeSeries(folder: string, zs: readonly number[], made: MadeSlice = {}, suffix = ".dcm"): void {
  const rng = seededRng(folder);
  for (const [i, z] of zs.entries()) {
    const pixels = Int16Array.from({ length: 360 }, () => 1000 + rng.below(1000));
    const bytes = madeDicom({ width: 20, height: 18, position: [0, 0, z], intercept: -1024, pixels, ...made });
    const file = join(folder, `IM${String(zs.length - i).padStart(3, "0")}${suffix}`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

async function ingest(path: string, more: object = {}) {
  const out = mkdtempSync(join(tmpdir(), "hemosynth-out-"));
  const job = { out, options: folderOptions.parse({ kind: "folder", path, ...more }), split: splitOptions.parse({}), seed: 5 };
  const result = await runIngest(job, silentContext(2));
  return { out, result, dataset: await readDataset(out) };
}
const study = () => mkdtempSync(join(tmpdir(), "hemosynth-dicom-"));

test("a folder of DICOM series becomes a CT dataset: one volume each, in HU, with the masks beside them and nothing of the patient", async () => {
  const path = study();
  writeSeries(join(path, "sub-01", "ct"), [0, 5, 10]);
  writeSeries(join(path, "sub-02", "ct"), [10, 5, 0], {}, ""); // as scanners export them, without a suffix
  const { out, dataset } = await ingest(path);
  expect(dataset.modality).toBe("CT");
  expect(dataset.cases.map((c) => [c.subject, c.image.path, c.shape])).toEqual([
    ["sub-01", "volumes/sub-01_ct.nii.gz", [20, 18, 3]],
    ["sub-02", "volumes/sub-02_ct.nii.gz", [20, 18, 3]],
  ]);
  const volume = await readVolume(join(out, "volumes/sub-01_ct.nii.gz"));
  expect(Math.min(...volume.data)).toBeGreaterThanOrEqual(-24);
  expect(Math.max(...volume.data)).toBeLessThan(976);
  for (const file of ["dataset.json", "splits.json"])
    expect(readFileSync(join(out, file), "latin1")).not.toMatch(/Doe|4711|1970/);
  await writeNifti(join(path, "sub-01", "ct_lesion.nii.gz"), { ...volume, data: new Uint8Array(volume.data.length) });
  const again = await ingest(path);
  expect(again.dataset.cases.map((c) => [c.lesionMask !== null, c.grade])).toEqual([
    [true, 0],
    [false, null],
  ]);
});

test("what is wrong with a series is told in one line each, and nothing is written", async () => {
  const path = study();
  writeSeries(join(path, "hole"), [0, 5, 15, 20]);
  writeSeries(join(path, "twice"), [0, 5, 5]);
  writeSeries(join(path, "packed"), [0, 5], { syntax: "1.2.840.10008.1.2.4.70" });
  const refused = ingest(path);
  await expect(refused).rejects.toThrow(/3 errors in the data; no dataset was written/);
  await expect(refused).rejects.toThrow(
    /\[unreadable\] hole\/: slices must be as far apart as those beside them, 5\.00 mm; got 10\.00 mm between IM003\.dcm and IM002\.dcm: 1 missing/,
  );
  await expect(refused).rejects.toThrow(
    /\[unreadable\] twice\/IM002\.dcm: each slice must lie in a place of its own; got the place of twice\/IM001\.dcm/,
  );
  await expect(refused).rejects.toThrow(/\[unreadable\] packed\/IM001\.dcm: pixels must not be compressed; got JPEG lossless/);
  await expect(refused).rejects.toMatchObject({ fault: "data" });
});
