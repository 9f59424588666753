import { totalmem } from "node:os";

/** Memory that this process may use, bytes: the machine's, or a container's where that is less. */
export function machineMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
