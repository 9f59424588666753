// Draws docs/figures/attention.png from a run of configs/neo-mil.yaml:  npx tsx scripts/figures/attention.ts runs/neo-mil
// Every frame of the tested bleeding exam that lies farthest above the threshold (of its fold, where there are folds), with the share that each has in
// the score of the exam.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { readDataset } from "../../src/data/dataset.ts";
import { readLabels, readVolume } from "../../src/data/nifti.ts";
import { forTheEye, prepareMask, prepareStack, usualWindow } from "../../src/data/preprocess.ts";
import { type Attended, parseAttention } from "../../src/eval/attention.ts";
import { type Results, resultsSchema } from "../../src/eval/results.ts";
import { parseScores } from "../../src/eval/scores.ts";
import { drawText, fillBox, newBitmap, pasteBitmap } from "../../src/picture/bitmap.ts";
import { cropAround, drawOverlay, predictionColour, truthColour } from "../../src/picture/overlay.ts";

const [side, gap, head, bar, columns] = [180, 4, 20, 12, 5];
const [run] = process.argv.slice(2);
if (run === undefined) throw new Error("attention: name the run folder");

const text = (...parts: string[]) => readFileSync(join(run, ...parts), "utf8");
const results: Results = resultsSchema.parse(JSON.parse(text("eval", "results.json")));
const data = join(run, "data");
const dataset = await readDataset(data);

/** The tested bleeding exams whose predictions lie in a folder, with how far their scores lie above the threshold. */
function bleeding(folder: readonly string[], operatingPoints: Results["operatingPoints"]) {
  const shares = parseAttention(text(...folder, "attention.csv"), "attention.csv");
  const stacks = parseScores(text(...folder, "scores.csv"), "scores.csv").filter(({ level }) => level === "stack");
  return stacks.flatMap(({ case: id, split, score }) => {
    const exam = dataset.cases.find((c) => c.id === id);
    if (exam?.class !== "bleed" || split !== results.split) return [];
    return [{ exam, above: score - (operatingPoints.stack.threshold ?? 0), shares: shares.get(id)! }];
  });
}

const folds = results.folds?.map(({ fold, operatingPoints }) => bleeding(["folds", String(fold), "predict"], operatingPoints));
const tested = folds?.flat() ?? bleeding(["predict"], results.operatingPoints);
const [best] = tested.sort((a, b) => b.above - a.above);
const { exam, shares } = best!;
const image = await readVolume(join(data, dataset.root, exam.image.path));
const lesion = await readLabels(join(data, dataset.root, exam.lesionMask!.path));
const geometry = { pixelMm: Math.min(...exam.spacing), orientation: "canonical" } as const;
const frames = prepareStack(image, { ...geometry, ...forTheEye(usualWindow.US) }).slices;
const masks = prepareMask(lesion, geometry);

const rows = Math.ceil(shares.length / columns);
const sheet = newBitmap(columns * (side + gap) - gap, rows * (head + side + bar + gap) - gap);
function frame({ slice, attention }: Attended) {
  const [x, y] = [(slice % columns) * (side + gap), Math.floor(slice / columns) * (head + side + bar + gap)];
  const outlines = [{ mask: masks[slice]!, colour: truthColour, where: "outside" as const }];
  const picture = drawOverlay({ grey: frames[slice]!, probability: null, outlines }, cropAround(frames[slice]!, [], 0, 1), side);
  drawText(sheet, attention.toFixed(2), x + 4, y + 3, [255, 255, 255], 2);
  pasteBitmap(sheet, picture, x, y + head);
  fillBox(sheet, x, y + head + side + 2, Math.round(side * attention), bar - 4, predictionColour);
}
shares.forEach(frame);
await sharp(Buffer.from(sheet.data), { raw: { width: sheet.width, height: sheet.height, channels: 3 } })
  .png({ compressionLevel: 9, palette: true, colours: 96 })
  .toFile(fileURLToPath(new URL("../../docs/figures/attention.png", import.meta.url)));
console.log(`${exam.id}: ${shares.map(({ attention }) => attention.toFixed(2)).join(" ")}`);
