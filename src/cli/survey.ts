import type { DataOptions } from "../config/data.ts";
import { many } from "../core/words.ts";
import { readDataset } from "../data/dataset.ts";
import { datasetHoldings, type Holdings } from "../data/datasets/holdings.ts";
import { picturesAsked } from "../synth/ultrasound/fetal/options.ts";

/** What can be told of data before they are made. */
export interface Survey {
  /** How much there is to do. */
  readonly words: string;
  /** What those hold that lie somewhere already; null where that is not told by their files. */
  readonly found: { readonly path: string; readonly holds: Holdings } | null;
}

/** Looks at the data that are to be made. @throws {UserError} (data) If what they are read from is not as it must be. */
export async function surveyData(options: DataOptions): Promise<Survey> {
  const drawn = (words: string) => ({ words, found: null });
  switch (options.kind) {
    case "phantom":
      return drawn(`${options.subjects} phantom brains of ${options.gestationalAge.join(" to ")} weeks`);
    case "head-ct":
      return drawn(
        options.labels === null ? many(options.subjects, "head CT") : `CT slices of the label pictures in ${options.labels}`,
      );
    case "public": {
      const { surveyPublic } = await import("../data/datasets/stage.ts");
      const { path, layout } = options;
      const { images, holds } = await surveyPublic(options);
      return { words: `the images of ${layout} in ${path}: ${images}`, found: { path, holds } };
    }
    case "dataset": {
      const { path } = options;
      return { words: `the cases of ${path}`, found: { path, holds: datasetHoldings(await readDataset(path)) } };
    }
    case "fetal-ultrasound":
      return drawn(`${many(picturesAsked(options), "ultrasound picture")} of each of ${options.subjects} fetuses`);
    case "cranial-ultrasound":
      return drawn(`${options.subjects} cranial ultrasound exams of ${options.coronal + options.sagittal} frames`);
    case "folder": {
      const { countImages } = await import("../data/ingest/stage.ts");
      return drawn(`the volumes of ${options.path}: ${await countImages(options)}`);
    }
    default:
      return options satisfies never;
  }
}
