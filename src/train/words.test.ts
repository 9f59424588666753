import { expect, test } from "vitest";
import { trainOptions } from "./options.ts";
import { bestWords, mainFigure } from "./words.ts";

const none = { loss: 0.12345, dice: null, auroc: null, map50: null, brainDice: null };
const of = (task: string) => trainOptions.parse({ task });

test("the best validation is told by the figures that are defined, else by its loss", () => {
  for (const [task, figures, best, main] of [
    ["lesion", { dice: 0.5, auroc: 0.93, brainDice: 0.8 }, "val Dice 0.500, slice AUROC 0.930, brain Dice 0.800", "Dice 0.500"],
    ["lesion", { brainDice: 0.8 }, "val brain Dice 0.800", "loss 0.123"],
    ["classify", { auroc: 0.93 }, "val slice AUROC 0.930", "AUROC 0.930"],
    ["weakGrid", { auroc: 0.93 }, "val cell AUROC 0.930", "AUROC 0.930"],
    ["weakTypes", { auroc: 0.93 }, "val AUROC of blood and its types 0.930", "AUROC 0.930"],
    ["detect", { map50: 0.4, auroc: 0.9 }, "val mAP@0.5 0.400, slice AUROC 0.900", "mAP@0.5 0.400"],
    ["detect", {}, "val loss 0.123", "loss 0.123"],
    ["classes", { auroc: 0.7 }, "val AUROC of classes 0.700", "AUROC 0.700"],
    ["crops", { auroc: 0.7 }, "val AUROC of classes 0.700", "AUROC 0.700"],
    ["mil", { auroc: 0.7 }, "val AUROC of cases 0.700", "AUROC 0.700"],
    ["mil", {}, "val loss 0.123", "loss 0.123"],
    ["denoise", {}, "val loss 0.123", "loss 0.123"],
  ] as const) {
    expect([task, bestWords({ ...none, ...figures }, of(task)), mainFigure({ ...none, ...figures })]).toEqual([task, best, main]); // biome-ignore format: one line
  }
});
