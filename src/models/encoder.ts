import { z } from "zod";
import type { Encoder } from "./classifier.ts";
import { miniresnetEncoder, miniresnetOptions } from "./miniresnet.ts";
import { resnetEncoder, resnetOptions } from "./resnet.ts";

/** The closed list of encoders that see one image of a set (see hexanet.ts, mil.ts). */
export const encoderOptions = z.discriminatedUnion("kind", [miniresnetOptions, resnetOptions]).meta({ id: "encoder" });
export type EncoderOptions = z.output<typeof encoderOptions>;

/** The encoder that `options.kind` names. */
export function encoderOf(options: EncoderOptions, inChannels: number): Encoder {
  switch (options.kind) {
    case "miniresnet":
      return miniresnetEncoder(options, inChannels);
    case "resnet18":
    case "resnet34":
    case "resnet50":
      return resnetEncoder(options, inChannels);
    default:
      return options satisfies never;
  }
}
