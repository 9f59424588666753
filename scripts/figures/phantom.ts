// Draws docs/figures/phantom.png and prints the table of docs/phantom.md:  npx tsx scripts/figures/phantom.ts
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { seededRng } from "../../src/core/rng.ts";
import { extractSlice } from "../../src/core/volume.ts";
import { measureBiometry } from "../../src/synth/phantom/biometry.ts";
import { buildPhantom, frameOf, type Phantom } from "../../src/synth/phantom/build.ts";
import { drawPhantom, type PhantomAnatomy } from "../../src/synth/phantom/draw.ts";
import { type Biometry, biometryNorm, type TissueVolume, tissueVolume } from "../../src/synth/phantom/growth.ts";

const seed = 2;
const tile = { width: 156, height: 184 }; // pixels of 0.85 mm

/** Where each row cuts: array axis, and the place on it in template millimetres. */
const cuts = [
  { axis: 2, at: 5 },
  { axis: 2, at: -4 },
  { axis: 2, at: -25 },
  { axis: 1, at: 13 },
  { axis: 0, at: 1.4 },
] as const;

async function picture({ image }: Phantom, anatomy: PhantomAnatomy, { axis, at }: (typeof cuts)[number]): Promise<Buffer> {
  const { scale } = frameOf(anatomy);
  const index = Math.round((at * scale[axis] - image.affine[4 * axis + 3]!) / image.affine[5 * axis]!);
  const slice = extractSlice(image, axis, index);
  const grey = Uint8Array.from(slice.data, (v) => Math.max(0, Math.min(255, Math.round(230 * v))));
  const scaled = { width: Math.round(slice.width / 0.85), height: Math.round(slice.height / 0.85) };
  const upright = sharp(grey, { raw: { width: slice.width, height: slice.height, channels: 1 } }).flip();
  const large = await upright.resize(scaled.width, scaled.height, { kernel: "cubic", fit: "fill" }).png().toBuffer();
  return sharp(large).resize(tile.width, tile.height, { fit: "contain", background: "black" }).extractChannel(0).png().toBuffer();
}

async function figure(weeks: readonly number[], file: string): Promise<void> {
  const composites = [];
  for (const [column, week] of weeks.entries()) {
    const anatomy = drawPhantom(seededRng(seed), week);
    const phantom = buildPhantom(anatomy, 1);
    for (const [row, cut] of cuts.entries()) {
      composites.push({ input: await picture(phantom, anatomy, cut), left: column * tile.width, top: row * tile.height });
    }
  }
  const canvas = {
    width: weeks.length * tile.width,
    height: cuts.length * tile.height,
    channels: 3 as const,
    background: "black",
  };
  await sharp({ create: canvas }).composite(composites).greyscale().png({ compressionLevel: 9, colours: 48 }).toFile(file);
}

function tableRow(week: number): string {
  const anatomy = drawPhantom(seededRng(seed), week);
  const m = measureBiometry(buildPhantom(anatomy, 1).tissue);
  const score = (measure: Biometry, value: number) => {
    const { mean, sd } = biometryNorm(measure, week);
    return `${value.toFixed(1)} (${((value - mean) / sd).toFixed(1)})`;
  };
  const share = (tissue: TissueVolume) => {
    const ml = m.volume[tissue];
    return `${ml.toFixed(1)} (${Math.round(100 * (ml / tissueVolume(tissue, week) - 1))} %)`;
  };
  const cells = [
    score("brainWidth", m.brainWidth),
    score("skullBiparietal", m.innerSkullWidth + anatomy.skullThickness),
    score("atrialWidth", m.atrialWidth.left),
    score("atrialWidth", m.atrialWidth.right),
    score("cavumWidth", m.cavumWidth),
    score("transcerebellar", m.transcerebellar),
    score("lateralVentricles", m.volume.lateralVentricle),
    share("whiteMatter"),
    share("cortex"),
    share("deepGrey"),
    m.volume.germinalMatrix.toFixed(1),
  ];
  return `| ${[week, ...cells].join(" | ")} |`;
}

await figure([22, 26, 30, 34, 37], fileURLToPath(new URL("../../docs/figures/phantom.png", import.meta.url)));
for (let week = 20; week <= 38; week++) console.log(tableRow(week));
