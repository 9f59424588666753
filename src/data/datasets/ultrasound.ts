import { posix } from "node:path";
import { dataFault } from "../faults.ts";
import { bare, type PublicCase, type PublicPlan, type SetFolder } from "./plan.ts";
import { filesLike, mustBeThere, readTable } from "./tables.ts";

/** The six planes of the set. */
const planes = ["Fetal brain", "Fetal abdomen", "Fetal femur", "Fetal thorax", "Maternal cervix", "Other"] as const;
/** Names of ours for its planes of the brain. */
const brainPlanes: Readonly<Record<string, string>> = {
  "Trans-ventricular": "transventricular",
  "Trans-cerebellum": "transcerebellar",
  "Trans-thalamic": "transthalamic",
};

/** FETAL_PLANES_DB: `Images/Patient00001_Plane1_1_of_2.png`, and `FETAL_PLANES_DB_data.csv`, parted by semicolons. The classes are the planes. */
export async function planFetalPlanes(set: SetFolder, pixelMm: number): Promise<PublicPlan> {
  filesLike(set, /^Images\/[^/]+\.png$/, "Images/NAME.png");
  const file = "FETAL_PLANES_DB_data.csv";
  const rows = await readTable(set, file, ["Image_name", "Patient_num", "Plane", "Brain_plane"]);
  const cases = rows.map((row): PublicCase => {
    const image = mustBeThere(set, `Images/${row.Image_name}.png`, `${file} names it`);
    if (!(planes as readonly string[]).includes(row.Plane))
      throw dataFault(posix.join(set.path, file), `Plane must be ${planes.join(", ")}`, row.Plane, "Download it again");
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
  return { name: "FETAL_PLANES_DB", modality: "US", classes: planes, cases };
}

/**
 * HC18, its training set: `training_set/000_HC.png` with the outline of the head in `000_HC_Annotation.png`, pixel sizes in
 * `training_set_pixel_size_and_HC.csv`. `010_2HC.png` is a second picture of fetus 010.
 */
export async function planHc18(set: SetFolder): Promise<PublicPlan> {
  const images = filesLike(set, /^(.*\/|)training_set\/((\d+)_(?:\d*)HC)\.png$/, "training_set/000_HC.png");
  const file = `${images[0]![1]!}training_set_pixel_size_and_HC.csv`;
  const rows = await readTable(set, file, ["filename", "pixel size(mm)"]);
  const sizes = new Map(rows.map((row) => [row.filename, Number(row["pixel size(mm)"])]));
  const cases = images.map(([image, before = "", stem = "", number = ""]): PublicCase => {
    const pixelMm = sizes.get(`${stem}.png`);
    if (pixelMm === undefined || !(pixelMm > 0))
      throw dataFault(
        posix.join(set.path, file),
        "must have the pixel size of every picture, mm",
        `${pixelMm ?? "no row"} for ${stem}.png`,
        "Download it again",
      );
    const outline = mustBeThere(set, `${before}training_set/${stem}_Annotation.png`, `${image} is a picture`);
    return { ...bare, id: stem, subject: `fetus-${number}`, outline, source: { kind: "picture", file: image, pixelMm } };
  });
  return { name: "HC18", modality: "US", cases };
}

/**
 * Dataset for Fetus Framework: pictures by number, and a table of boxes with `fname, structure, y_min, x_min, y_max, x_max`, from the upper left corner. One
 * picture is taken to be one fetus: the set does not tell.
 */
export async function planFetusFramework(set: SetFolder, pixelMm: number): Promise<PublicPlan> {
  const [table] = filesLike(
    set,
    /^(?:.*\/)?(?:boxes[^/]*|ObjectDetection)\.csv$/,
    "a table of boxes, ObjectDetection.csv or boxes….csv",
  )[0]!;
  const rows = await readTable(set, table, ["fname", "structure", "y_min", "x_min", "y_max", "x_max"]);
  const byName = new Map(set.files.filter((file) => /\.png$/i.test(file)).map((file) => [posix.basename(file), file]));
  const boxes = new Map<string, NonNullable<PublicCase["boxes"]>>();
  for (const row of rows) {
    const [x0, y0, x1, y1] = [row.x_min, row.y_min, row.x_max, row.y_max].map(Number) as [number, number, number, number];
    if (!byName.has(row.fname)) mustBeThere(set, row.fname, `${table} has boxes of it`);
    if (!(x0 >= 0 && y0 >= 0 && x1 > x0 && y1 > y0))
      throw dataFault(
        posix.join(set.path, table),
        "boxes must be x_min < x_max, y_min < y_max, from 0",
        `${x0}, ${y0}, ${x1}, ${y1} of ${row.fname}`,
        "Correct the row",
      );
    boxes.set(row.fname, [...(boxes.get(row.fname) ?? []), { name: row.structure, slice: 0, box: [x0, y0, x1, y1] }]);
  }
  const regions = [...new Set(rows.map((row) => row.structure))].sort();
  const cases = [...boxes].map(([name, own]): PublicCase => {
    const stem = name.replace(/\.png$/i, "");
    return {
      ...bare,
      id: `picture-${stem}`,
      subject: `fetus-${stem}`,
      boxes: own,
      source: { kind: "picture", file: byName.get(name)!, pixelMm },
    };
  });
  return { name: "Fetus Framework", modality: "US", regions, cases };
}
