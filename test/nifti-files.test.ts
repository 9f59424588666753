import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { sha256 } from "../src/core/hash.ts";
import { parseHeader } from "../src/data/nifti/header.ts";
import { readNifti } from "../src/data/nifti.ts";
import { fixture } from "./fixtures/nifti/bytes.ts";
import { hasShared, sharedData } from "./fixtures/shared.ts";

interface Seen {
  readonly error?: string;
  readonly kind: string;
  readonly shape: number[];
  readonly affine: number[];
  readonly float32: string;
}

const { files } = fixture<{ files: Record<string, Seen> }>("files.json");
const entries = Object.entries(files);
const isVolume = ({ kind, shape }: Seen) => /^Nifti[12]Image$/.test(kind) && shape.slice(3).every((n) => n === 1);

/** What nibabel has not read, or what has no single volume, we refuse; each by a rule that names it. */
const refusals: Readonly<Record<string, RegExp>> = {
  "readers/nibabel_mit/analyze.hdr": /the magic must be n\+1; got none \(Analyze 7\.5\?\)/,
  "readers/nibabel_mit/nifti1.hdr": /one half of a \.hdr\/\.img pair/,
  "readers/nibabel_mit/example4d.nii.gz": /must be one 3-D volume; got 4-D, 128 x 96 x 24 x 2/,
  "readers/nibabel_mit/example_nifti2.nii.gz": /must be one 3-D volume; got 4-D, 32 x 20 x 12 x 2/,
  "readers/nibabel_mit/test.mgz": /sizeof_hdr must be 348 or 540/,
  "readers/nifti_reader_js_mit/5D_small.nii": /must be one 3-D volume; got 5-D, 1 x 2 x 3 x 1 x 3/,
  "readers/nifti_reader_js_mit/air.hdr.gz": /one half of a \.hdr\/\.img pair/,
  "readers/nifti_reader_js_mit/air2.hdr.gz": /one half of a \.hdr\/\.img pair/,
  "readers/nifti_reader_js_mit/not-nifti.nii": /sizeof_hdr must be 348 or 540/,
};

test.skipIf(!hasShared("readers"))(
  "every reference file: the affine and every voxel are nibabel's, or it is refused by name",
  async () => {
    let [read, worst] = [0, 0];
    for (const [name, seen] of entries) {
      const refusal = refusals[name];
      if (refusal) {
        await expect(readNifti(sharedData + name)).rejects.toThrow(refusal);
        continue;
      }
      expect([name, seen.error ?? isVolume(seen)]).toEqual([name, true]);
      const { volume } = await readNifti(sharedData + name);
      const { data, shape, affine } = volume;
      expect([name, ...shape]).toEqual([name, ...seen.shape.slice(0, 3)]);
      expect([name, sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))]).toEqual([name, seen.float32]);
      worst = Math.max(worst, ...affine.map((value, i) => Math.abs(value - seen.affine[i]!)));
      read++;
    }
    console.log(
      `${read} files as nibabel reads them, ${Object.keys(refusals).length} refused; largest affine difference ${worst}`,
    );
    expect(read).toBe(entries.length - Object.keys(refusals).length);
    expect(worst).toBeLessThan(1e-12);
  },
);

test.skipIf(!hasShared("readers"))("the affine of files whose voxels we refuse is nibabel's too", () => {
  const nifti = entries.filter(([name, seen]) => refusals[name] && seen.error === undefined && seen.kind.startsWith("Nifti"));
  expect(nifti.length).toBeGreaterThan(4);
  for (const [name, seen] of nifti) {
    const stored = readFileSync(sharedData + name);
    const bytes = Buffer.concat([stored[0] === 0x1f ? gunzipSync(stored) : stored, Buffer.alloc(4)]);
    expect([name, ...parseHeader(asSingleVolume(bytes), name).affine]).toEqual([name, ...seen.affine]);
  }
});

/** The header of one 3-D volume in one file, nothing else changed. */
function asSingleVolume(header: Buffer): Buffer {
  const out = Buffer.from(header);
  const [two, little] = [[out.readInt32LE(0), out.readInt32BE(0)].includes(540), out[0] !== 0];
  if (two) {
    out[5] = "+".charCodeAt(0);
    out[little ? 16 : 23] = 3;
    if (little) out.writeBigInt64LE(544n, 168);
    else out.writeBigInt64BE(544n, 168);
  } else {
    out[345] = "+".charCodeAt(0);
    out[little ? 40 : 41] = 3;
    if (little) out.writeFloatLE(352, 108);
    else out.writeFloatBE(352, 108);
  }
  return out;
}
