import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/helpers/disc-dataset.ts";
import { toyHead } from "../../test/helpers/toy-head.ts";
import type { Case } from "../data/dataset.ts";
import { sidecarOf as sidecarOfStack, stacksOf } from "./copy.ts";
import { sidecarText } from "./folder.ts";
import { prepareCase } from "./normal/case.ts";
import { synthOptions } from "./options.ts";
import { readSidecar, sidecarJsonSchema, sidecarSchema } from "./sidecar.ts";

const head = toyHead({ shape: [38, 46, 34], affine: [2, 0, 0, -37, 0, 2, 0, -45, 0, 0, 2, -33] });
const normal = prepareCase(head.image, head.tissue, 27);
const hash = "0".repeat(64);
const source = { id: "a_T2w", subject: "a", image: { path: "a", sha256: hash }, labels: { path: "b", sha256: hash } } as Case;
const coarse = { pixelMm: [2, 2], thicknessMm: [5, 5], fieldMm: [80, 80] };
const base = { copies: 1, healthyShare: 0, planes: ["axial"], acquisition: coarse, surround: { fieldMm: 100, maskedShare: 0 } };
const sidecarOf = (more: object, seed: number) => {
  const job = { case: source, seed, options: synthOptions.parse({ ...base, ...more }) };
  return sidecarOfStack(job, normal, stacksOf(job, 0, normal)[0]!, 0);
};

test("the exported schema is the one that sidecars are read by", async () => {
  const file = resolve(import.meta.dirname, "../../docs/schema/sidecar.schema.json");
  expect(`${JSON.stringify(sidecarJsonSchema(), null, 2)}\n`).toBe(await readFile(file, "utf8"));
});

test("every kind of scene has a sidecar that reads back equal", async () => {
  const folder = await temporaryFolder("sidecar");
  const grade = (name: string) => ({
    lesion: { grades: { kind: "free", [name]: 1 }, atrialWidthMm: [10, 11], stages: { dark: 1, rim: 1, bright: 1 } },
  });
  const often = Object.fromEntries(["choroidPlexus", "eminence", "calcification", "septum"].map((kind) => [kind, { rate: 1 }]));
  const kinds: object[] = [
    { healthyShare: 1, negatives: often },
    { ...grade("I"), appearance: { kind: "random" } },
    grade("II"),
    { ...grade("III"), surround: { kind: "none" } },
    grade("IV"),
    ...["random-blobs", "site-only", "foreign-patch", "ellipses"].map((kind) => ({ ...grade("II"), control: { kind } })),
  ];
  for (const [i, more] of kinds.entries()) {
    const sidecar = sidecarOf(more, i);
    const file = join(folder, `${i}.json`);
    await writeFile(file, sidecarText(sidecar));
    expect(JSON.parse(JSON.stringify(await readSidecar(file)))).toEqual(JSON.parse(JSON.stringify(sidecar)));
  }
});

test("a key too many or too few, at any depth, is refused by its place", () => {
  const sidecar = JSON.parse(sidecarText(sidecarOf({}, 1)));
  const faultOf = (edit: (json: typeof sidecar) => void) => {
    const copy = structuredClone(sidecar);
    edit(copy);
    return sidecarSchema.safeParse(copy).error?.issues[0]?.path.join(".");
  };
  expect(sidecarSchema.safeParse(sidecar).success).toBe(true);
  expect(faultOf((json) => { json.more = 1; })).toBe("");
  expect(faultOf((json) => { json.draw.acquisition.noise.more = 1; })).toBe("draw.acquisition.noise");
  expect(faultOf((json) => { delete json.draw.bleed.bleed.edgeMm; })).toBe("draw.bleed.bleed.edgeMm");
  expect(faultOf((json) => { json.draw.acquisition.poses[0].translationMm = [1, 2]; })).toBe("draw.acquisition.poses.0.translationMm");
  expect(faultOf((json) => { json.source.image = "x"; })).toBe("source.image");
}); // biome-ignore format: one edit a line
