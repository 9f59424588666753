import { posix } from "node:path";
import { dataFault } from "../faults.ts";
import { fetalPlanes as planes } from "./holdings.ts";
import { bare, type PublicCase, type PublicPlan, placeOf, type SetFolder } from "./plan.ts";
import { filesLike, leftOut, mustBeThere, readTable, refuseOrphan, rowsBy } from "./tables.ts";

/** Names of ours for its planes of the brain. */
const brainPlanes: Readonly<Record<string, string>> = {
  "Trans-ventricular": "transventricular",
  "Trans-cerebellum": "transcerebellar",
  "Trans-thalamic": "transthalamic",
};

/** FETAL_PLANES_DB: `Images/Patient00001_Plane1_1_of_2.png`, and `FETAL_PLANES_DB_data.csv`, parted by semicolons. The classes are the planes. */
export async function planFetalPlanes(set: SetFolder, pixelMm: number): Promise<PublicPlan> {
  const pictures = filesLike(set, /^(.*\/|)Images\/[^/]+\.png$/, "Images/NAME.png");
  const [, folder = ""] = pictures[0]!;
  const file = `${folder}FETAL_PLANES_DB_data.csv`;
  const rows = await readTable(set, file, ["Image_name", "Patient_num", "Plane", "Brain_plane"]);
  const refuse = (rule: string, got: string) => dataFault(posix.join(set.path, file), rule, got, "Download it again");
  const cases = [...rowsBy(set, file, rows, "Image_name").values()].map((row): PublicCase => {
    const image = mustBeThere(set, `${folder}Images/${row.Image_name}.png`, `${file} names it`);
    if (!(planes as readonly string[]).includes(row.Plane)) throw refuse(`Plane must be ${planes.join(", ")}`, row.Plane);
    if (row.Patient_num === "") throw refuse("each row must have a Patient_num", `none for ${row.Image_name}`);
    const plane = brainPlanes[row.Brain_plane];
    const known = {
      ...bare,
      id: row.Image_name,
      subject: `patient-${row.Patient_num}`,
      class: row.Plane,
      ...(plane === undefined ? {} : { plane }),
    };
    return { ...known, source: { kind: "picture", file: image, pixelMm } };
  });
  const named = new Set(cases.map(placeOf));
  const absent = pictures.map(([picture]) => picture).filter((picture) => !named.has(picture));
  const warnings = leftOut(file, "every picture should be in it", absent);
  return { name: "FETAL_PLANES_DB", modality: "US", classes: planes, cases, warnings };
}

/**
 * HC18, its training set: `training_set/000_HC.png` with the outline of the head in `000_HC_Annotation.png`, pixel sizes in
 * `training_set_pixel_size_and_HC.csv`. `010_2HC.png` is a second picture of fetus 010.
 */
export async function planHc18(set: SetFolder): Promise<PublicPlan> {
  const images = filesLike(set, /^(.*\/|)training_set\/((\d+)_(?:\d*)HC)\.png$/, "training_set/000_HC.png");
  const table = "training_set_pixel_size_and_HC.csv";
  const [file] = filesLike(set, new RegExp(`^(?:.*/)?${table.replace(".", "\\.")}$`), table)[0]!;
  const rows = rowsBy(set, file, await readTable(set, file, ["filename", "pixel size(mm)"]), "filename");
  const cases = images.map(([image, before = "", stem = "", number = ""]): PublicCase => {
    const size = rows.get(`${stem}.png`)?.["pixel size(mm)"];
    const pixelMm = Number(size);
    if (!(pixelMm > 0))
      throw dataFault(
        posix.join(set.path, file),
        "must have the pixel size of every picture, mm",
        `${size ?? "no row"} for ${stem}.png`,
        "Download it again",
      );
    const outline = mustBeThere(set, `${before}training_set/${stem}_Annotation.png`, `${image} is a picture`);
    return { ...bare, id: stem, subject: `fetus-${number}`, outline, source: { kind: "picture", file: image, pixelMm } };
  });
  const outlines = /^(?:.*\/|)training_set\/\d+_\d*HC_Annotation\.png$/;
  refuseOrphan(set, outlines, new Set(cases.map(({ outline }) => outline)), "an outline must have its picture");
  const there = new Set(cases.map(({ id }) => `${id}.png`));
  const absent = [...rows.keys()].filter((name) => !there.has(name));
  const warnings = leftOut(file, "every picture that it names should be in the folder", absent);
  return { name: "HC18", modality: "US", cases, warnings };
}

/** The four sides of a box in the published sheet, and in copies of it. */
const sides = ["h_min", "w_min", "h_max", "w_max"] as const;
const otherSides = { h_min: "y_min", w_min: "x_min", h_max: "y_max", w_max: "x_max" } as const;

/**
 * Dataset for Fetus Framework: pictures by number, and a table of boxes with `fname, structure, h_min, w_min, h_max, w_max`, from the upper left corner. One
 * picture is taken to be one fetus: the set does not tell.
 */
export async function planFetusFramework(set: SetFolder, pixelMm: number): Promise<PublicPlan> {
  const [table] = filesLike(
    set,
    /^(?:.*\/)?(?:boxes[^/]*|ObjectDetection)\.csv$/,
    "a table of boxes, ObjectDetection.csv or boxes….csv",
  )[0]!;
  const rows = await readTable(set, table, ["fname", "structure", ...sides], otherSides);
  const pictureOf = picturesByName(set);
  const boxes = new Map<string, NonNullable<PublicCase["boxes"]>>();
  for (const row of rows) {
    const [y0, x0, y1, x1] = sides.map((side) => Number(row[side])) as [number, number, number, number];
    if (!pictureOf.has(row.fname)) mustBeThere(set, row.fname, `${table} has boxes of it`);
    if (!(x0 >= 0 && y0 >= 0 && x1 > x0 && y1 > y0))
      throw dataFault(
        posix.join(set.path, table),
        "boxes must be w_min < w_max, h_min < h_max, from 0",
        `${x0}, ${y0}, ${x1}, ${y1} of ${row.fname}`,
        "Correct the row",
      );
    boxes.set(row.fname, [...(boxes.get(row.fname) ?? []), { name: row.structure, slice: 0, box: [x0, y0, x1, y1] }]);
  }
  const regions = [...new Set(rows.map((row) => row.structure))].sort();
  const cases = [...boxes].map(([name, own]): PublicCase => {
    const stem = name.replace(/\.png$/i, "");
    const file = onlyPicture(set, name, pictureOf.get(name)!);
    return { ...bare, id: `picture-${stem}`, subject: `fetus-${stem}`, boxes: own, source: { kind: "picture", file, pixelMm } };
  });
  return { name: "Fetus Framework", modality: "US", regions, cases };
}

function picturesByName({ files }: SetFolder): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of files.filter((name) => /\.png$/i.test(name))) {
    const name = posix.basename(file);
    found.set(name, [...(found.get(name) ?? []), file]);
  }
  return found;
}

/** The picture of a name that the table of boxes knows by that alone. */
function onlyPicture({ path }: SetFolder, name: string, files: readonly string[]): string {
  const [first, second] = files as readonly [string, ...string[]];
  if (second === undefined) return first;
  throw dataFault(
    posix.join(path, second),
    `one picture must have the name ${name}`,
    `${first} too`,
    "Remove the one that the boxes are not of",
  );
}
