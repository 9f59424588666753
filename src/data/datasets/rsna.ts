import { open } from "node:fs/promises";
import { join, posix } from "node:path";
import { sha256 } from "../../core/hash.ts";
import { dicomOwner } from "../dicom-slice.ts";
import { dataFault } from "../faults.ts";
import { readText } from "../files.ts";
import { ctClasses } from "./holdings.ts";
import { bare, type PublicCase, type PublicPlan, type SetFolder } from "./plan.ts";
import { filesLike, leftOut } from "./tables.ts";

/**
 * RSNA ICH 2019: `stage_2_train/ID_….dcm`, all slices in one folder, and `stage_2_train.csv` with rows `ID_…_any,0`. Slices are gathered into their
 * series by what is in them; the subject is the patient, in letters of our own, so that the scans of one patient stay in one split. A scan bleeds where one of its slices does.
 */
export async function planRsna(set: SetFolder): Promise<PublicPlan> {
  const slices = filesLike(set, /^(?:.*\/)?stage_2_train\/(ID_[0-9a-f]+)\.dcm$/, "stage_2_train/ID_….dcm");
  const labels = await readLabels(set);
  const series = new Map<string, { patient: string; folder: string; files: string[]; bleeds: boolean }>();
  for (const [file, id = ""] of slices) {
    const bleeds = labels.get(id);
    if (bleeds === undefined)
      throw dataFault(
        join(set.path, table),
        "must have a row of every slice",
        `none of ${id}_any`,
        "Download it again, or remove the slice",
      );
    const owner = dicomOwner(await headOf(join(set.path, file)), file);
    const known = series.get(owner.series) ?? { patient: owner.patient, folder: posix.dirname(file), files: [], bleeds: false };
    if (known.patient !== owner.patient)
      throw dataFault(
        join(set.path, file),
        "slices of one series must be of one patient",
        `another than in ${known.files[0]}`,
        "Download it again, or remove the slices of the series",
      );
    series.set(owner.series, known);
    known.files.push(posix.basename(file));
    known.bleeds ||= bleeds;
  }
  const cases = [...series].map(([uid, { patient, folder, files, bleeds }]): PublicCase => {
    const subject = `p-${sha256(patient).slice(0, 10)}`;
    return {
      ...bare,
      id: `${subject}_${sha256(uid).slice(0, 6)}_ct`,
      subject,
      source: { kind: "series", folder, files: files.sort() },
      class: ctClasses[bleeds ? 1 : 0],
    };
  });
  return { name: "RSNA ICH", modality: "CT", classes: ctClasses, cases, warnings: absentSlices(labels, slices) };
}

function absentSlices(labels: ReadonlyMap<string, boolean>, slices: readonly RegExpExecArray[]): string[] {
  const there = new Set(slices.map(([, id]) => id));
  const absent = [...labels.keys()].filter((id) => !there.has(id));
  return leftOut(table, "every slice that it names should be in the folder", absent);
}

const table = "stage_2_train.csv";

/** Whether each slice bleeds, by its id: 4.5 million rows, so they are not taken apart into cells. */
async function readLabels({ path }: SetFolder): Promise<ReadonlyMap<string, boolean>> {
  const where = join(path, table);
  const text = await readText(where, "download it with the images");
  const head = /^\uFEFF?([^\r\n]*)/.exec(text)![1]!;
  if (head.trim() !== "ID,Label")
    throw dataFault(where, "must have the columns ID and Label", head.slice(0, 80) || "none", "Download it again");
  const labels = new Map<string, boolean>();
  for (const [, id = "", cell = ""] of text.matchAll(/^(ID_[0-9a-f]+)_any(?:,(.*))?$/gm)) {
    const value = cell.trim();
    if (value !== "0" && value !== "1")
      throw dataFault(where, "Label must be 0 or 1", `${value.slice(0, 80) || "nothing"} for ${id}_any`, "Download it again");
    // The published table has a few rows twice, the same.
    if (labels.has(id) && labels.get(id) !== (value === "1"))
      throw dataFault(where, "a slice must have one label", `0 and 1 for ${id}_any`, "Download it again");
    labels.set(id, value === "1");
  }
  return labels;
}

/** The begin of a file: what says whose it is stands before the pixels. */
async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(65536), 0, 65536, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
