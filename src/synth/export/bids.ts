import { UserError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import { type Case, splitNames } from "../../data/dataset.ts";
import { oneLine } from "../../data/faults.ts";
import type { ExportAbout, MakeFormat, OutFile } from "./format.ts";

/** Where a case goes: `sub-01/ses-syn0/anat/sub-01_ses-syn0_acq-axial`. */
interface BidsName {
  readonly subject: string;
  readonly session: string | null;
  /** Path without suffix, `_T2w` or `_mask`. */
  readonly stem: string;
}

/**
 * A BIDS derivative: images as `T2w` with the sidecar's content under `Hemosynth`, masks as `desc-lesion_mask` and `desc-brain_mask`,
 * `participants.tsv` with each patient's split, `sessions.tsv` with age and grade.
 *
 * Source: Brain Imaging Data Structure 1.10, derivatives, imaging data types.
 */
export const bidsFormat: MakeFormat<Case> = (about) => {
  const names = bidsNames(about.dataset.cases);
  return {
    async caseFiles({ case: c, files, sidecar }) {
      const { stem } = names.get(c.id)!;
      const json = { SkullStripped: false, ...(sidecar === null ? {} : { Hemosynth: JSON.parse(sidecar) }) };
      const out: OutFile[] = [
        { path: `${stem}_T2w.nii.gz`, content: files.image },
        { path: `${stem}_T2w.json`, content: `${canonicalJson(json)}\n` },
        ...maskFiles(stem, "lesion", files.lesion),
        ...(files.brain === null ? [] : maskFiles(stem, "brain", files.brain)),
      ];
      return { files: out, entry: c };
    },
    indexFiles: (cases) => [
      { path: "README.md", content: readme(about) },
      ...sessionFiles(cases, names),
      ...participants(cases, names, about),
      { path: "dataset_description.json", content: description(about) },
    ],
  };
};

function maskFiles(stem: string, kind: "lesion" | "brain", content: Uint8Array): OutFile[] {
  const json = { Type: kind === "lesion" ? "Lesion" : "Brain", Sources: [`bids::${stem}_T2w.nii.gz`] };
  return [
    { path: `${stem}_desc-${kind}_mask.nii.gz`, content },
    { path: `${stem}_desc-${kind}_mask.json`, content: `${canonicalJson(json)}\n` },
  ];
}

/**
 * A name for each case. BIDS labels hold letters and digits alone; cases that would share one are numbered as runs.
 * @throws {UserError} (data) If two patients, or two sessions of one, would get one label.
 */
function bidsNames(cases: readonly Case[]): Map<string, BidsName> {
  const owners = new Map<string, string>();
  const stems = cases.map((c) => {
    const subject = labelOf(c.subject, "sub");
    const session = c.session === null ? null : labelOf(c.session, "ses");
    claim(owners, subject, c.subject);
    if (session !== null) claim(owners, `${subject} ${session}`, `${c.subject} ${c.session}`);
    const acquired = [...c.id.matchAll(/_acq-([A-Za-z0-9]+)/g)].at(-1)?.[1];
    const folder = session === null ? `${subject}/anat` : `${subject}/${session}/anat`;
    return {
      c,
      subject,
      session,
      stem: `${folder}/${[subject, session, acquired && `acq-${acquired}`].filter(Boolean).join("_")}`,
    };
  });
  const sharing = groupBy(stems, ({ stem }) => stem);
  return new Map(
    stems.map(({ c, subject, session, stem }) => {
      const same = sharing.get(stem)!;
      const run = same.length === 1 ? "" : `_run-${same.findIndex((one) => one.c === c) + 1}`;
      return [c.id, { subject, session, stem: `${stem}${run}` }];
    }),
  );
}

/** `ses-01-syn0` → `ses-01syn0`. */
function labelOf(text: string, entity: "sub" | "ses"): string {
  const label = text.replace(new RegExp(`^${entity}-`), "").replaceAll(/[^A-Za-z0-9]/g, "");
  if (label !== "") return `${entity}-${label}`;
  throw new UserError(
    "data",
    `BIDS labels need letters or digits; got ${oneLine(JSON.stringify(text))}. Rename it, or export to another format.`,
  );
}

function claim(owners: Map<string, string>, label: string, owner: string): void {
  const before = owners.get(label) ?? owner;
  if (before !== owner) {
    const got = oneLine(`${before} and ${owner}, both ${label}`);
    throw new UserError(
      "data",
      `BIDS labels must tell patients and sessions apart; got ${got}. Rename one, or export to another format.`,
    );
  }
  owners.set(label, owner);
}

function participants(cases: readonly Case[], names: ReadonlyMap<string, BidsName>, { splits }: ExportAbout): OutFile[] {
  const subjects = new Map(cases.map((c) => [names.get(c.id)!.subject, c.subject]));
  const rows = [...subjects].map(
    ([label, subject]) => `${label}\t${splitNames.find((name) => splits[name].includes(subject)) ?? "n/a"}`,
  );
  const split = { Description: "Split of the patient: train, val or test." };
  return [
    { path: "participants.tsv", content: `${["participant_id\tsplit", ...rows].join("\n")}\n` },
    { path: "participants.json", content: `${canonicalJson({ split }, 1)}\n` },
  ];
}

function sessionFiles(cases: readonly Case[], names: ReadonlyMap<string, BidsName>): OutFile[] {
  const columns = {
    gestational_age: { Description: "Gestational age", Units: "weeks" },
    grade: { Description: "Worst Papile grade of both sides, 0 healthy" },
  };
  return [...groupBy(cases, (c) => names.get(c.id)!.subject)].flatMap(([subject, own]) => {
    const sessions = new Map(
      own.flatMap((c) => (names.get(c.id)!.session === null ? [] : [[names.get(c.id)!.session!, c] as const])),
    );
    if (sessions.size === 0) return [];
    const rows = [...sessions].map(([session, c]) => `${session}\t${c.gestationalAge ?? "n/a"}\t${c.grade ?? "n/a"}`);
    const path = `${subject}/${subject}_sessions`;
    return [
      { path: `${path}.tsv`, content: `${["session_id\tgestational_age\tgrade", ...rows].join("\n")}\n` },
      { path: `${path}.json`, content: `${canonicalJson(columns, 1)}\n` },
    ];
  });
}

function description({ dataset, version }: ExportAbout): string {
  const json = {
    Name: dataset.name,
    BIDSVersion: "1.10.0",
    DatasetType: "derivative",
    GeneratedBy: [{ Name: "hemosynth", Version: version, Description: "Pseudo-hemorrhages painted into normal fetal brain MRI" }],
  };
  return `${canonicalJson(json, 1)}\n`;
}

function readme({ dataset, version }: ExportAbout): string {
  return `# ${oneLine(dataset.name)}\n\nWritten by hemosynth ${version}. Hemorrhages are painted, unless the sidecar has no \`Hemosynth\`. Research only, not for clinical use.\nEach patient's split is in \`participants.tsv\`.\n`;
}

/** Items by key, in their order. Node 20 has no `Map.groupBy`. */
function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
