import { symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { makeFolder } from "../../data/files.ts";
import type { SweepPlan } from "../../sweep/plan.ts";

/**
 * Makes `tb/`: a link by the name of each run to its TensorBoard events, so that one folder shows all. A link may be there before what it leads to;
 * of a cross-validation each fold has one. Where links cannot be made there are none: `--logdir runs` shows the same under longer names.
 */
export async function linkCurves(out: string, { points }: Pick<SweepPlan, "points">): Promise<void> {
  for (const { name, experiment } of points) {
    const run = join(out, "runs", name);
    const { folds } = experiment.split;
    const several = typeof folds === "number" ? Array.from({ length: folds }, (_, fold) => String(fold)) : [];
    const links: [string, string][] =
      folds === null ? [[name, run]] : several.map((fold) => [join(name, `fold-${fold}`), join(run, "folds", fold)]);
    for (const [link, root] of links) {
      const place = join(out, "tb", link);
      await makeFolder(dirname(place));
      await symlink(relative(dirname(place), join(root, "train", "tb")), place).catch(() => {}); // there already, or cannot be
    }
  }
}
