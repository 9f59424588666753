// Makes a small dataset of procedural brains with the stage that the command line uses, and lists what is in it.
//   npx tsx examples/dataset.ts OUT
import { parseExperiment, readDataset, readSplits, runPhantom, silentContext } from "../src/index.ts";

const out = process.argv[2] ?? "brains";
const { data, split, seed } = parseExperiment("data: { kind: phantom, subjects: 3, spacingMm: 2 }", "examples/dataset.ts");
if (data.kind !== "phantom") throw new RangeError("the config above says phantom");

const { headline } = await runPhantom({ out, options: data, split, seed }, silentContext());
console.log(headline);

const splits = await readSplits(out);
for (const { subject, gestationalAge, shape } of (await readDataset(out)).cases) {
  const side = splits.train.includes(subject) ? "train" : splits.val.includes(subject) ? "val" : "test";
  console.log(`${subject}: ${gestationalAge?.toFixed(1)} weeks, ${shape.join(" x ")}, ${side}`);
}
