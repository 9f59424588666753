import { posix } from "node:path";
import { dataFault } from "../faults.ts";
import { bare, ctClasses, type PublicCase, type PublicPlan, type SetFolder } from "./plan.ts";
import { filesLike, readTable } from "./tables.ts";

/** Series that are no plain brain scan: of bone, or with contrast agent (`CT 4cc sec 150cc D3D on`). Assumed from their names. */
const otherSeries = /bone|\d+\s*cc\b|contrast|angio/i;

/**
 * CQ500: `CQ500CT0 CQ500CT0/Unknown Study/SERIES/CT000000.dcm`, and `reads.csv` with three readers' verdict on each scan (`CQ500-CT-0`).
 * A scan bleeds where at least two of the three say so. Every plain series is a case; those of a patient share the subject.
 */
export async function planCq500(set: SetFolder): Promise<PublicPlan> {
  const slices = filesLike(
    set,
    /^(?:.*\/)?CQ500CT(\d+) [^/]+\/(?:[^/]+\/)*([^/]+)\/[^/]+\.dcm$/,
    "CQ500CT0 CQ500CT0/Unknown Study/SERIES/CT000000.dcm",
  );
  const rows = await readTable(set, "reads.csv", ["name", "R1:ICH", "R2:ICH", "R3:ICH"]);
  const verdict = new Map(
    rows.map((row) => [row.name, [row["R1:ICH"], row["R2:ICH"], row["R3:ICH"]].filter((read) => read === "1").length >= 2]),
  );
  const series = new Map<string, { number: string; files: string[] }>();
  for (const [file, number = "", name = ""] of slices) {
    if (otherSeries.test(name)) continue;
    const folder = posix.dirname(file);
    const known = series.get(folder) ?? { number, files: [] };
    series.set(folder, known);
    known.files.push(posix.basename(file));
  }
  const cases = [...series].map(([folder, { number, files }]): PublicCase => {
    const bleeds = verdict.get(`CQ500-CT-${number}`);
    if (bleeds === undefined)
      throw dataFault(
        posix.join(set.path, "reads.csv"),
        "must have a row of every scan",
        `none of CQ500-CT-${number}`,
        "Download it again, or leave the scan out",
      );
    const name = posix.basename(folder).replace(/[^A-Za-z0-9]+/g, "-");
    return {
      ...bare,
      id: `CQ500-CT-${number}_${name}`,
      subject: `CQ500-CT-${number}`,
      source: { kind: "series", folder, files },
      class: ctClasses[bleeds ? 1 : 0],
    };
  });
  return { name: "CQ500", modality: "CT", classes: ctClasses, cases };
}
