import { createHash } from "node:crypto";
import { type BackendName, readyBackend } from "../../src/backend/index.ts";
import { silentReporter } from "../../src/core/context.ts";
import { smallNet } from "./steps.ts";

// Prints the losses of a few steps and a hash of the weights after them: node --import tsx steps-worker.ts BACKEND STEPS
const [backend, steps] = process.argv.slice(2);
await readyBackend(backend as BackendName, silentReporter);
const net = smallNet();
const losses = Array.from({ length: Number(steps) }, () => net.step());
const hash = createHash("sha256");
for (const weight of net.weights) hash.update(new Uint8Array(weight.dataSync().buffer.slice(0)));
process.stdout.write(`${JSON.stringify({ losses, weights: hash.digest("hex") })}\n`);
