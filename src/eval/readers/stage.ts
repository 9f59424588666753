import { join } from "node:path";
import { type StageContext, throwIfStopped } from "../../core/context.ts";
import { canonicalJson, sha256 } from "../../core/hash.ts";
import { seededRng } from "../../core/rng.ts";
import { readBytes, writeAtomic } from "../../data/files.ts";
import { decodeUtf8 } from "../../data/text.ts";
import { documentLatex, documentMarkdown } from "../tables/document.ts";
import { refuseReplacing } from "../tables/folder.ts";
import { headOf } from "../tables/head.ts";
import { describeReaderColumns } from "./columns.ts";
import { readerCsv } from "./csv.ts";
import { readerDocument } from "./format.ts";
import { measureReaders } from "./measure.ts";
import type { ReaderOptions } from "./options.ts";
import { readerPage } from "./page.ts";
import type { ReaderResults } from "./results.ts";
import { parseStudy, type Study } from "./rows.ts";

/** What {@link runReader} needs: a CSV file of readings. */
export interface ReaderRequest {
  readonly readings: string;
  /** Folder for the tables and the page; null for none. */
  readonly out: string | null;
  readonly options: ReaderOptions;
}

/** The files of `out`, reader.json written last. */
const written: Readonly<Record<string, (results: ReaderResults, study: Study) => string>> = {
  "reader.csv": readerCsv,
  "reader.md": (results) => documentMarkdown(readerDocument(results)),
  "reader.tex": (results) => documentLatex(readerDocument(results)),
  "reader.html": readerPage,
  "reader.json": (results) => `${canonicalJson(results, 2)}\n`,
};

/** Their names. */
export const readerFiles: readonly string[] = Object.keys(written);

/**
 * Evaluates a reader study and writes its tables and its page.
 *
 * @throws {UserError} (data) If the file cannot be read, or is not what {@link parseStudy} asks for; (usage) if options do not go together, or a
 *   table would replace the file that is read.
 * @throws {StoppedError} When asked to stop; then nothing is written.
 */
export async function runReader(
  { readings, out, options }: ReaderRequest,
  { signal }: Pick<StageContext, "signal">,
): Promise<ReaderResults> {
  refuseReplacing(out, readerFiles, [readings]);
  const bytes = await readBytes(readings);
  const study = parseStudy(decodeUtf8(bytes, readings), readings, options);
  throwIfStopped(signal);
  const measured = measureReaders(study, options, seededRng(options.seed).fork("reader"));
  const { file, cases } = study;
  const results: ReaderResults = {
    ...headOf("readers", options),
    readings: {
      file,
      sha256: sha256(bytes),
      cases: cases.length,
      positives: cases.filter(({ label }) => label === 1).length,
      clusters: new Set(cases.map(({ cluster }) => cluster)).size,
    },
    simulated: study.simulated,
    images: study.images,
    columns: describeReaderColumns(study.columns),
    classes: { ...study.classes, negative: [...study.classes.negative] },
    readers: [...study.readers],
    arms: [...study.arms],
    ...measured,
  };
  throwIfStopped(signal);
  if (out !== null)
    for (const [name, format] of Object.entries(written)) await writeAtomic(join(out, name), format(results, study));
  return results;
}
