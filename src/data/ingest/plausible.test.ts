import { join } from "node:path";
import { expect, test } from "vitest";
import { ballBrain, coded, imageOf, type Labels } from "../../../test/fixtures/ball-brain.ts";
import { hasShared, sharedData } from "../../../test/fixtures/shared.ts";
import { tissues } from "../../core/tissue.ts";
import type { Volume } from "../../core/volume.ts";
import { type LabelScheme, labelSchemeName, toTissues, unknownIds } from "../label-schemes.ts";
import { readLabels, readVolume } from "../nifti.ts";
import { schemeFinding } from "./plausible.ts";

/** What every ordered pair of schemes gives: null, "unknown" ids, or the severity. */
function verdicts(image: Volume, brain: Volume<Uint8Array | Uint16Array>) {
  return labelSchemeName.options.flatMap((own) =>
    labelSchemeName.options.map((claimed) => {
      const labels = coded(brain, own);
      const unknown = unknownIds(labels, claimed).size > 0;
      const finding = unknown ? null : schemeFinding(image, labels, claimed, { file: "a", id: "a" });
      return [own, claimed, unknown ? "unknown" : (finding?.severity ?? null)] as const;
    }),
  );
}

/** Ids 1 to 7 are the same in both: nothing is wrong, and nothing can be told. */
const alike = (a: string, b: string) => a === b || [a, b].sort().join() === "feta,hemosynth";

const { lateralVentricle } = tissues;

test("a brain read by its own scheme is taken as it is, by another it never is", () => {
  const brain = ballBrain();
  for (const [own, claimed, verdict] of verdicts(imageOf(brain), brain)) {
    expect([own, claimed, verdict === null || verdict === "unknown" ? verdict : "told"]).toEqual([
      own,
      claimed,
      alike(own, claimed) ? (verdict === "unknown" ? "unknown" : null) : verdict === "unknown" ? "unknown" : "told",
    ]);
  }
});

test("the message says what should be, what is, and which scheme fits; a mapping is held to the same", () => {
  const brain = ballBrain();
  const labels = coded(brain, "feta");
  const of = (scheme: LabelScheme) => schemeFinding(imageOf(brain), labels, scheme, { file: "x_dseg.nii.gz", id: "x" });
  expect(of("drawem9")).toMatchObject({ severity: "error", rule: "label-scheme", case: "x" });
  expect(of("drawem9")!.message).toMatch(
    /^x_dseg\.nii\.gz: read by scheme drawem9, the lateral ventricle should be brighter than white matter, .*; got 0\.9\d of the signal of white matter, walls of 24 % white matter, 49 % of .* All of it holds under feta: set data\.labels\.scheme\.$/,
  );
  const own = { "1": "csf", "2": "cortex", "3": "whiteMatter", "4": "lateralVentricle", other: "otherBrain" } as const;
  expect(of(own)).toBeNull();
  expect(of({ ...own, "3": "lateralVentricle", "4": "whiteMatter" })!.message).toContain("read by the mapping in the config");
});

test("one rule broken, or no scheme that fits, is a warning: T1, blood", () => {
  const brain = ballBrain();
  const dark = imageOf(brain).data.map((v, i) => (brain.data[i] === lateralVentricle ? 300 : v));
  const bled = { ...imageOf(brain), data: dark };
  expect(schemeFinding(bled, coded(brain, "feta"), "feta", { file: "a", id: "a" })?.severity).toBe("warning");
  const t1 = { ...bled, data: imageOf(brain).data.map((v) => 1100 - v) };
  const finding = schemeFinding(t1, coded(brain, "fidon8"), "fidon8", { file: "a", id: "a" });
  expect(finding).toMatchObject({ severity: "warning", message: expect.stringContaining("Check data.labels.scheme") });
});

test("a lone slice, and what is too small for a brain, are not judged", () => {
  const brain = ballBrain();
  const slice = { ...brain, data: new Uint16Array(48 * 48).fill(2), shape: [48, 48, 1] as const };
  const image = { ...slice, data: new Float32Array(48 * 48).fill(1) };
  expect(schemeFinding(image, slice, "feta", { file: "a", id: "a" })).toBeNull();
  const few = { ...brain, data: brain.data.map((id, i) => (i % 97 === 0 ? id : 0)) };
  expect(schemeFinding(imageOf(brain), few, "drawem9", { file: "a", id: "a" })).toBeNull();
});

const there = hasShared("fetal_mri/crl_sta_atlas") && hasShared("fetal_mri/crl_sta_refined_parcellation");
const folder = join(sharedData, "fetal_mri");

test.skipIf(!there)(
  "CRL atlas, youngest and oldest, by two parcellations: no false alarm, and no wrong scheme unseen",
  async () => {
    for (const week of [21, 37]) {
      const image = await readVolume(`${folder}/crl_sta_atlas/STA${week}.nii.gz`);
      for (const [scheme, file] of [
        ["crl2017", `crl_sta_atlas/STA${week}_${week <= 30 ? "WMZ" : ""}parc.nii.gz`],
        ["fidon8", `crl_sta_refined_parcellation/STA${week}_parcellation.nii.gz`],
      ] as const) {
        const labels = await readLabels(`${folder}/${file}`);
        const feta = coded(toTissues(labels, scheme, file), "feta");
        const severityOf = (map: Labels, claimed: LabelScheme) => schemeFinding(image, map, claimed, { file, id: "a" })?.severity;
        expect([week, severityOf(labels, scheme), severityOf(feta, "feta")]).toEqual([week, undefined, undefined]);
        const wrong = (["drawem9", "bounti", "fidon8"] as const).map((claimed) => severityOf(feta, claimed));
        expect([week, ...wrong]).toEqual([week, "error", "error", "error"]);
      }
    }
  },
  30_000,
);

test("a mapping without white matter is not asked about white matter", () => {
  const brain = ballBrain();
  const own = { "1": "csf", "2": "cortex", "3": "otherBrain", "4": "lateralVentricle", other: "otherBrain" } as const;
  expect(schemeFinding(imageOf(brain), coded(brain, "feta"), own, { file: "a", id: "a" })).toBeNull();
});
