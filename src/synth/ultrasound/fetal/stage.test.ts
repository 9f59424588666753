import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentContext } from "../../../core/context.ts";
import { readDataset, readSplits } from "../../../data/dataset.ts";
import { splitOptions } from "../../../data/splits.ts";
import { fetalPlanes } from "./finding.ts";
import { fetalUltrasoundOptions } from "./options.ts";
import { runFetalUltrasound } from "./stage.ts";

const options = (more: Record<string, unknown>) =>
  fetalUltrasoundOptions.parse({ kind: "fetal-ultrasound", subjects: 10, pixels: 96, ...more });
const split = splitOptions.parse({});

async function made(more: Record<string, unknown>, workers = 2): Promise<string> {
  const out = await mkdtemp(join(tmpdir(), "fetal-ultrasound-"));
  await runFetalUltrasound({ out, options: options(more), split, seed: 3 }, silentContext(workers));
  return out;
}

test("the same bytes for any number of workers; classes in exact numbers, in every split", async () => {
  const [one, three] = await Promise.all([made({ abnormal: 0.5 }, 1), made({ abnormal: 0.5 }, 3)]);
  const files = (await readdir(one, { recursive: true })).filter((file) => /\.(json|gz)$/.test(file)).sort();
  expect(files.length).toBe(2 * 10 * 4 + 2);
  for (const file of files) expect(await readFile(join(three, file)), file).toEqual(await readFile(join(one, file)));
  const dataset = await readDataset(one);
  expect(dataset.modality).toBe("US");
  const abnormal = new Set(dataset.cases.filter((c) => c.class === "abnormal").map((c) => c.subject));
  expect(abnormal.size).toBe(5);
  const splits = await readSplits(one);
  for (const name of ["train", "val", "test"] as const)
    expect(
      splits[name].some((subject) => abnormal.has(subject)),
      name,
    ).toBe(true);
}, 300_000);

test("every fetus has the same views, so that which there are tells no class", async () => {
  const { cases, classes, lesionTypes } = await readDataset(await made({ classes: "anomalies", abnormal: 0.8 }));
  expect(classes).toEqual(["normal", ...lesionTypes!]);
  for (const subject of new Set(cases.map((c) => c.subject)))
    expect(cases.filter((c) => c.subject === subject).map((c) => c.plane)).toEqual([...fetalPlanes]);
}, 300_000);

test("classes planes: each picture is of its view's class, whatever the fetus has, and every view is there", async () => {
  const folder = await made({ classes: "planes", abnormal: 0.8, subjects: 5 });
  const { cases, classes, lesionTypes } = await readDataset(folder);
  expect(classes).toEqual([...fetalPlanes]);
  expect(cases.map((c) => c.class)).toEqual(cases.map((c) => c.plane));
  expect(cases.filter((c) => c.class === "face")).toHaveLength(5);
  expect(lesionTypes).toHaveLength(4); // masks are of findings still
}, 300_000);

test("views that cannot tell the classes are refused", () => {
  const fault = (more: Record<string, unknown>) =>
    fetalUltrasoundOptions.safeParse({ kind: "fetal-ultrasound", ...more }).error?.issues[0]?.message;
  expect(fault({ planes: ["face"] })).toBe("must be views of the brain for classes binary, not face; got face");
  expect(fault({ classes: "anomalies", planes: ["face", "spine"] })).toContain(
    "a view that shows encephalocele: transventricular or transcerebellar",
  );
  expect(fault({ classes: "planes", pictures: 2 })).toBe("must be at least 4, one of each view, for classes planes; got 2");
  expect(fault({ classes: "anomalies", pictures: 2 })).toBe("must be at least 4, so that one shows rachischisis (spine); got 2");
  expect(fault({ classes: "anomalies", abnormal: 0, pictures: 1 })).toBeUndefined();
  expect(fault({ pictures: 1 })).toBe("must be at least 2, so that one shows dandy-walker (transcerebellar); got 1");
  expect(fault({ planes: ["transcerebellar"] })).toBe(
    "must have a view that shows ventriculomegaly: transventricular; got transcerebellar",
  );
  for (const classes of ["binary", "anomalies", "planes"]) expect(fault({ classes })).toBeUndefined();
  expect(fault({ classes: "planes", planes: ["face", "spine"] })).toBeUndefined();
  expect(fault({ gestationalAge: [24, 18] })).toContain("low <= high");
});
