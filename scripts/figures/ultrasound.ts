// Draws docs/figures/fetal-ultrasound.png and docs/figures/cranial-ultrasound.png:  npx tsx scripts/figures/ultrasound.ts
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { seededRng } from "../../src/core/rng.ts";
import { drawFetus } from "../../src/synth/ultrasound/fetal/draw.ts";
import type { FetalPlane, Finding } from "../../src/synth/ultrasound/fetal/finding.ts";
import { regionBoxes } from "../../src/synth/ultrasound/fetal/truth.ts";
import { drawView, paintView } from "../../src/synth/ultrasound/fetal/view.ts";
import { drawBrain } from "../../src/synth/ultrasound/neonatal/brain.ts";
import { drawExam, scanFrame } from "../../src/synth/ultrasound/neonatal/exam.ts";
import { cranialUltrasoundOptions } from "../../src/synth/ultrasound/neonatal/options.ts";
import { scan } from "../../src/synth/ultrasound/scan.ts";
import { seenMask } from "../../src/synth/ultrasound/seen.ts";

const pixels = 224;

type Box = readonly [number, number, number, number];

/** A picture as PNG, with boxes or the edge of a mask over it. */
function tile(picture: Uint8Array, boxes: readonly Box[], mask: Uint8Array | null): Promise<Buffer> {
  const rgb = Buffer.alloc(3 * picture.length);
  for (let i = 0; i < picture.length; i++) {
    const edge = mask !== null && mask[i] === 1 && [i - 1, i + 1, i - pixels, i + pixels].some((j) => mask[j] !== 1);
    rgb.set(edge ? [255, 90, 60] : [picture[i]!, picture[i]!, picture[i]!], 3 * i);
  }
  for (const [x0, y0, x1, y1] of boxes) {
    for (let x = x0; x < x1; x++) for (const y of [y0, y1 - 1]) rgb.set([255, 190, 60], 3 * (x + pixels * y));
    for (let y = y0; y < y1; y++) for (const x of [x0, x1 - 1]) rgb.set([255, 190, 60], 3 * (x + pixels * y));
  }
  return sharp(rgb, { raw: { width: pixels, height: pixels, channels: 3 } })
    .png()
    .toBuffer();
}

async function sheet(tiles: readonly Buffer[], columns: number, name: string): Promise<void> {
  const layers = tiles.map((input, i) => ({ input, left: pixels * (i % columns), top: pixels * Math.floor(i / columns) }));
  const size = { width: pixels * columns, height: pixels * Math.ceil(tiles.length / columns) };
  await sharp({ create: { ...size, channels: 3, background: "#000" } })
    .composite(layers)
    .png({ compressionLevel: 9, palette: true, colours: 64 })
    .toFile(fileURLToPath(new URL(`../../docs/figures/${name}.png`, import.meta.url)));
}

function fetalTile(finding: Finding, plane: FetalPlane, seed: number, boxed = false): Promise<Buffer> {
  const rng = seededRng(seed);
  const view = drawView(rng.fork("view"), drawFetus(rng.fork("fetus"), 21, finding), plane, { pixels, marks: false });
  const canvas = paintView(view);
  const boxes = boxed ? regionBoxes(canvas, seenMask(canvas, view.scan.fan, view.scan.beam), plane) : [];
  return tile(
    scan(canvas, view.scan).data,
    boxes.map(({ box }) => box),
    null,
  );
}

async function fetal(): Promise<void> {
  const shown: readonly (readonly [Finding, FetalPlane, number, boolean?])[] = [
    ["normal", "transventricular", 4],
    ["normal", "transventricular", 4, true],
    ["normal", "transcerebellar", 6],
    ["normal", "transcerebellar", 6, true],
    ["ventriculomegaly", "transventricular", 3],
    ["absent-cavum", "transventricular", 4],
    ["dandy-walker", "transcerebellar", 8],
    ["mega-cisterna-magna", "transcerebellar", 6],
    ["small-cerebellum", "transcerebellar", 3],
    ["anencephaly", "face", 6],
    ["encephalocele", "transventricular", 6],
    ["holoprosencephaly", "transventricular", 2],
    ["rachischisis", "spine", 5],
    ["normal", "face", 6],
    ["normal", "spine", 3],
  ];
  await sheet(await Promise.all(shown.map((one) => fetalTile(...one))), 5, "fetal-ultrasound");
}

/** Three frames of a healthy exam, then of each grade the frame with most blood, below with the mask outlined. */
async function cranial(): Promise<void> {
  const top: Buffer[] = [];
  const below: Buffer[] = [];
  for (const [column, grade] of [null, "I", "II", "III", "IV"].entries()) {
    const mix = grade === null ? {} : { grades: { kind: "free", [grade]: 1 } };
    const options = cranialUltrasoundOptions.parse({ kind: "cranial-ultrasound", marks: false, ...mix });
    const rng = seededRng(40 + column);
    const { head } = drawBrain(rng.fork("brain"), [30, 27, 28, 29, 28][column]!, grade !== null, options);
    const exam = drawExam(rng, head, options);
    const frames = exam.frames.map((frame) => scanFrame(head, exam, frame));
    const blood = frames.map(({ lesion }) => lesion.reduce((sum, v) => sum + v, 0));
    const [first, second] = grade === null ? [5, 12] : [blood.indexOf(Math.max(...blood)), -1];
    top.push(await tile(frames[first]!.picture, [], null));
    below.push(
      await (second < 0 ? tile(frames[first]!.picture, [], frames[first]!.lesion) : tile(frames[second]!.picture, [], null)),
    );
    console.log(grade ?? "healthy", `blood in ${blood.filter((v) => v > 0).length} of ${frames.length} frames`);
  }
  await sheet([...top, ...below], 5, "cranial-ultrasound");
}

await fetal();
await cranial();
