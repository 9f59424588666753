import { extname } from "node:path";
import type { StageRecord } from "../record.ts";

/** One file of a crate. */
export interface CrateFile {
  /** From the crate's folder, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A stage that is done, as an action of the crate. */
export interface CrateStage {
  /** Its folder in the run folder, such as `train` or `folds/0/train`. */
  readonly folder: string;
  readonly record: Pick<StageRecord, "key" | "parts" | "made">;
  /** Those of its files that are in the crate. */
  readonly files: readonly CrateFile[];
}

/** What {@link crateMetadata} describes. */
export interface Crate {
  readonly name: string;
  readonly description: string;
  /** YYYY-MM-DD. */
  readonly date: string;
  /** An identifier of SPDX, or a URL; null: none was given. */
  readonly license: string | null;
  readonly stages: readonly CrateStage[];
  /** Files of no stage: the config first. */
  readonly files: readonly CrateFile[];
}

type Entity = Readonly<{ "@id": string; "@type": string } & Record<string, unknown>>;

const formats: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".jsonl": "application/jsonl",
  ".yaml": "application/yaml",
  ".html": "text/html",
  ".csv": "text/csv",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".gz": "application/gzip",
};

const refOf = (id: string) => ({ "@id": id });
const profile = "https://w3id.org/ro/wfrun/process/0.5";

/**
 * The content of `ro-crate-metadata.json`: the run as an RO-Crate 1.1 that keeps to Process Run Crate 0.5, each stage an action with what it was made
 * from, by hash, and what it made. No names and dates of patients: what it says is of options, versions, hashes and the paths of the files.
 *
 * Source: https://www.researchobject.org/ro-crate/specification/1.1/, https://www.researchobject.org/workflow-run-crate/profiles/0.5/process_run_crate/.
 */
export function crateMetadata(crate: Crate): object {
  const files = [...crate.files, ...crate.stages.flatMap((stage) => stage.files)];
  const license = licenseOf(crate.license);
  const root: Entity = {
    ...{ "@id": "./", "@type": "Dataset", name: crate.name, description: crate.description, datePublished: crate.date },
    license: license === null ? "No licence was given: ask the authors." : refOf(license["@id"]),
    conformsTo: refOf(profile),
    hasPart: files.map(({ path }) => refOf(idOf(path))),
    mentions: crate.stages.map(({ folder }) => refOf(actionId(folder))),
  };
  return {
    "@context": ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"],
    "@graph": [
      {
        ...{ "@id": "ro-crate-metadata.json", "@type": "CreativeWork", about: refOf("./") },
        conformsTo: refOf("https://w3id.org/ro/crate/1.1"),
      },
      root,
      { "@id": profile, "@type": "CreativeWork", name: "Process Run Crate", version: "0.5" },
      ...(license === null ? [] : [license]),
      ...softwareOf(crate.stages),
      ...crate.stages.flatMap((stage) => actionsOf(stage, crate.files[0]!)),
      ...files.map(fileEntity),
    ],
  };
}

/** Path as the relative URI that a crate's file goes by. */
const idOf = (path: string): string => path.split("/").map(encodeURIComponent).join("/");
const actionId = (folder: string): string => `#${idOf(folder)}`;
const softwareId = (version: string): string => `#hemosynth-${encodeURIComponent(version)}`;

function licenseOf(text: string | null): Entity | null {
  if (text === null) return null;
  const id = /^https?:/.test(text) ? text : `https://spdx.org/licenses/${encodeURIComponent(text)}`;
  return { "@id": id, "@type": "CreativeWork", name: text, description: `Licence ${text}` };
}

function softwareOf(stages: readonly CrateStage[]): Entity[] {
  const versions = [...new Set(stages.map(({ record }) => record.parts.version))];
  return versions.map((version) => ({
    ...{ "@id": softwareId(version), "@type": "SoftwareApplication", name: "hemosynth", softwareVersion: version },
    description:
      "Pseudo-hemorrhage synthesis, training and evaluation for fetal brain imaging. Research only, not for clinical use.",
  }));
}

/** A stage, and by what hashes of its inputs and with what it was computed. */
function actionsOf({ folder, record: { key, parts, made }, files }: CrateStage, config: CrateFile): Entity[] {
  const backend = made.backend === null ? [] : [["backend", made.backend.name], ...Object.entries(made.backend.versions)];
  const facts = [["key", key], ["seed", String(parts.seed)], ["node", made.node], ["platform", made.platform], ...backend];
  const inputs = Object.entries(parts.inputs).map(([name, hash]) => [`SHA-256 of ${name}`, hash]);
  const values = [...facts, ...inputs].map(([name, value], i): Entity => {
    return { "@id": `${actionId(folder)}-${i}`, "@type": "PropertyValue", name: `${folder}: ${name}`, value };
  });
  const action: Entity = {
    ...{ "@id": actionId(folder), "@type": "CreateAction", name: `hemosynth: the stage ${folder}` },
    description: `What the stage ${folder} of a hemosynth run made, from what and with what; options are in ${config.path}.`,
    instrument: refOf(softwareId(parts.version)),
    object: [refOf(idOf(config.path)), ...values.map((value) => refOf(value["@id"]))],
    ...(files.length === 0 ? {} : { result: files.map(({ path }) => refOf(idOf(path))) }),
    actionStatus: "http://schema.org/CompletedActionStatus",
  };
  return [action, ...values];
}

function fileEntity({ path, bytes, sha256 }: CrateFile): Entity {
  return {
    ...{ "@id": idOf(path), "@type": "File", name: path, contentSize: String(bytes), sha256 },
    encodingFormat: formats[extname(path)] ?? "application/octet-stream",
  };
}
