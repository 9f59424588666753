// Draws pictures of two presets from their run folders, of what was tested; of folds the first is taken. PNG in --out:
//   npx tsx scripts/figures/fetal-presets.ts --cns runs/cns --hexanet runs/hexanet --out docs/figures
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import type { Rectangle } from "../../src/core/rectangle.ts";
import { extractSlice, type Image, sliceAxis, type Volume } from "../../src/core/volume.ts";
import { type Case, casesOfSplit, type Dataset, readDataset, readJson, readSplits } from "../../src/data/dataset.ts";
import { readText } from "../../src/data/files.ts";
import { readLabels, readVolume } from "../../src/data/nifti.ts";
import { type ClassProbabilities, classesFile, parseClasses } from "../../src/eval/predict/classes.ts";
import { regionBoxesFile, regionBoxesSchema } from "../../src/eval/regions/table.ts";
import { drawText, fillBox, newBitmap, pasteBitmap } from "../../src/picture/bitmap.ts";
import { drawOverlay, type Outline, predictionColour, rectangleMask, truthColour } from "../../src/picture/overlay.ts";

const { values: flags } = parseArgs({
  options: { cns: { type: "string" }, hexanet: { type: "string" }, out: { type: "string", default: "docs/figures" } },
});
const side = 220;
const band = 16;

interface Tile {
  readonly words: string;
  readonly grey: Image;
  readonly heat: Image | null;
  readonly outlines: readonly Outline[];
}

async function sheet(tiles: readonly Tile[], columns: number, name: string): Promise<void> {
  const all = newBitmap(columns * side, Math.ceil(tiles.length / columns) * (side + band));
  for (const [i, { words, grey, heat, outlines }] of tiles.entries()) {
    const [x, y] = [(i % columns) * side, Math.floor(i / columns) * (side + band)];
    fillBox(all, x, y, side, band, [20, 25, 30]);
    drawText(all, words.toUpperCase(), x + 6, y + 5, [230, 230, 230]);
    const crop = { x: 0, y: 0, side: Math.max(grey.width, grey.height) };
    pasteBitmap(all, drawOverlay({ grey, probability: heat, outlines }, crop, side), x, y + band);
  }
  const raw = { width: all.width, height: all.height, channels: 3 } as const;
  await sharp(Buffer.from(all.data), { raw })
    .png({ compressionLevel: 9, palette: true, colours: 96 })
    .toFile(join(flags.out, `${name}.png`));
}

const firstSlice = (volume: Volume): Image => extractSlice(volume, sliceAxis(volume), 0);
const first = (run: string) => (existsSync(join(run, "folds")) ? join(run, "folds", "0") : run);

/** Of each class the picture that shows its finding and has the highest probability of it; below, heat and the true outline. */
async function cns(run: string): Promise<void> {
  const folder = first(run);
  const data = join(folder, "data");
  const dataset = await readDataset(data);
  const file = join(folder, "predict", classesFile);
  const { classes, rows } = parseClasses(await readText(file, "run predict"), file);
  const cases = casesOfSplit(dataset, await readSplits(data), "test");
  const place = (path: string) => join(data, dataset.root, path);
  const tiles: Tile[] = [];
  for (const [c, name] of classes.entries()) {
    const shown = await surest(cases.filter((one) => one.class === name), rows, c, c === 0, place); // biome-ignore format: one line
    if (shown === null) continue;
    const grey = firstSlice(await readVolume(place(shown.case.image.path)));
    const heat = firstSlice(await readVolume(join(folder, "predict", `${shown.case.id}_heatmap.nii.gz`)));
    const highest = Math.max(...heat.data);
    const share = { ...heat, data: heat.data.map((v) => (highest > 0 ? v / highest : 0)) };
    const outlines = shown.lesion === null ? [] : [{ mask: shown.lesion, colour: truthColour, where: "outside" as const }];
    tiles.push(
      { words: name, grey, heat: null, outlines: [] },
      { words: `p ${shown.p.toFixed(2)}`, grey, heat: share, outlines },
    );
  }
  await sheet([...tiles.filter((_, i) => i % 2 === 0), ...tiles.filter((_, i) => i % 2 === 1)], tiles.length / 2, "cns");
}

interface Surest {
  readonly case: Case;
  readonly p: number;
  readonly lesion: Image<Uint8Array> | null;
}

async function surest(
  cases: readonly Case[],
  rows: readonly ClassProbabilities[],
  c: number,
  normal: boolean,
  place: (path: string) => string,
): Promise<Surest | null> {
  let best: Surest | null = null;
  for (const one of cases) {
    const p = rows.find((row) => row.case === one.id)!.probabilities[c]!;
    if (best !== null && p <= best.p) continue;
    const volume = await readLabels(place(one.lesionMask!.path));
    const mask = extractSlice(volume, sliceAxis(volume), 0);
    const lesion = { ...mask, data: Uint8Array.from(mask.data, (v) => (v > 0 ? 1 : 0)) };
    if (normal || lesion.data.includes(1)) best = { case: one, p, lesion: normal ? null : lesion };
  }
  return best;
}

/** The planes of two tested examinations: their six regions, true boxes blue, the best found ones orange. */
async function hexanet(run: string): Promise<void> {
  const folder = first(run);
  const [data, regions] = [join(folder, "data"), join(folder, "regions")];
  const dataset: Dataset = await readDataset(data);
  const { root } = await readDataset(regions);
  const boxes = await readJson(join(regions, root, regionBoxesFile), regionBoxesSchema, "run the regions with a detector");
  const { truth, found } = boxes.splits.test!;
  const cases = casesOfSplit(dataset, await readSplits(data), "test").filter((one) => one.boxes !== undefined);
  const tiles: Tile[] = [];
  for (const [i, one] of cases.slice(0, 4).entries()) {
    const grey = firstSlice(await readVolume(join(data, dataset.root, one.image.path)));
    const outline = (box: Rectangle, colour: Outline["colour"], where: Outline["where"]) => ({
      mask: rectangleMask(box, grey),
      colour,
      where,
    });
    const best = boxes.names.flatMap((_, label) => {
      const own = found.filter((b) => b.image === i && b.label === label && b.score >= 0.25);
      return own.sort((a, b) => b.score - a.score).slice(0, 1);
    });
    const outlines = [
      ...truth.filter((b) => b.image === i).map(({ box }) => outline(box, truthColour, "outside")),
      ...best.map(({ box }) => outline(box, predictionColour, "inside")),
    ];
    tiles.push({ words: `${one.class} ${one.plane}`, grey, heat: null, outlines });
  }
  await sheet(tiles, 4, "hexanet");
}

if (flags.cns !== undefined) await cns(flags.cns);
if (flags.hexanet !== undefined) await hexanet(flags.hexanet);
