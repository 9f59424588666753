import { expect, test } from "vitest";
import { hasShared, sharedData } from "../../test/fixtures/shared.ts";
import { determinant } from "../core/affine.ts";
import { type Tissue, tissues } from "../core/tissue.ts";
import type { Volume } from "../core/volume.ts";
import { type LabelScheme, labelScheme, labelSchemeName, tissueOf, toTissues } from "./label-schemes.ts";
import { readLabels } from "./nifti.ts";

const labelsOf = (...ids: number[]): Volume<Uint16Array> => ({
  data: Uint16Array.from(ids),
  shape: [ids.length, 1, 1],
  affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
});
const named = (data: Uint8Array): string[] => [...data].map((id) => Object.entries(tissues).find(([, v]) => v === id)![0]);

test("hemosynth's own labels stay as they are", () => {
  const ids = Object.values(tissues);
  expect([...toTissues(labelsOf(...ids), "hemosynth", "x").data]).toEqual(ids);
});

test("the same id is another tissue in another scheme, as published", () => {
  const of = (id: number, scheme: LabelScheme) => tissueOf(scheme).get(id);
  expect(labelSchemeName.options.filter((s) => s !== "crl2017").map((s) => of(2, s))).toEqual([
    "cortex", // hemosynth
    "cortex", // FeTA: grey matter
    "cortex", // dHCP DrawEM-9
    "csf", // BOUNTI: right extra-axial CSF
    "lateralVentricle", // UCL: intra-axial CSF
  ]);
  expect([of(4, "feta"), of(4, "drawem9"), of(4, "bounti"), of(4, "fidon8")]).toEqual([
    "lateralVentricle",
    "background",
    "cortex",
    "csf",
  ]);
  expect([of(118, "crl2017"), of(119, "crl2017"), of(124, "crl2017")]).toEqual(["germinalMatrix", "germinalMatrix", "csf"]);
});

test("no scheme gives one id to two tissues, and 0 is background in all", () => {
  for (const scheme of labelSchemeName.options) {
    const table = tissueOf(scheme);
    expect(table.get(0)).toBe("background");
    expect(table.size).toBeGreaterThan(7);
  }
  expect(tissueOf("bounti").size).toBe(21); // 1 to 20 and 0, none lost to a double
  expect(tissueOf("crl2017").size).toBe(35); // the atlas's key of 34 and 0
});

test("an id outside the scheme is an error that counts voxels; `other` takes it", () => {
  expect(() => toTissues(labelsOf(1, 9, 9, 12), "feta", "a.nii")).toThrow(
    /^a\.nii: labels must be ids of the scheme feta; got 9 \(2 voxels\), 12 \(1 voxels\)\. Name the scheme/,
  );
  const refused =
    (...ids: number[]) =>
    () =>
      toTissues(labelsOf(...ids), "feta", "a.nii");
  const ours = Object.values(tissues);
  const end = ", or give a mapping of ids to tissues, with `other` for the rest.";
  expect(refused(...ours)).toThrow(
    `a.nii: labels must be ids of the scheme feta; got 8 (1 voxels), 9 (1 voxels), 10 (1 voxels), 11 (1 voxels), 12 (1 voxels). Name the scheme that the file uses (all its values are ids of hemosynth or bounti)${end}`,
  );
  expect(refused(1, 999)).toThrow(`got 999 (1 voxels). Name the scheme that the file uses${end}`);
  const mapping: LabelScheme = { "3": "cortex", other: "otherBrain" };
  expect(named(toTissues(labelsOf(0, 3, 700), mapping, "a.nii").data)).toEqual(["background", "cortex", "otherBrain"]);
});

test("a bare number is refused with the reason, and so is an unknown name", () => {
  const message = (input: unknown) => labelScheme.safeParse(input).error!.issues[0]!.message;
  expect(message(8)).toMatch(/one of hemosynth, feta, .*, or a mapping .*; got 8, and a number does not say whose ids they are/);
  expect(message("fetal")).toContain('got "fetal"');
  expect(labelScheme.safeParse({ "1": "brain" }).success).toBe(false);
  expect(labelScheme.parse({ "1": "csf", other: "background" })).toEqual({ "1": "csf", other: "background" });
});

/** Volume of tissues, ml. */
function ml(volume: Volume<Uint8Array>, ...names: Tissue[]): number {
  const counts = new Float64Array(256);
  for (let i = 0; i < volume.data.length; i++) counts[volume.data[i]!]!++;
  return (names.reduce((sum, name) => sum + counts[tissues[name]]!, 0) * Math.abs(determinant(volume.affine))) / 1000;
}

const weeks = [22, 24, 28, 30, 32, 36];
const there = hasShared("fetal_mri/crl_sta_atlas");

test.skipIf(!there)("CRL atlas: every id is known, and both of its parcellations give plausible volumes", async () => {
  // Normal means of week: lateral ventricles and white matter, ml, from fetal growth curves; the atlas lies near them.
  const normal = new Map([[22, [2.55, 27]], [24, [3.14, 44]], [28, [4.23, 78]], [32, [5.21, 113]], [36, [6.09, 148]]]); // biome-ignore format: a table
  for (const week of weeks) {
    const parc = `crl_sta_atlas/STA${week}_${week <= 30 ? "WMZ" : ""}parc.nii.gz`;
    const fine = toTissues(await readLabels(`${sharedData}fetal_mri/${parc}`), "crl2017", parc);
    const coarseFile = `crl_sta_refined_parcellation/STA${week}_parcellation.nii.gz`;
    const coarse = toTissues(await readLabels(`${sharedData}fetal_mri/${coarseFile}`), "fidon8", coarseFile);
    const white = ml(fine, "whiteMatter", "germinalMatrix");
    const [ventricles, whiteMatter] = normal.get(week) ?? [];
    if (ventricles) expect(Math.abs(ml(fine, "lateralVentricle") - ventricles) / ventricles).toBeLessThan(0.35);
    if (whiteMatter) expect(Math.abs(white - whiteMatter) / whiteMatter).toBeLessThan(0.25);
    // Two parcellations of one brain: swapping any two tissues of either scheme breaks one of these.
    for (const tissue of ["cortex", "csf", "cerebellum", "brainstem", "corpusCallosum"] as const) {
      expect([week, tissue, Math.abs(Math.log(ml(fine, tissue) / ml(coarse, tissue))) < 0.2]).toEqual([week, tissue, true]);
    }
    expect(Math.abs(Math.log(white / ml(coarse, "whiteMatter")))).toBeLessThan(0.2);
    expect(ml(fine, "germinalMatrix") > 0).toBe(week <= 30);
  }
});
