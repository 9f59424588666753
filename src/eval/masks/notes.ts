import { many } from "../../core/words.ts";
import { fewClusters, fewInSubgroups } from "../tables/few.ts";
import type { Membership } from "./cases.ts";
import type { MasksOptions } from "./options.ts";
import type { Content, MasksResults } from "./results.ts";

/** How intervals are made, in words. */
export function methodOf({ interval, resamples, seed, level }: MasksOptions): string {
  const kind = interval === "bca" ? "BCa" : interval;
  return `${kind} bootstrap of whole patients, ${resamples} resamples, seed ${seed}, level ${level}`;
}

/** What notes are made of. */
export interface Found extends Pick<MasksResults, "slices" | "matchedBy" | "cases" | "patients" | "patientsBy"> {
  readonly content: readonly Content[];
  readonly volumes: boolean;
  readonly passedOver: number;
  readonly compared: number;
  /** Of each case. */
  readonly members: readonly Membership[];
}

/** What a reader must know before quoting a figure. */
export function notesOf(found: Found, options: MasksOptions): string[] {
  const { slices, matchedBy, cases, patients, patientsBy, content, volumes, passedOver, compared, members } = found;
  const grouped = members.map(({ patient, subgroup }) => ({ cluster: patient, subgroup }));
  const lone = content.reduce((sum, c) => sum + c.emptyReference + c.emptyPrediction - 2 * c.bothEmpty, 0);
  const distances =
    options.penalty === null
      ? `${lone} times one mask of the two is empty: there is no distance then, and the means of HD, HD95 and ASSD leave these cases out. Give --penalty to count them.`
      : `${lone} times one mask of the two is empty: ${options.penalty} mm stand for HD, HD95 and ASSD there.`;
  const sensible = [
    ...(patientsBy === "none"
      ? ["Nothing tells which cases are of one patient: if one has several, the intervals are too narrow. Name the patients by --cases."]
      : []),
    ...(patients < fewClusters ? [`Only ${many(patients, "patient")}: with fewer than ${fewClusters}, bootstrap intervals are mostly too narrow.`] : []),
    ...(cases > patients
      ? ["Patients have several cases: Wilson, Clopper-Pearson, Jeffreys and Bland-Altman take lesions or cases as independent, and stand there for comparison with papers."]
      : []),
    ...fewInSubgroups(options.columns.subgroup, "patients", grouped),
    ...(lone > 0 ? [distances] : []),
    ...(options.empty === "one" || options.empty === "smoothed"
      ? ["Slices and cases without any lesion count as perfect where nothing is predicted: the means are higher the more of them there are."]
      : []),
  ]; // biome-ignore format: sentences
  return [
    ...sensible,
    ...(compared > 0 ? ["A difference of means is of the cases in which each is defined; p exchanges the two predictions of whole patients."] : []),
    ...(slices ? ["Lone slices are measured in 2-D: surfaces are contours, and have lengths."] : []),
    ...(volumes ? [] : ["The thickness of the slices is not known: there are no volumes, and no lesion sizes. Give it as the third number of --spacing."]),
    ...(matchedBy === "path" ? ["Names come twice, so files were matched by folder and name."] : []),
    ...(passedOver > 0 ? [`Passed over: ${many(passedOver, "image")} of another kind than the reference's.`] : []),
  ]; // biome-ignore format: sentences
}
