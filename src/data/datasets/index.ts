import { posix } from "node:path";
import { dataFault } from "../faults.ts";
import { listFiles } from "../ingest/walk.ts";
import { planCq500 } from "./cq500.ts";
import { planBhsd, planInstance22, planPhysioNet, planSegCq500 } from "./masked.ts";
import type { PublicOptions, TruthLayout } from "./options.ts";
import { type PublicPlan, placeOf, type SetFolder } from "./plan.ts";
import { planRsna } from "./rsna.ts";
import { planFetalPlanes, planFetusFramework, planHc18 } from "./ultrasound.ts";
import { planYolo } from "./yolo.ts";

/**
 * What a set that brings its own truth holds, by names and tables alone. To add one: a file, a line in options.ts, a case below, a section in docs/datasets.md.
 *
 * @throws {UserError} (data) If the tree is not that of the set, a table lacks a column, or a file that another asks for is missing.
 */
export async function planPublic({
  layout,
  path,
  pixelMm,
  subject,
}: PublicOptions & { readonly layout: TruthLayout }): Promise<PublicPlan> {
  const set: SetFolder = { path, files: (await listFiles(path)).files };
  const plan = await planOf(layout, set, { pixelMm, subject });
  const cases = [...plan.cases].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (cases.length === 0)
    throw dataFault(path, "must hold images", "none that counts", "Download it again; docs/datasets.md tells what counts");
  const twice = cases.findIndex(({ id }, i) => cases[i + 1]?.id === id);
  if (twice >= 0) {
    const [one, other] = [cases[twice]!, cases[twice + 1]!];
    throw dataFault(
      posix.join(path, placeOf(other)),
      `only one image must be ${one.id}`,
      `${placeOf(one)} too`,
      "Remove one of them",
    );
  }
  return { ...plan, cases };
}

async function planOf(
  layout: TruthLayout,
  set: SetFolder,
  { pixelMm, subject }: Pick<PublicOptions, "pixelMm" | "subject">,
): Promise<PublicPlan> {
  switch (layout) {
    case "fetal-planes-db":
      return await planFetalPlanes(set, pixelMm);
    case "hc18":
      return await planHc18(set);
    case "fetus-framework":
      return await planFetusFramework(set, pixelMm);
    case "rsna-ich":
      return await planRsna(set);
    case "cq500":
      return await planCq500(set);
    case "seg-cq500":
      return await planSegCq500(set);
    case "physionet-ct-ich":
      return await planPhysioNet(set);
    case "bhsd":
      return await planBhsd(set);
    case "instance22":
      return await planInstance22(set);
    case "yolo":
      return await planYolo(set, pixelMm, subject!); // its options are refused without
    default:
      return layout satisfies never;
  }
}
