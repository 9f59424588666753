import { z } from "zod";
import { modelOptions } from "../models/index.ts";
import { initOptions } from "../train/init/options.ts";
import { taskName, trainOptions } from "../train/options.ts";
import { dataOptions } from "./data.ts";

const { into, only } = initOptions.shape;

/** A training before the training, whose weights it starts from; the `pretrain` section of a config. */
export const pretrainingOptions = z.strictObject({
  /** Other data, all of whose subjects are there to pretrain on; null: the training subjects of the experiment's own. */
  data: dataOptions
    .nullable()
    .default(null)
    .describe("data that bring their own truth to pretrain on, other subjects than those of data; null: the cases of data"),
  model: modelOptions
    .nullable()
    .default(null)
    .describe("the network that is pretrained; null: that of model, under what the task needs"),
  train: trainOptions
    .extend({ task: taskName.default("infoNce").describe("what it is pretrained for; as train.task") })
    .prefault({})
    .describe("how it is pretrained; its init is where pretraining starts"),
  into,
  only,
});
