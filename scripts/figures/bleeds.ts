// Makes the gallery of bleeds (4 grades x 3 stages x 4 ages), before the scan and after it, and the picture of the controls, on phantoms; with the
// folder of the CRL atlas (STA26.nii.gz, STA26_WMZparc.nii.gz, ...), in its brains.
//   npx tsx scripts/figures/bleeds.ts docs/figures [--crl FOLDER] [--mm VOXEL] [--tile PIXELS] [--masked]
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { seededRng } from "../../src/core/rng.ts";
import { extractSlice, type Image, type LabelVolume, type Volume } from "../../src/core/volume.ts";
import { toTissues } from "../../src/data/label-schemes.ts";
import { readLabels, readVolume } from "../../src/data/nifti.ts";
import { drawScene } from "../../src/synth/draw.ts";
import { type NormalCase, prepareCase } from "../../src/synth/normal/case.ts";
import { synthOptions } from "../../src/synth/options.ts";
import { buildPhantom } from "../../src/synth/phantom/build.ts";
import { drawPhantom } from "../../src/synth/phantom/draw.ts";
import { makeStacks } from "../../src/synth/stacks.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    crl: { type: "string" },
    mm: { type: "string", default: "1" },
    tile: { type: "string", default: "170" },
    masked: { type: "boolean", default: false },
  },
});
const [out] = positionals as [string];
const tile = Number(flags.tile);
const grades = ["I", "II", "III", "IV"] as const;
const stages = ["dark", "rim", "bright"] as const;
const controls = ["full", "random-blobs", "intensity-only", "site-only", "foreign-patch", "ellipses"] as const;

function fullestSlice(mask: Volume): number {
  const sums = Array.from({ length: mask.shape[2] }, (_, k) => extractSlice(mask, 2, k).data.reduce((a, b) => a + b, 0));
  return sums.indexOf(Math.max(...sums));
}

/** Grey, the mask outlined where there is one; the second array axis points up. */
async function picture({ width, height, data }: Image, white: number, mask?: Image): Promise<Buffer> {
  const rgb = Buffer.alloc(3 * width * height);
  for (let i = 0; i < data.length; i++) {
    const inside = (j: number) => (mask?.data[j] ?? 0) >= 0.5;
    const edge = inside(i) && [i - 1, i + 1, i - width, i + width].some((j) => !inside(j));
    const grey = Math.max(0, Math.min(255, (255 * data[i]!) / white));
    const to = 3 * ((i % width) + width * (height - 1 - Math.floor(i / width)));
    rgb.set(edge ? [90, 220, 255] : [grey, grey, grey], to);
  }
  const options = { fit: "contain", background: "#000" } as const;
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(tile, tile, options)
    .png()
    .toBuffer();
}

async function montage(rows: readonly (readonly Buffer[])[], file: string): Promise<void> {
  const layers = rows.flatMap((row, y) => row.map((input, x) => ({ input, left: x * tile, top: y * tile })));
  const size = { width: tile * Math.max(...rows.map((r) => r.length)), height: tile * rows.length };
  await sharp({ create: { ...size, channels: 3, background: "#000" } })
    .composite(layers)
    .png({ compressionLevel: 9, palette: true })
    .toFile(join(out, file));
}

const normals = new Map<number, NormalCase>();
async function brainOf(week: number): Promise<NormalCase> {
  const known = normals.get(week);
  if (known) return known;
  const { image, tissue } = flags.crl
    ? await atlas(flags.crl, week)
    : buildPhantom(drawPhantom(seededRng(week), week), Number(flags.mm));
  const made = prepareCase(image, tissue, week);
  normals.set(week, made);
  return made;
}

async function atlas(folder: string, week: number): Promise<{ image: Volume<Float32Array>; tissue: LabelVolume }> {
  const labels = ["WMZparc", "parc"].map((name) => join(folder, `STA${week}_${name}.nii.gz`)).find((file) => existsSync(file))!;
  const image = await readVolume(join(folder, `STA${week}.nii.gz`));
  return { image, tissue: toTissues(await readLabels(labels), "crl2017", labels) };
}

/** Rows: each grade in each stage; columns: each age as a scene, then each as a scanned slice. */
async function gallery(): Promise<void> {
  const weeks = [22, 26, 30, 34];
  const rows: Buffer[][] = [];
  for (const grade of grades) {
    for (const stage of stages) {
      const chosen = { grades: { kind: "free", [grade]: 1 }, stages: { dark: 0, rim: 0, bright: 0, [stage]: 1 } };
      const scenes: Buffer[] = [];
      const scans: Buffer[] = [];
      for (const week of weeks) {
        const options = synthOptions.parse({
          lesion: chosen,
          planes: ["axial"],
          surround: flags.masked ? { kind: "none" } : { maskedShare: 0 },
        });
        const rng = seededRng(`${grade} ${stage} ${week}`);
        const normal = await brainOf(week);
        const { scene } = drawScene(rng, normal, false, options);
        scenes.push(await picture(extractSlice(scene.image, 2, fullestSlice(scene.lesion!)), 1.1));
        const stack = makeStacks(rng, normal, false, options)[0]!;
        const k = fullestSlice(stack.lesion as unknown as Volume);
        scans.push(await picture(extractSlice(stack.image, 2, k) as unknown as Image, 1100));
      }
      rows.push([...scenes, ...scans]);
    }
  }
  await montage(rows, "bleeds.png");
}

async function controlsPicture(): Promise<void> {
  const rows: Buffer[][] = [];
  for (const kind of controls) {
    const row: Buffer[] = [];
    for (const seed of [1, 2, 3]) {
      const options = synthOptions.parse({ control: { kind }, lesion: { stages: { dark: 1, rim: 0, bright: 0 } } });
      const { scene } = drawScene(seededRng(seed), await brainOf(26), false, options);
      const k = fullestSlice(scene.lesion!);
      row.push(
        await picture(extractSlice(scene.image, 2, k), 1.1),
        await picture(extractSlice(scene.image, 2, k), 1.1, extractSlice(scene.lesion!, 2, k)),
      );
    }
    rows.push(row);
  }
  await montage(rows, "controls.png");
}

mkdirSync(out, { recursive: true });
await gallery();
await controlsPicture();
