import { posix } from "node:path";
import { dataFault } from "../faults.ts";
import { ctClasses } from "./holdings.ts";
import { bare, type PublicCase, type PublicPlan, type SetFolder } from "./plan.ts";
import { filesLike, leftOut, readTable, rowsBy } from "./tables.ts";

/** Series that are no plain brain scan: of bone, or with contrast agent (`CT 4cc sec 150cc D3D on`, `CT ORAL IV`); `CT PRE CONTRAST THIN` is plain. Told by their names. */
const otherSeries = /bone|\d+\s*cc\b|(?<!pre[\s_-]*)contrast|oral|cect|angio/i;

const reads = ["R1:ICH", "R2:ICH", "R3:ICH"] as const;

/**
 * CQ500: `CQ500CT0 CQ500CT0/Unknown Study/SERIES/CT000000.dcm`, and `reads.csv` with three readers' verdict on each scan (`CQ500-CT-0`).
 * A scan bleeds where at least two of the three say so. Every plain series is a case; those of a patient share the subject. The set comes in many archives, so rows of
 * scans that are not there are passed over with a warning.
 */
export async function planCq500(set: SetFolder): Promise<PublicPlan> {
  const slices = filesLike(
    set,
    /^(?:.*\/)?CQ500CT(\d+) [^/]+\/(?:[^/]+\/)*([^/]+)\/[^/]+\.dcm$/,
    "CQ500CT0 CQ500CT0/Unknown Study/SERIES/CT000000.dcm",
  );
  const { bleeds, names } = await readVerdicts(set);
  const series = new Map<string, { number: string; files: string[] }>();
  for (const [file, number = "", name = ""] of slices) {
    if (otherSeries.test(name)) continue;
    const folder = posix.dirname(file);
    const known = series.get(folder) ?? { number, files: [] };
    series.set(folder, known);
    known.files.push(posix.basename(file));
  }
  const cases = [...series].map(([folder, { number, files }]): PublicCase => {
    const name = posix.basename(folder).replace(/[^A-Za-z0-9]+/g, "-");
    return {
      ...bare,
      id: `CQ500-CT-${number}_${name}`,
      subject: `CQ500-CT-${number}`,
      source: { kind: "series", folder, files },
      class: ctClasses[bleeds(number) ? 1 : 0],
    };
  });
  const taken = new Set(cases.map(({ subject }) => subject));
  const there = new Set(slices.map(([, number]) => `CQ500-CT-${number}`));
  const absent = names.filter((name) => !there.has(name));
  const warnings = [
    ...leftOut("reads.csv", "every scan that it names should be in the folder", absent),
    ...[...there].filter((scan) => !taken.has(scan)).map(withoutPlain),
  ];
  return { name: "CQ500", modality: "CT", classes: ctClasses, cases, warnings };
}

const withoutPlain = (scan: string): string =>
  `${scan}: a scan should have a plain series; got none by the names of its folders, so it is left out.`;

/** Whether a scan bleeds, by its number, and the names of all scans that were read. */
async function readVerdicts(set: SetFolder): Promise<{ bleeds: (number: string) => boolean; names: readonly string[] }> {
  const rows = rowsBy(set, "reads.csv", await readTable(set, "reads.csv", ["name", ...reads]), "name");
  const refuse = (rule: string, got: string, wayOut: string) => dataFault(posix.join(set.path, "reads.csv"), rule, got, wayOut);
  const bleeds = (number: string): boolean => {
    const row = rows.get(`CQ500-CT-${number}`);
    if (row === undefined)
      throw refuse("must have a row of every scan", `none of CQ500-CT-${number}`, "Download it again, or leave the scan out");
    const votes = reads.map((read) => row[read]);
    if (!votes.every((vote) => vote === "0" || vote === "1"))
      throw refuse(`${reads.join(", ")} must be 0 or 1`, `${votes.join(", ")} for CQ500-CT-${number}`, "Download it again");
    return votes.filter((vote) => vote === "1").length >= 2;
  };
  return { bleeds, names: [...rows.keys()] };
}
