import { readerDocument } from "../../eval/readers/format.ts";
import { type ReaderOptions, readerOptions } from "../../eval/readers/options.ts";
import { readerFiles, runReader } from "../../eval/readers/stage.ts";
import { parseWhere } from "../../eval/tables/columns.ts";
import { documentText } from "../../eval/tables/document.ts";
import type { Outcome, Session } from "../session.ts";
import { checkedOptions, typedNumbers, wroteWords } from "./flags.ts";

/** Options of `hemosynth reader`, as commander parses them. */
export interface ReaderFlags {
  readonly reader?: string;
  readonly case?: string;
  readonly arm?: string;
  readonly truth?: string;
  readonly rating?: string;
  readonly call?: string;
  readonly time?: string;
  readonly confidence?: string;
  readonly cluster?: string;
  readonly positive?: string;
  readonly where?: readonly string[];
  readonly arms?: readonly string[];
  readonly threshold?: string;
  readonly covariance?: string;
  readonly interval?: string;
  readonly resamples?: string;
  readonly level?: string;
  readonly seed?: string;
  readonly out?: string;
}

/** `hemosynth reader FILE.csv`: a reader study, evaluated. */
export async function reader(readings: string, flags: ReaderFlags, session: Session): Promise<Outcome> {
  const out = flags.out ?? null;
  const results = await runReader({ readings, out, options: optionsOf(flags) }, session);
  return { text: `${documentText(readerDocument(results))}${wroteWords(out, readerFiles)}`, json: results };
}

/** @throws {UserError} (usage) Naming every option that is not what it must be. */
function optionsOf(flags: ReaderFlags): ReaderOptions {
  const { reader: who, case: what, arm, truth, rating, call, time, confidence, cluster, positive, where = [] } = flags;
  const values = {
    columns: {
      reader: who,
      case: what,
      arm,
      truth,
      rating,
      call,
      time,
      confidence,
      cluster,
      positive,
      where: where.map(parseWhere),
    },
    arms: flags.arms,
    covariance: flags.covariance,
    interval: flags.interval,
    ...typedNumbers(flags, ["threshold", "resamples", "level", "seed"]),
  };
  return checkedOptions(readerOptions, values, flags, "reader");
}
