import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasShared, sharedData } from "../../../test/fixtures/shared.ts";
import { silentContext } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { readDataset, readSplits } from "../../data/dataset.ts";
import { readLabels, readVolume } from "../../data/nifti.ts";
import { splitOptions } from "../../data/splits.ts";
import { buildHead, type Head } from "./build.ts";
import { drawHead, drawLabelSlice, drawScan } from "./draw.ts";
import { labelParts, labelSlice } from "./label-slice.ts";
import { listLabelPictures, readLabelPicture } from "./load.ts";
import { bleedId, bleedTypes, materials } from "./materials.ts";
import { headCtOptions } from "./options.ts";
import type { HeadPlan } from "./plan.ts";
import { type HeadScan, scanHead } from "./scan.ts";
import { runHeadCt } from "./stage.ts";

/** Materials of the brain itself, which bleeds outside it never cover. */
const brain: readonly number[] = [materials.grey, materials.white, materials.cerebellum, materials.brainstem];

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "head-ct-"));
});
afterAll(() => rm(root, { recursive: true }));

const coarse = { detailMm: 2, pixelMm: 2, sliceMm: 10 };
const options = headCtOptions.parse({ kind: "head-ct", subjects: 2, bleeding: 0.5, tiltDegrees: 5, moving: 0, ...coarse });

/** A head with one bleed of every kind. */
function everyKind(): HeadPlan {
  const plan = drawHead(seededRng(11).fork("head"), false, options);
  const common = { hu: 65, seed: 5 };
  return {
    ...plan,
    bleeds: [
      { type: "epidural", volumeMl: 25, towards: [0.9, 0.1, 0.42], reach: 2, ...common },
      { type: "subdural", volumeMl: 40, towards: [-0.9, 0.1, 0.42], reach: 90, ...common },
      { type: "subarachnoid", volumeMl: 12, centre: [0, 17, -18], ...common },
      { type: "intraparenchymal", volumeMl: 15, centre: [-28, 15, 4], radii: [1, 1.4, 1], yaw: 10, oedema: 6, ...common },
      { type: "intraventricular", volumeMl: 6, lean: 4, ...common },
    ],
  };
}

describe("a head with every kind of bleed", () => {
  let plan: HeadPlan;
  let head: Head;
  let scan: HeadScan;
  beforeAll(() => {
    plan = everyKind();
    head = buildHead(plan);
    scan = scanHead(head, { ...drawScan(seededRng(3), options), pixelMm: 1.2, sliceMm: 5, hardening: 0.2, doseMGy: 60 });
  });
  const valuesWhere = (of: (i: number) => boolean) => head.image.data.filter((_, i) => of(i)).sort();
  const median = (values: Float32Array) => values[values.length >> 1]!;

  test("bleeds have the volumes that were drawn, in the head and, but for thin ones, in its thick slices", () => {
    for (const { type, volumeMl } of plan.bleeds) {
      const id = bleedId(type);
      const inHead = head.bleed.data.filter((kind) => kind === id).length * 0.008;
      expect(inHead, type).toBeCloseTo(volumeMl, 1);
      const inScan = scan.lesion.data.filter((kind) => kind === id).length * 1.2 * 1.2 * 0.005;
      const least = type === "subarachnoid" ? 0.4 : 0.8;
      expect(inScan / volumeMl, type).toBeGreaterThan(least);
      expect(inScan / volumeMl, type).toBeLessThan(1.2);
    }
  });

  test("each kind lies in its own space, and none outside the skull", () => {
    const { data } = head.bleed;
    const of = (type: (typeof bleedTypes)[number]) => [...data.keys()].filter((i) => data[i] === bleedId(type));
    expect(data.every((kind, i) => kind === 0 || head.cavity.data[i] === 1)).toBe(true);
    for (const i of of("subarachnoid")) expect(head.material.data[i]).toBe(materials.csf);
    for (const i of of("intraventricular")) expect(head.material.data[i]).toBe(materials.ventricle);
    // Outer bleeds lie on the bone: from every voxel the way outwards meets nothing but more of the same, then bone.
    for (const type of ["epidural", "subdural"] as const)
      for (const i of of(type).filter((_, n) => n % 50 === 0)) expect(outwards(i), type).toBe("skull");
    const side = (i: number) => Math.sign((i % head.bleed.shape[0]) * 2 + head.bleed.affine[3]);
    expect(of("subdural").every((i) => side(i) < 0)).toBe(true);
    const xs = of("intraparenchymal").map((i) => (i % head.bleed.shape[0]) * 2 + head.bleed.affine[3]);
    expect(Math.max(...xs)).toBeLessThan(-5);
  });

  /** What lies beyond a bleed on the way from the middle of the head: "skull", or the id of another material or bleed. */
  function outwards(start: number): string | number {
    const [nx, ny] = head.bleed.shape;
    const { affine } = head.bleed;
    const at = [start % nx, Math.floor(start / nx) % ny, Math.floor(start / (nx * ny))] as const;
    const world = at.map((v, a) => 2 * v + affine[4 * a + 3]!) as [number, number, number];
    const way = [world[0], world[1], world[2] - 8];
    const length = Math.hypot(...way);
    for (let t = 0; t < 60; t++) {
      const [x, y, z] = world.map((v, a) => Math.round((v + (t * way[a]!) / length - affine[4 * a + 3]!) / 2)) as [
        number,
        number,
        number,
      ];
      const i = x + nx * (y + ny * z);
      if (head.cavity.data[i] === 0) return "skull";
      if (head.bleed.data[i] !== head.bleed.data[start])
        return brain.includes(head.material.data[i]!) && t > 2 ? head.material.data[i]! : "skull";
    }
    return -1;
  }

  test("tissues have their published attenuation, blood its own", () => {
    const bare = (id: number) => valuesWhere((i) => head.material.data[i] === id && head.bleed.data[i] === 0);
    for (const [id, low, high] of [
      [materials.grey, 33, 43],
      [materials.white, 20, 33],
      [materials.ventricle, 0, 15],
      [materials.csf, 0, 15],
      [materials.fat, -120, -60],
      [materials.table, 900, 1700],
    ] as const) {
      const middle = median(bare(id));
      expect(middle, String(id)).toBeGreaterThan(low);
      expect(middle, String(id)).toBeLessThan(high);
    }
    for (const type of bleedTypes) {
      const middle = median(valuesWhere((i) => head.bleed.data[i] === bleedId(type)));
      expect(Math.abs(middle - 65), type).toBeLessThan(4);
    }
    expect(median(bare(materials.grey)) - median(bare(materials.white))).toBeGreaterThan(5);
  });

  test("a large bleed presses the brain aside: the ventricles move away from it", () => {
    const middleOf = (built: Head) => {
      let [sum, count] = [0, 0];
      for (const [i, id] of built.material.data.entries()) {
        if (id !== materials.ventricle) continue;
        sum += (i % built.material.shape[0]) * 2 + built.material.affine[3];
        count++;
      }
      return sum / count;
    };
    const only = (towards: readonly [number, number, number]) =>
      middleOf(buildHead({ ...plan, bleeds: [{ type: "epidural", volumeMl: 60, towards, reach: 1.8, hu: 65, seed: 5 }] }));
    const [fromRight, fromLeft] = [only([0.98, 0, 0.2]), only([-0.98, 0, 0.2])];
    expect(fromLeft - fromRight).toBeGreaterThan(2);
  });

  test("the scan keeps the attenuation, and its noise is that of its dose", () => {
    const inside: number[] = [];
    for (const [i, value] of scan.image.data.entries()) if (scan.lesion.data[i] === bleedId("epidural")) inside.push(value);
    inside.sort((a, b) => a - b);
    expect(Math.abs(inside[inside.length >> 1]! - 65)).toBeLessThan(8);
    // Below the median only: above it there is bone in the same voxels.
    const spread = inside[inside.length >> 1]! - inside[Math.floor(0.16 * inside.length)]!;
    expect(spread).toBeGreaterThan(1.5);
    expect(spread).toBeLessThan(14); // with the swirls
  });
});

const run = (name: string, workers: number, more: object = {}) =>
  runHeadCt(
    { out: join(root, name), options: { ...options, ...more }, split: splitOptions.parse({}), seed: 4 },
    silentContext(workers),
  );

async function bytesOf(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile());
  const read = names.map(
    async (e) =>
      [join(e.parentPath, e.name).slice(folder.length), (await readFile(join(e.parentPath, e.name))).toString("base64")] as const,
  );
  return new Map((await Promise.all(read)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

let result: Awaited<ReturnType<typeof run>>;
beforeAll(async () => {
  result = await run("one", 1);
});

test("writes a dataset that reads back, the same bytes for one worker and for two", async () => {
  await run("two", 2);
  expect(await bytesOf(join(root, "two"))).toEqual(await bytesOf(join(root, "one")));
  expect(result.headline).toMatch(/^2 head CTs, 1 with blood, 2 mm in slices of 10 mm/);
  const dataset = await readDataset(join(root, "one"));
  expect(dataset).toMatchObject({ modality: "CT", classes: ["normal", "hemorrhage"], lesionTypes: bleedTypes });
  expect(dataset.cases.map((c) => c.class).sort()).toEqual(["hemorrhage", "normal"]);
  for (const c of dataset.cases) {
    const image = await readVolume(join(root, "one", c.image.path));
    const mask = await readLabels(join(root, "one", c.lesionMask!.path));
    const brain = await readLabels(join(root, "one", c.brainMask!.path));
    expect(Math.min(...image.data.slice(0, 500))).toBeLessThan(-900); // air in the corner
    expect(mask.data.some((kind) => kind > 0)).toBe(c.class === "hemorrhage");
    expect(mask.data.every((kind, i) => kind <= 5 && (kind === 0 || brain.data[i] === 1))).toBe(true);
  }
  expect((await readSplits(join(root, "one"))).train.length).toBe(1);
});

describe("label pictures", () => {
  const size = 64;
  const colours = { ".": [0, 0, 0], b: [255, 255, 255], g: [0, 255, 0], r: [255, 0, 0], v: [0, 0, 255], y: [255, 255, 0] };
  /** Rings of a head, with blood at the picture's left: the patient's right. */
  const picture = (stray?: readonly number[]) => {
    const out = Buffer.alloc(3 * size * size);
    for (let i = 0; i < size * size; i++) {
      const [x, y] = [(i % size) - 31.5, Math.floor(i / size) - 31.5];
      const r = Math.hypot(x, y);
      const part = r > 30 ? "." : r > 28 ? "y" : r > 24 ? "b" : Math.hypot(x + 14, y) < 5 ? "r" : r < 4 ? "v" : "g";
      out.set(stray !== undefined && i === 99 ? stray : colours[part], 3 * i);
    }
    return sharp(out, { raw: { width: size, height: size, channels: 3 } })
      .png()
      .toBuffer();
  };

  test("become slices of their patient, turned so that the patient's right is at high x", async () => {
    const labels = await mkdtemp(join(root, "labels-"));
    await writeFile(join(labels, "CT7-1.png"), await picture());
    await writeFile(join(labels, "CT7-2.png"), await picture());
    await writeFile(join(labels, "CT9-1.png"), await picture());
    await run("slices", 1, { labels, pixelMm: 2 });
    const dataset = await readDataset(join(root, "slices"));
    expect(dataset.lesionTypes).toBeUndefined();
    expect(dataset.cases.map((c) => [c.id, c.subject, c.class])).toEqual([
      ["CT7-1_ct", "CT7", "hemorrhage"],
      ["CT7-2_ct", "CT7", "hemorrhage"],
      ["CT9-1_ct", "CT9", "hemorrhage"],
    ]);
    const [first] = dataset.cases;
    const image = await readVolume(join(root, "slices", first!.image.path));
    const mask = await readLabels(join(root, "slices", first!.lesionMask!.path));
    expect(image.shape).toEqual([size, size, 1]);
    expect(mask.data[45 + size * 31]).toBe(1); // x + 14 left of the middle in the picture
    expect(mask.data[17 + size * 31]).toBe(0);
    const mean = (of: (i: number) => boolean) => {
      const values = image.data.filter((_, i) => of(i));
      return values.reduce((a, b) => a + b, 0) / values.length;
    };
    const plan = JSON.parse(await readFile(join(root, "slices", first!.sidecar!.path), "utf8")).plan as { bloodHu: number };
    expect(Math.abs(mean((i) => mask.data[i] === 1) - plan.bloodHu)).toBeLessThan(10);
    expect(image.data[0]).toBeLessThan(-900);
  });

  test.skipIf(!hasShared("head_ct/cq500_label_maps_ccbyncsa"))(
    "of CQ500 become slices with the blood that they have",
    async () => {
      const folder = `${sharedData}head_ct/cq500_label_maps_ccbyncsa`;
      const [first] = await listLabelPictures(folder);
      expect(first).toMatchObject({ file: "CT1-11.png", subject: "CT1" });
      const picture = await readLabelPicture(folder, first!.file);
      const { lesion, image } = labelSlice(picture, drawLabelSlice(seededRng(1), options));
      const blood = picture.parts.reduce((sum, part) => sum + (labelParts[part] === "blood" ? 1 : 0), 0);
      expect(blood).toBeGreaterThan(50);
      expect(lesion.data.reduce((sum, value) => sum + value, 0)).toBe(blood);
      expect(Math.max(...image.data)).toBeGreaterThan(500);
    },
  );

  test("of other colours are refused in one line", async () => {
    const labels = await mkdtemp(join(root, "labels-"));
    await writeFile(join(labels, "CT7-1.png"), await picture([0, 254, 0]));
    await expect(run("refused", 1, { labels })).rejects.toThrow(
      /CT7-1\.png: colours must be black, white, green, red, blue or yellow at their extremes; got rgb\(0, 254, 0\) in pixel 35, 1\. Save it as PNG without smoothing\.$/,
    );
    await expect(run("none", 1, { labels: await mkdtemp(join(root, "empty-")) })).rejects.toThrow(
      /must hold label pictures \(\.png\); got none among/,
    );
  });
});
