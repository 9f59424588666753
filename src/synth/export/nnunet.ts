import { canonicalJson } from "../../core/hash.ts";
import type { Dataset, Modality, SplitName } from "../../data/dataset.ts";
import type { MakeFormat } from "./format.ts";
import { categoriesOf } from "./marks.ts";

/** What nnU-Net calls a channel: of `CT` it keeps HU and normalises by the whole dataset. */
const channels: Readonly<Record<Modality, string>> = { T2w: "T2", CT: "CT", US: "US" };

/** The values of the masks by the names of what they mark. */
function labelsOf(dataset: Dataset): Record<string, number> {
  const lesions = categoriesOf(dataset).filter(({ supercategory }) => supercategory === "lesion");
  return Object.fromEntries(lesions.map(({ name }, i) => [name, i + 1]));
}

/**
 * A raw dataset of nnU-Net v2: train and val in `imagesTr` and `labelsTr`, test in `imagesTs` and `labelsTs`. Our split of train and val is
 * `splits_final.json`, which nnU-Net reads from the dataset's folder in `nnUNet_preprocessed`.
 *
 * Source: nnU-Net v2, documentation/dataset_format.md and manual_data_splits.md.
 */
export const nnunetFormat: MakeFormat<{ readonly id: string; readonly split: SplitName }> = ({ dataset, version }) => ({
  async caseFiles({ case: { id }, split, files }) {
    const suffix = split === "test" ? "Ts" : "Tr";
    const out = [
      { path: `images${suffix}/${id}_0000.nii.gz`, content: files.image },
      { path: `labels${suffix}/${id}.nii.gz`, content: files.lesion },
    ];
    return { files: out, entry: { id, split } };
  },
  indexFiles(entries) {
    const ids = (name: SplitName) => entries.filter(({ split }) => split === name).map(({ id }) => id);
    const [train, val] = [ids("train"), ids("val")];
    const about = {
      name: dataset.name,
      description: `Written by hemosynth ${version}. Pseudo-hemorrhages: research only.`,
      channel_names: { "0": channels[dataset.modality ?? "T2w"] },
      labels: { background: 0, ...labelsOf(dataset) },
      numTraining: train.length + val.length,
      file_ending: ".nii.gz",
    };
    return [
      { path: "splits_final.json", content: `${canonicalJson([{ train, val }], 1)}\n` },
      { path: "dataset.json", content: `${canonicalJson(about, 1)}\n` },
    ];
  },
});
