import { expect, test } from "vitest";
import { trainOptions } from "./options.ts";
import { minLesionPixels } from "./slices.ts";
import { bestWords, mainFigure } from "./words.ts";

const none = { loss: 0.12345, dice: null, auroc: null, map50: null, brainDice: null };
const of = (task: string) => trainOptions.parse({ task });

test("the best validation is told by the figures that are defined, else by its loss", () => {
  for (const [task, figures, best, main] of [
    [
      "lesion",
      { dice: 0.5, auroc: 0.93, brainDice: 0.8 },
      "best at step 2: val Dice 0.500, slice AUROC 0.930, brain Dice 0.800",
      "Dice 0.500",
    ],
    ["lesion", { brainDice: 0.8 }, "lowest val loss 0.123, at step 2", "loss 0.123"],
    ["classify", { auroc: 0.93 }, "best at step 2: val slice AUROC 0.930", "AUROC 0.930"],
    ["weakGrid", { auroc: 0.93 }, "best at step 2: val cell AUROC 0.930", "AUROC 0.930"],
    ["weakTypes", { auroc: 0.93 }, "best at step 2: val AUROC of blood and its types 0.930", "AUROC 0.930"],
    ["detect", { map50: 0.4, auroc: 0.9 }, "best at step 2: val mAP@0.5 0.400, slice AUROC 0.900", "mAP@0.5 0.400"],
    ["detect", {}, "lowest val loss 0.123, at step 2", "loss 0.123"],
    ["classes", { auroc: 0.7 }, "best at step 2: val AUROC of classes 0.700", "AUROC 0.700"],
    ["crops", { auroc: 0.7 }, "best at step 2: val AUROC of classes 0.700", "AUROC 0.700"],
    ["mil", { auroc: 0.7 }, "best at step 2: val AUROC of cases 0.700", "AUROC 0.700"],
    ["mil", {}, "lowest val loss 0.123, at step 2", "loss 0.123"],
    ["denoise", {}, "lowest val loss 0.123, at step 2", "loss 0.123"],
  ] as const) {
    expect([task, bestWords({ step: 2, ...none, ...figures }, of(task), [{ lesionPixels: 99 }]), mainFigure({ ...none, ...figures })]).toEqual([task, best, main]); // biome-ignore format: one line
  }
});

test("what was chosen by its loss tells no other figure, and says where the val split shows no lesion", () => {
  const row = { step: 2, ...none, brainDice: 0.263 };
  const healthy = [{ lesionPixels: 0 }, { lesionPixels: minLesionPixels - 1 }];
  const said = "lowest val loss 0.123, at step 2; the val split shows no lesion";
  for (const task of ["lesion", "detect", "classify", "weakGrid"]) expect(bestWords(row, of(task), healthy)).toBe(said);
  for (const task of ["denoise", "restore"]) expect(bestWords(row, of(task), healthy)).toBe("lowest val loss 0.123, at step 2");
});
