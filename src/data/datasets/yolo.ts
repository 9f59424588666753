import { join, posix } from "node:path";
import { parseDocument } from "yaml";
import { dataFault } from "../faults.ts";
import { readText } from "../files.ts";
import { yoloLines } from "../yolo-lines.ts";
import { bare, type PublicCase, type PublicPlan, type RelativeBox, type SetFolder } from "./plan.ts";
import { filesLike, mustBeThere, refuseOrphan } from "./tables.ts";

/**
 * Pictures with boxes as YOLO has them: `images/NAME.jpg`, `labels/NAME.txt` with a line `class x y width height` for each box (middle and size as shares of
 * the picture), and the names of the classes in `data.yaml`. An empty text file says that nothing is in a picture; one that is missing says nothing, and is refused.
 *
 * @param subject - Regular expression on a picture's path whose first group is the patient.
 * @throws {UserError} (data) As the other layouts, or if the pattern finds no patient in a path.
 */
export async function planYolo(set: SetFolder, pixelMm: number, subject: string): Promise<PublicPlan> {
  const images = filesLike(set, /^(.*\/|)images\/(.+)\.(?:png|jpe?g|tiff?)$/i, "images/NAME.jpg");
  const names = await classNames(set);
  const claimed = new Set<string>();
  const cases: PublicCase[] = [];
  for (const [image, before = "", stem = ""] of images) {
    const label = mustBeThere(
      set,
      `${before}labels/${stem}.txt`,
      `${image} is a picture; an empty file says that nothing is in it`,
    );
    claimed.add(label);
    cases.push({
      ...bare,
      id: `${before}${stem}`.replace(/[^A-Za-z0-9._-]+/g, "_"),
      subject: patientOf(set, image, subject),
      relativeBoxes: await readBoxes(join(set.path, label), names),
      source: { kind: "greyPicture", file: image, pixelMm },
    });
  }
  refuseOrphan(set, /(?:^|\/)labels\/.+\.txt$/, claimed, "boxes must have their picture");
  return { name: "YOLO boxes", regions: names, cases };
}

function patientOf(set: SetFolder, image: string, pattern: string): string {
  const patient = new RegExp(pattern, "u").exec(image)?.slice(1).find(Boolean);
  if (patient !== undefined) return `patient-${patient.replace(/[^A-Za-z0-9._-]+/g, "_")}`;
  throw dataFault(
    join(set.path, image),
    "data.subject must find the patient in every path",
    `no match of ${pattern}`,
    "Correct it",
  );
}

/** `names` of data.yaml, a list or numbers from 0 with names. */
async function classNames(set: SetFolder): Promise<string[]> {
  const file = mustBeThere(set, "data.yaml", "it names the classes");
  const where = posix.join(set.path, file);
  const document = parseDocument(await readText(where, "it comes with the pictures"));
  const names: unknown = document.errors.length > 0 ? null : (document.toJS() as { names?: unknown } | null)?.names;
  const list = Array.isArray(names) ? names : Object.values(names !== null && typeof names === "object" ? names : {});
  if (list.length === 0 || !list.every((name) => typeof name === "string" && name !== "") || new Set(list).size < list.length)
    throw dataFault(where, "names must be a list of names, each once", JSON.stringify(names) ?? "none", "Correct the file");
  return list as string[];
}

async function readBoxes(where: string, names: readonly string[]): Promise<RelativeBox[]> {
  return yoloLines(await readText(where, "it comes with the pictures")).map(({ number, text, values }) => {
    const [kind = -1, x = 0, y = 0, width = 0, height = 0] = values;
    const name = names[kind];
    const isShare = values.slice(1).every((value) => value >= 0 && value <= 1);
    if (name === undefined || values.length !== 5 || !isShare || width === 0 || height === 0) {
      const rule = `must be a class of 0 to ${names.length - 1}, then middle, width and height as shares of the picture`;
      throw dataFault(`${where} line ${number}`, rule, text.slice(0, 80), "Correct the line; outlines are not read");
    }
    return { name, box: [x - width / 2, y - height / 2, x + width / 2, y + height / 2] as const };
  });
}
