import { expect, test } from "vitest";
import { UserError } from "../../core/errors.ts";
import { type Entry, parseDetections, parseReference } from "./coco.ts";
import { groupByCases, groupByKey } from "./patients.ts";
import { parseYoloLabels } from "./yolo.ts";

const image = (id: number | string, more: Entry = {}) => ({ id, file_name: `test/${id}.png`, ...more });
const box = { image_id: 2, category_id: 1, bbox: [1, 2, 3, 4] };
const instances = {
  images: [image(2, { patient: "a" }), image(1, { patient: "b" })],
  categories: [{ id: 1, name: "bleed" }],
  annotations: [{ id: 5, iscrowd: 0, area: 10, ...box }],
};
const parse = (change: object) => parseReference(JSON.stringify({ ...instances, ...change }), "ref.json");
const found = (entries: unknown) => parseDetections(JSON.stringify(entries), "det.json", parse({}));

/** The message of the fault in the data that a function throws. */
function fault(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError && error.fault === "data") return error.message;
    throw error;
  }
  return "nothing thrown";
}

test("pictures and classes are numbered by their ids, whatever their order; a box without area has its own", () => {
  const reference = parse({ annotations: [box, { ...box, image_id: 1, iscrowd: 1, area: 7 }] });
  expect(reference.images.map(({ id }) => id)).toEqual([1, 2]);
  expect([...reference.truth.image, ...reference.truth.area, ...reference.truth.crowd]).toEqual([1, 0, 12, 7, 0, 1]);
  expect(reference.withoutArea).toBe(1);
  const { found: seen } = found([{ ...box, score: -3, segmentation: [], other: "x" }]);
  expect([...seen.image, ...seen.label, ...seen.sides, ...seen.score]).toEqual([1, 0, 1, 2, 3, 4, -3]);
  const named = parse({ images: [image("b"), image("a")], annotations: [{ ...box, image_id: "b" }] });
  expect(named.images.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(parse({ categories: [{ id: 1, name: "x" }, { id: 2, name: "x" }] }).classes.map(({ name }) => name)).toEqual(["x (1)", "x (2)"]); // biome-ignore format: short
});

const annotation = (change: Entry) => () => parse({ annotations: [instances.annotations[0], { ...box, ...change }] });
const result = (change: Entry) => () =>
  found([
    { ...box, score: 1 },
    { ...box, score: 1, ...change },
  ]);
const sides = "must be left, top, width, height: finite numbers, width and height above 0; got";
test.each<[string, () => unknown, string]>([
  ["no JSON", () => parseReference("{", "ref.json"), "ref.json: must be JSON; got something that is not."],
  ["an empty file", () => parseReference("", "ref.json"), "ref.json: must be JSON; got an empty file."],
  ["results for the reference", () => parseReference("[]", "ref.json"), "ref.json: the reference must be an object; got a list, as results are."],
  ["no images", () => parse({ images: undefined }), "ref.json, images: must be a list; got nothing."],
  ["none in images", () => parse({ images: [] }), "ref.json, images: must hold at least one entry; got none."],
  ["no class", () => parse({ categories: [] }), "ref.json, categories: must hold at least one entry; got none."],
  ["an image that is none", () => parse({ images: [3] }), "ref.json, images[0]: must be an object; got 3."],
  ["an image without id", () => parse({ images: [{}] }), "ref.json, images[0].id: must be a whole number or a text; got nothing."],
  ["an image twice", () => parse({ images: [image(1), image(2), image(1)] }), "ref.json, images[2].id: each id may come once; got 1, as in [0]."],
  ["a class twice", () => parse({ categories: [{ id: 1 }, { id: 1 }] }), "ref.json, categories[1].id: each id may come once; got 1, as in [0]."],
  ["an annotation twice", annotation({ id: 5 }), "ref.json, annotations[1].id: each id may come once; got 5, as in [0]."],
  ["no truth", () => parse({ annotations: [] }), "ref.json: must hold at least one object; got no annotation."],
  ["crowds alone", () => parse({ annotations: [{ ...box, iscrowd: 1 }] }), "ref.json: must hold at least one object; got crowds alone."],
  ["a true box elsewhere", annotation({ image_id: 9 }), "ref.json, annotations[1].image_id: must be the id of an image of the reference; got 9."],
  ["a true box of no class", annotation({ category_id: 0 }), "ref.json, annotations[1].category_id: must be the id of a category of the reference; got 0."],
  ["a segmentation alone", annotation({ bbox: undefined, segmentation: [[1, 2]] }), "ref.json, annotations[1].bbox: must be there; got a segmentation alone."],
  ["no box", annotation({ bbox: undefined }), `ref.json, annotations[1].bbox: ${sides} nothing.`],
  ["no width", annotation({ bbox: [1, 2, 0, 4] }), `ref.json, annotations[1].bbox: ${sides} [1,2,0,4].`],
  ["an area below 0", annotation({ area: -1 }), "ref.json, annotations[1].area: must be a number from 0; got -1."],
  ["found: no list", () => found(instances), "det.json: detections must be a list; got an object."],
  ["found: no entry", () => found([null]), "det.json[0]: must be an object; got null."],
  ["found: another picture", result({ image_id: "2" }), 'det.json, [1].image_id: must be the id of an image of the reference; got "2".'],
  ["found: another class", result({ category_id: 2 }), "det.json, [1].category_id: must be the id of a category of the reference; got 2."],
  ["found: negative", result({ bbox: [1, 2, -3, 4] }), `det.json, [1].bbox: ${sides} [1,2,-3,4].`],
  ["found: inverted", result({ bbox: [9, 9, 3, -4] }), `det.json, [1].bbox: ${sides} [9,9,3,-4].`],
  ["found: NaN", result({ bbox: [1, Number.NaN, 3, 4] }), `det.json, [1].bbox: ${sides} [1,null,3,4].`],
  ["found: three sides", result({ bbox: [1, 2, 3] }), `det.json, [1].bbox: ${sides} [1,2,3].`],
  ["found: no score", result({ score: undefined }), "det.json, [1].score: must be a finite number; got nothing."],
  ["found: a text", result({ score: "0.5" }), 'det.json, [1].score: must be a finite number; got "0.5".'],
  ["found: a mask alone", result({ bbox: undefined, segmentation: {} }), "det.json, [1].bbox: must be there; got a segmentation alone."],
])("refused: %s", (_, work, message) => {
  expect(fault(work)).toContain(message);
}); // biome-ignore format: one case a line

test("an infinite score, which JSON can hold as 1e999, is refused", () => {
  const text = '[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1e999}]';
  expect(fault(() => parseDetections(text, "det.json", parse({})))).toContain("det.json, [0].score: must be a finite number");
});

test("patients come from a key of the images, the usual ones or the one named; without, every picture is its own", () => {
  expect(groupByKey(parse({}), null)).toEqual({ clusters: ["b", "a"], by: "patient", columns: null });
  const other = parse({ images: [image(2, { mother_no: 7 }), image(1, { mother_no: 7 })] });
  expect(groupByKey(other, null)).toEqual({ clusters: ["1", "2"], by: null, columns: null });
  expect(groupByKey(other, "mother_no")).toEqual({ clusters: ["7", "7"], by: "mother_no", columns: null });
  const two = parse({ images: [image(2, { subject: "a", Patient_ID: "b" }), image(1)] });
  expect(fault(() => groupByKey(two, null))).toContain(
    "which key of the images is the patient must be clear; got subject, Patient_ID.",
  );
  expect(fault(() => groupByKey(other, "patient"))).toContain("ref.json: an image must have the key patient; got none.");
  const some = parse({ images: [image(2, { subject: "a" }), image(1)] });
  expect(fault(() => groupByKey(some, null))).toContain(
    "ref.json, image 1: must have the key subject, as others have; got none.",
  );
});

test("patients come from a table by id, file name, base or stem; what is missing or has two patients is named", () => {
  const by = (text: string, column: string | null = null) => groupByCases(parse({}), text, "cases.csv", { id: null, cluster: column });
  const grouped = (head: string) => ({ clusters: ["y", "x"], by: "patient of cases.csv", columns: `id "${head}" (guessed), cluster "patient" (guessed)` });
  for (const [head, first, second] of [
    ["image_id", "2", "1"],
    ["file_name", "test/2.png", "test/1.png"],
    ["image", "2.png", "1.png"],
  ])
    expect(by(`patient,${head}\nx,${first}\ny,${second}\nz,99\n`)).toEqual(grouped(head!));
  expect(by("image,woman\n1,y\n2,x\n", "woman").clusters).toEqual(["y", "x"]);
  expect(fault(() => by("image,patient\n1,y\n"))).toContain("cases.csv: must have a row for every image of ref.json; got 1 without, such as 2.");
  expect(fault(() => by("image,patient\n1,y\n1,z\n2,x\n"))).toContain("cases.csv, row 3: a picture has one patient; got z, and in row 2 y.");
  expect(fault(() => by("image,patient\n1,\n"))).toContain("cases.csv, row 2, patient: must not be empty");
  expect(fault(() => by("image,grade\n1,y\n"))).toContain("cases.csv: must have a column with the cluster; got image, grade. Name it: --cluster COLUMN.");
  expect(fault(() => by("image,patient\n1,y\n", "woman"))).toContain("cases.csv: must have a column woman; got image, patient.");
}); // biome-ignore format: short

const yolo = (
  text: string,
  path = "2.txt",
  images: unknown[] = instances.images.map((of) => ({ ...of, width: 200, height: 100 })),
) => parseYoloLabels([{ path, text }], "labels", parse({ images, categories: [{ id: 9 }, { id: 1 }] })).found;

test("text files of YOLO are the same boxes: middle and size in shares, classes in the order of their ids", () => {
  const seen = yolo("0 0.5 0.5 0.1 0.2 0.75\n\n1 0.25 0.1 0.5 0.2 1e-3\r\n");
  expect([...seen.image, ...seen.label, ...seen.score]).toEqual([1, 1, 0, 1, 0.75, 0.001]);
  expect([...seen.sides].map((v) => Number(v.toFixed(9)))).toEqual([90, 40, 20, 20, 0, 0, 100, 20]);
  expect(yolo("").score).toHaveLength(0);
});

test.each<[string, () => unknown, string]>([
  ["no file", () => parseYoloLabels([], "labels", parse({})), "labels: must hold text files of boxes; got none."],
  ["no confidence", () => yolo("0 0.5 0.5 0.1 0.2"), "labels/2.txt, line 1: must be class, middle x, middle y, width, height, confidence; got five numbers."],
  ["a word", () => yolo("0 0.5 0.5 0.1 0.2 high"), "confidence; got 0 0.5 0.5 0.1 0.2 high."],
  ["another class", () => yolo("\n2 0.5 0.5 0.1 0.2 1"), "labels/2.txt, line 2: the class must be a whole number from 0 to 1; got 2."],
  ["no width", () => yolo("0 0.5 0.5 0 0.2 1"), "labels/2.txt, line 1: width and height must be above 0; got 0 and 0.2."],
  ["no such picture", () => yolo("", "7.txt"), "labels/7.txt: must be named as one image of ref.json; got none of that name."],
  ["a picture without size", () => yolo("", "2.txt", instances.images), "ref.json, image 2: must have width and height"],
])("refused of YOLO: %s", (_, work, message) => {
  expect(fault(work)).toContain(message);
}); // biome-ignore format: one case a line
