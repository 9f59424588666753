import { join } from "node:path";
import { loadExperiment } from "../../config/experiment.ts";
import { UserError } from "../../core/errors.ts";
import { many } from "../../core/words.ts";
import { assertApart, assertEmpty } from "../../data/apart.ts";
import { exportRunCrate, mayShowPatients } from "../crate/export.ts";
import { assertFree } from "../lock.ts";
import { readManifest } from "../manifest.ts";
import { inFolder, type Outcome, type Session } from "../session.ts";

export interface CrateOptions {
  readonly out: string;
  readonly license?: string;
  readonly date?: string;
  readonly withCases?: boolean;
}

/** `hemosynth export-crate RUN`: a run as an RO-Crate, to be archived with a paper. */
export async function exportCrate(run: string, options: CrateOptions, session: Session): Promise<Outcome> {
  const { out, license = null, date = new Date().toISOString().slice(0, 10) } = options;
  checkOptions(options);
  await readManifest(run);
  await assertFree(run);
  await assertApart(run, out);
  await assertEmpty(out);
  const experiment = await loadExperiment(join(run, "config.yaml"));
  const isProcedural = !mayShowPatients(experiment);
  const content = isProcedural || options.withCases === true ? "all" : "results";
  const { files, bytes } = await inFolder(out, 1, session, () =>
    exportRunCrate(run, out, experiment, content, { date, license }),
  );
  const remarks = [
    ...(isProcedural ? [] : ["config.yaml says where the data lay and by what patterns files are found (data); look whether that may be published"]), // biome-ignore format: one line
    ...(isProcedural || content === "results" ? [] : ["images, ids and the report of real cases are in it"]),
    ...(license === null ? ["no licence was given: --license CC-BY-4.0, say"] : []),
  ];
  for (const remark of remarks) session.reporter.warn(remark);
  const what =
    content === "all" ? "the whole run" : "results alone: no images, no report, numbers in place of ids (--with-cases for all)";
  const text = `RO-Crate of ${many(files, "file")}, ${(bytes / 1e6).toFixed(1)} MB, ${what}\nin ${out}`;
  return { text, json: { schemaVersion: 1, command: "export-crate", run, out, content, files, bytes, remarks } };
}

function checkOptions({ license, date }: CrateOptions): void {
  if (date !== undefined && (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(Date.parse(date))))
    throw new UserError("usage", `--date: must be YYYY-MM-DD; got ${JSON.stringify(date)}.`);
  if (license !== undefined && !/^(https?:\/\/\S+|[A-Za-z0-9.+-]+)$/.test(license))
    throw new UserError(
      "usage",
      `--license: must be an identifier of SPDX, such as CC-BY-4.0, or a URL; got ${JSON.stringify(license)}.`,
    );
}
