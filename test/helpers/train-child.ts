/**
 * Trains in a process of its own, so that a test can kill it: argv is the request as JSON, stdout gets a line a progress report.
 * Not a test.
 */
import { readyBackend } from "../../src/backend/index.ts";
import { silentReporter } from "../../src/core/context.ts";
import { runTrain, type TrainRequest } from "../../src/train/stage.ts";

const request = JSON.parse(process.argv[2]!) as TrainRequest;
await readyBackend("auto", silentReporter);
const reporter = { ...silentReporter, progress: (label: string, done: number) => console.log(`${label} ${done}`) };
await runTrain(request, { reporter, signal: new AbortController().signal, workers: 1 });
console.log("finished");
