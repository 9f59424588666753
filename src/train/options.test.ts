import { expect, test } from "vitest";
import { modelOptions } from "../models/index.ts";
import { batchMisfit, trainOptions } from "./options.ts";

test("windows of which no kind has a weight are refused; bags and crops draw none", () => {
  const sampling = { lesion: 0, brain: 0, noBrain: 0 };
  const misfit = (kind: string, train: object) =>
    batchMisfit(modelOptions.parse({ kind }), trainOptions.parse({ sampling, ...train }));
  const refused = { path: "sampling", rule: "must give a kind of window a weight above 0; got 0 for each" };
  for (const task of ["lesion", "infoNce", "restore"]) expect(misfit("unet", { task })).toEqual(refused);
  expect(misfit("resnet18", { task: "classes", outputs: ["normal", "other"] })).toEqual(refused);
  expect(misfit("mil", { task: "mil" })).toBe(null);
  expect(misfit("hexanet", { task: "crops", outputs: ["normal", "other"] })).toBe(null);
  expect(misfit("unet", { sampling: { ...sampling, brain: 1 } })).toBe(null);
});
