import { expect, test } from "vitest";
import { gestationalAgeOf, isTable, parseAge, parseTable } from "./gestational-age.ts";

test.each([
  ["24", 24],
  ["24.4", 24.4],
  ["24,4", 24.4],
  ["24+3", 24 + 3 / 7],
  ["24 + 3", 24 + 3 / 7],
  ["24w3d", 24 + 3 / 7],
  ["24 weeks 3 days", 24 + 3 / 7],
  ["24w+3", 24 + 3 / 7],
  ["30 gestational_weeks", 30],
  ["28 GW", 28],
  ["24+7", null],
  ["about 24", null],
  ["", null],
  ["-24", null],
  ["2e1", null],
])("%s is %s weeks", (text, weeks) => {
  const age = parseAge(text);
  if (weeks === null) expect(age).toBeNull();
  else expect(age).toBeCloseTo(weeks, 12);
});

const key = { path: "sub-01/ses-2/anat/sub-01_ses-2_T2w.nii.gz", subject: "sub-01", session: "ses-2" };
const participants = (header: string, row: string) => parseTable("participants.tsv", `${header}\n${row}\n`);

test.each([
  ["participant_id\tGestational age", "sub-01\t27.9"],
  ["participant_id\tGA", "01\t27.9"],
  ["sex\tparticipant_id\tgestational_age_weeks", "F\tsub-01\t27.9"],
  ["participant_id\tga_at_scan\tgestational_age_at_birth", "sub-01\t27.9\t39"],
  ["participant_id\tgestational_age_days", `sub-01\t${27.9 * 7}`],
  ["participant_id\tage\tweight", "sub-01\t27.9 gestational weeks\t900"],
  ["\ufeffparticipant_id\tGA", "sub-01\t27.9\r"],
])("finds the age in a participants table with %s", (header, row) => {
  expect(gestationalAgeOf([participants(header, row)], key, null)?.weeks).toBeCloseTo(27.9, 9);
});

test.each([
  ["participant_id\tage", "sub-01\t31"], // of the mother
  ["participant_id\tGA", "sub-010\t27.9"],
  ["participant_id\tGA", "sub-01\tn/a"],
  ["participant_id\tgestational_age_at_birth", "sub-01\t39"],
  ["participant_id\tGA", "sub-01"],
])("finds none in %s: %s", (header, row) => {
  expect(gestationalAgeOf([participants(header, row)], key, null)).toBeNull();
});

test("a scan's row wins over its session's, and that over the subject's", () => {
  const subject = participants("participant_id\tGA", "sub-01\t25");
  const session = parseTable("sub-01/sub-01_sessions.tsv", "session_id\tGA\nses-1\t21\nses-2\t26\n");
  const scan = parseTable("sub-01/ses-2/sub-01_ses-2_scans.tsv", "filename\tGA\nanat/sub-01_ses-2_T2w.nii.gz\t27\n");
  const of = (...tables: Parameters<typeof gestationalAgeOf>[0]) => gestationalAgeOf(tables, key, null)?.weeks;
  expect([of(subject), of(subject, session), of(scan, subject, session)]).toEqual([25, 26, 27]);
  expect(of(parseTable("sub-02/sub-02_sessions.tsv", "session_id\tGA\nses-2\t33\n"))).toBeUndefined();
});

test("a named column is taken and no other; a cell that is no age comes back as it stands", () => {
  const table = participants("participant_id\tGA\tscan_week", "sub-01\t25\tlate");
  expect(gestationalAgeOf([table], key, "scan_week")).toEqual({ weeks: null, text: "late", table: "participants.tsv" });
  expect(gestationalAgeOf([table], key, "nothing")).toBeNull();
});

test("tables are known by name", () => {
  expect(["participants.tsv", "a/sub-1_scans.tsv", "sub-1/sub-1_sessions.tsv"].every(isTable)).toBe(true);
  expect(["phenotype.tsv", "participants.json", "myscans.tsv"].some(isTable)).toBe(false);
});
