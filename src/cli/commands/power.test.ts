import { expect, test } from "vitest";
import { power } from "./power.ts";

test("a correlation without several cases a patient, and more cases than can be told of, are refused", async () => {
  const of = (figure: string, flags: Record<string, string>) => power(figure, { expected: ".9", against: ".8", ...flags });
  await expect(of("auroc", { icc: ".5" })).rejects.toThrow(
    "--icc: is of several cases a patient; got .5 with one. Give --per-patient.",
  );
  await expect(of("sensitivity", { cases: "99999999999" })).rejects.toThrow(/^--cases: .*got "99999999999"/);
  const patients = async (flags: Record<string, string>) => ((await of("auroc", flags)).json as { patients: number }).patients;
  expect(await patients({ icc: ".5", perPatient: "3" })).toBeLessThan(await patients({}));
});
