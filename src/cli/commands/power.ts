import { UserError } from "../../core/errors.ts";
import { ruleWords } from "../../core/rule-words.ts";
import { powerOptions } from "../../eval/power/options.ts";
import { planStudy, studyText } from "../../eval/power/plan-study.ts";
import type { Outcome } from "../session.ts";

/** Options of `hemosynth power`, as commander parses them: texts. */
export type PowerFlags = Readonly<Record<string, string | undefined>>;

const words = new Set(["variance"]);

/** `hemosynth power FIGURE`: cases for a power, or the power of so many. @throws {UserError} (usage) Naming every option that is not what it must be. */
export async function power(figure: string, flags: PowerFlags): Promise<Outcome> {
  const given = Object.entries(flags).filter(([name, text]) => text !== undefined && name in (names as object));
  const parsed = powerOptions.safeParse({
    figure,
    ...Object.fromEntries(given.map(([name, text]) => [name, words.has(name) || text!.trim() === "" ? text : Number(text)])),
  });
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => {
      if (issue.code === "unrecognized_keys")
        return `--${names[issue.keys[0] as keyof typeof names]}: is not of ${figure}; got ${JSON.stringify(flags[issue.keys[0]!])}. hemosynth power --help says of what.`;
      const name = String(issue.path[0] ?? "figure");
      return `--${names[name as keyof typeof names] ?? name}: ${ruleWords(issue)}; got ${JSON.stringify(flags[name] ?? figure)}. hemosynth power --help has an example.`;
    });
    throw new UserError("usage", faults.join("\n"));
  }
  if (flags.icc !== undefined && parsed.data.perPatient === 1)
    throw new UserError("usage", `--icc: is of several cases a patient; got ${flags.icc} with one. Give --per-patient.`);
  const study = planStudy(parsed.data);
  return { text: studyText(study), json: study };
}

const names = {
  expected: "expected",
  against: "against",
  correlation: "correlation",
  variance: "variance",
  positives: "positives",
  ratio: "ratio",
  cases: "cases",
  power: "power",
  level: "level",
  perPatient: "per-patient",
  icc: "icc",
} as const;
