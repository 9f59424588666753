import type { RocPoint } from "../metrics/roc.ts";
import { curvesSvg, rocAxes, rocPoint } from "../report/curves.ts";

/** What a panel shows of one arm. */
export interface ArmRoc {
  /** What stands for it in the legend; it may be of any length. */
  readonly name: string;
  /** Empty where there are no ratings. */
  readonly curve: readonly RocPoint[];
  /** Where the reader's calls lie; null without calls. */
  readonly at: Pick<RocPoint, "falsePositiveRate" | "sensitivity"> | null;
}

/** One reader's ROC curves and operating points, an arm a colour. */
export function readerRocSvg(reader: string, arms: readonly ArmRoc[]): string {
  const curves = arms.map(({ name, curve, at }) => ({ name, points: curve.map(rocPoint), at: at && rocPoint(at) }));
  return curvesSvg(`ROC of reader ${reader}`, rocAxes, curves);
}
