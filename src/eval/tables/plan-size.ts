import { dataFault } from "../../data/faults.ts";

/** Cells of the largest plan, 2 bytes each; our choice: half a gigabyte. */
const mostCells = 2 ** 28;

/**
 * Refuses more clusters than one plan of resamples can hold.
 * @param what - What they are called, such as `patients`. @param mend - What else would help than fewer resamples.
 * @throws {UserError} (data)
 */
export function checkPlanSize(file: string, clusters: number, resamples: number, what: string, mend: string): void {
  const most = Math.min(65_535, Math.floor(mostCells / resamples));
  if (clusters > most)
    throw dataFault(
      file,
      `may have at most ${most} ${what} for ${resamples} resamples`,
      clusters,
      `Take fewer resamples or ${mend}`,
    );
}
