// Entry of a mapParallel worker when the package runs from its TypeScript sources; a build does not have this file.
// `--import tsx` in a worker's execArgv is not enough on Node 20, so tsx is registered here, in the thread.
import { register } from "tsx/esm/api";

register();
await import("./parallel-worker.ts");
