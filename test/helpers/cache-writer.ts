import { join } from "node:path";
import { keep, openCache } from "../../src/cli/cache/store.ts";
import { listOutputs } from "../../src/cli/record.ts";

// Keeps the results COUNT times over under names of its own, in a cache that others write to at the same time: cache-writer.ts CACHE OUT FIRST COUNT GB.

const [folder = "", out = "", first = "", count = "", gigabytes = ""] = process.argv.slice(2);
const cache = await openCache({ folder, limit: Number(gigabytes) * 1e9 });
const outputs = await listOutputs(out, []);
for (let i = 0; i < Number(count); i++) {
  const key = (Number(first) + i).toString(16).padStart(64, "0");
  await keep(cache, key, out, "train", outputs, { headline: join("result", String(i)), summary: {} });
  process.stdout.write(`${key}\n`);
}
