// Draws a head without blood and one with each kind of bleeding, in the brain window (centre 50, width 200), below with the masks outlined:
//   npx tsx scripts/figures/head-ct.ts docs/figures/head-ct.png
import sharp from "sharp";
import { seededRng } from "../../src/core/rng.ts";
import { extractSlice } from "../../src/core/volume.ts";
import { buildHead } from "../../src/synth/head-ct/build.ts";
import { drawHead, drawScan } from "../../src/synth/head-ct/draw.ts";
import { bleedTypes } from "../../src/synth/head-ct/materials.ts";
import { headCtOptions } from "../../src/synth/head-ct/options.ts";
import { type HeadScan, scanHead } from "../../src/synth/head-ct/scan.ts";

const [out = "docs/figures/head-ct.png"] = process.argv.slice(2);
const tile = 220;

/** The slice with the most blood; of a head without, one through the ventricles. */
function shown({ lesion }: HeadScan): number {
  const area = Array.from(
    { length: lesion.shape[2] },
    (_, k) => extractSlice(lesion, 2, k).data.filter((kind) => kind > 0).length,
  );
  const most = Math.max(...area);
  return most === 0 ? Math.round(0.48 * area.length) : area.indexOf(most);
}

/** As it is hung: up is in front, the patient's right at the left. */
async function picture({ image, lesion }: HeadScan, k: number, outlined: boolean): Promise<Buffer> {
  const { data, width, height } = extractSlice(image, 2, k);
  const mask = extractSlice(lesion, 2, k).data;
  const rgb = Buffer.alloc(3 * data.length);
  for (let i = 0; i < data.length; i++) {
    const edge = outlined && mask[i]! > 0 && [i - 1, i + 1, i - width, i + width].some((j) => mask[j] !== mask[i]);
    const grey = Math.max(0, Math.min(255, (255 * (data[i]! + 50)) / 200));
    rgb.set(edge ? [255, 90, 60] : [grey, grey, grey], 3 * (data.length - 1 - i));
  }
  return await sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(tile, tile)
    .png()
    .toBuffer();
}

const kinds = [null, ...bleedTypes];
const layers: { input: Buffer; left: number; top: number }[] = [];
for (const [column, kind] of kinds.entries()) {
  const types = Object.fromEntries(bleedTypes.map((type) => [type, type === kind ? 1 : 0]));
  const some = {
    volumeMl: {
      epidural: [40, 40],
      subdural: [60, 60],
      subarachnoid: [20, 20],
      intraparenchymal: [25, 25],
      intraventricular: [12, 12],
    },
  };
  const options = headCtOptions.parse({ kind: "head-ct", together: 0, moving: 0, ...some, ...(kind === null ? {} : { types }) });
  const rng = seededRng(100 + column);
  const scan = scanHead(buildHead(drawHead(rng.fork("head"), kind !== null, options)), drawScan(rng.fork("scan"), options));
  const k = shown(scan);
  for (const row of [0, 1]) layers.push({ input: await picture(scan, k, row === 1), left: tile * column, top: tile * row });
  console.log(kind ?? "none", k);
}
const size = { width: tile * kinds.length, height: 2 * tile };
await sharp({ create: { ...size, channels: 3, background: "#000" } })
  .composite(layers)
  .png({ compressionLevel: 9, palette: true })
  .toFile(out);
