import type { Case } from "../data/dataset.ts";
import { dataFault } from "../data/faults.ts";
import { type Level, type ScoreRow, unitKey } from "./scores.ts";
import { scaleTally, sumTallies, type Tally } from "./tally.ts";

/** A slice, stack or examination of a subject, with its truth, its score and its voxels. */
export interface Unit {
  readonly level: Level;
  /** The cluster that is resampled: slices and stacks of one subject belong together. */
  readonly subject: string;
  /** Case id; for a subject its session, empty where it has none. */
  readonly case: string;
  readonly slice: number | null;
  /** Session of the subject, empty where it has none: what stacks and subject have in common. */
  readonly session: string;
  /** 1 if the truth holds a lesion. */
  readonly label: 0 | 1;
  readonly score: number;
  /** Voxels of a slice or stack; mm³ of a subject, summed over its stacks. */
  readonly tally: Tally;
  /** What a count of the tally stands for, mm³. */
  readonly voxelMm3: number;
  readonly grade: number | null;
  /** As `shownPlane` tells it: null for ultrasound of which nobody says it, and for a subject, which has several. */
  readonly plane: string | null;
}

/** One case with its truth, slice by slice. */
export interface TalliedCase {
  readonly case: Pick<Case, "id" | "subject" | "session" | "grade">;
  readonly plane: Unit["plane"];
  readonly voxelMm3: number;
  readonly slices: readonly Tally[];
  /** Whether the case as a whole has what is looked for, where its class tells; absent: where any slice shows it. */
  readonly label?: 0 | 1;
}

/** The units of one split at each level. */
export type Tables = Readonly<Record<Level, readonly Unit[]>>;

/** What a unit is of. */
type UnitName = Pick<Unit, "level" | "subject" | "case" | "slice" | "session">;

/**
 * Joins truth and scores.
 *
 * @param scores - By {@link unitKey}.
 * @param where - Name of the scores' file, for messages.
 * @throws {UserError} (data) If a unit has no score, or a score belongs to another subject.
 */
export function buildTables(cases: readonly TalliedCase[], scores: ReadonlyMap<string, ScoreRow>, where: string): Tables {
  const unit = (name: UnitName, tally: Tally, facts: Pick<Unit, "label" | "voxelMm3" | "grade" | "plane">): Unit => {
    return { ...name, score: findScore(scores, name, where), tally, ...facts };
  };
  const name = ({ case: c }: TalliedCase, slice: number | null) => ({
    subject: c.subject,
    case: c.id,
    slice,
    session: c.session ?? "",
  });
  const facts = ({ case: c, plane, voxelMm3 }: TalliedCase) => ({ voxelMm3, grade: c.grade, plane });
  return {
    slice: cases.flatMap((one) => one.slices.map((tally, i) => unit({ level: "slice", ...name(one, i) }, tally, { label: shown(tally), ...facts(one) }))), // biome-ignore format: one line
    stack: cases.map((one) => unit({ level: "stack", ...name(one, null) }, sumTallies(one.slices), { label: labelOf(one), ...facts(one) })), // biome-ignore format: one line
    subject: examinations(cases).map((stacks) => {
      const first = stacks[0]!.case;
      const session = first.session ?? "";
      const tally = sumTallies(stacks.map((one) => scaleTally(sumTallies(one.slices), one.voxelMm3)));
      const grades = stacks.map((one) => one.case.grade).filter((grade) => grade !== null);
      const worst = grades.length === 0 ? null : Math.max(...grades);
      const own = { level: "subject", subject: first.subject, case: session, slice: null, session } as const;
      const label = stacks.some((one) => labelOf(one) === 1) ? 1 : 0;
      return unit(own, tally, { label, voxelMm3: 1, grade: worst, plane: null });
    }),
  };
}

const shown = ({ truth }: Tally): 0 | 1 => (truth > 0 ? 1 : 0);

const labelOf = ({ label, slices }: TalliedCase): 0 | 1 => label ?? (slices.some((tally) => shown(tally) === 1) ? 1 : 0);

function findScore(scores: ReadonlyMap<string, ScoreRow>, unit: UnitName, where: string): number {
  const row = scores.get(unitKey(unit));
  const words =
    unit.level === "subject" ? `subject ${unit.subject} ${unit.case}` : `${unit.level} ${unit.case} ${unit.slice ?? ""}`;
  const again = "Run predict again on this dataset";
  if (row === undefined)
    throw dataFault(where, "must have a score for every unit of the dataset", `none for ${words.trim()}`, again);
  if (row.subject !== unit.subject)
    throw dataFault(where, `${words.trim()} must be of subject ${unit.subject}`, row.subject, again);
  return row.score;
}

/** Cases of one session of one subject, in the order in which they come. */
export function examinations(cases: readonly TalliedCase[]): TalliedCase[][] {
  const groups = new Map<string, TalliedCase[]>();
  for (const one of cases) {
    const key = JSON.stringify([one.case.subject, one.case.session]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}
