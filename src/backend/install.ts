import type { StageContext, StageResult } from "../core/context.ts";

export async function installBackend(_options: { device: "cpu" | "cuda" }, _context: StageContext): Promise<StageResult> {
  throw new RangeError("installBackend: not built yet");
}
