import type { Modality } from "../../data/dataset.ts";
import type { Origin, Results } from "../results.ts";

// What the evaluated images are, in words: figures on made images must never read as figures of patients.

type FromData = Pick<Results, "dataset" | "pseudoLesions" | "data">;

const imageNames: Readonly<Record<Modality, string>> = { T2w: "MR images", US: "ultrasound images", CT: "CT images" };

/** Where the images came from. Results of earlier versions say no more than whether software made anything. */
export function originOf({ data, pseudoLesions }: Pick<Results, "data" | "pseudoLesions">): Origin {
  return data?.origin ?? (pseudoLesions ? "painted" : "given");
}

/** How each origin is spoken of. */
interface Words {
  /** Above every figure. */
  banner(results: FromData): string;
  /** What the scores are; empty where they are what a reader takes them for. */
  readonly scores: string;
  readonly lesion: string;
  /** In the methods. */
  methods(images: string): string;
  /** After the dataset's name. */
  readonly source: string;
  /** How the truth came about; null where the run cannot say. */
  readonly truth: string | null;
  /** How training differs from evaluation; null where the run cannot say. */
  readonly difference: string | null;
  readonly external: string;
  readonly limits: readonly string[];
}

const words: Readonly<Record<Origin, Words>> = {
  painted: {
    banner: () =>
      "Pseudo-lesion scores, not clinical performance. The lesions in these images were painted by software; the figures say how well a network finds painted lesions, and nothing about patients.",
    scores: "pseudo-lesion scores",
    lesion: "pseudo-lesion",
    methods: () =>
      "Lesions were painted into normal images by software, so all figures are pseudo-lesion scores; none is clinical performance.",
    source: ", in which lesions were painted by software",
    truth: "Lesions were painted into normal images by software; their masks are exact, and nobody annotated them.",
    difference: "None by design: both are painted by the same program, which is a limit of the evaluation.",
    external: "Not done here: every lesion was painted. On patients nothing is known.",
    limits: [
      "Training and evaluation lesions were painted by the same program. A network may have learned its marks; a drop on real bleeds is to be expected and is not measured here.",
    ],
  },
  simulated: {
    banner: (results) =>
      `Scores on simulated ${imagesOf(results)}, not clinical performance. Software made these images and all that they show, from formulas or from given label maps; the figures say how well a network does on such images, and nothing about patients.`,
    scores: "scores on simulated images",
    lesion: "simulated lesion",
    methods: (images) =>
      `All its ${images} were simulated by software, normal and abnormal ones alike, so no figure is clinical performance.`,
    source: ", whose images were simulated by software, normal and abnormal ones alike",
    truth: "Images were simulated by software from formulas or given label maps; their masks and classes are exact, and nobody annotated them.",
    difference: "None by design: both are simulated by the same program, which is a limit of the evaluation.",
    external: "Not done here: every image was simulated. On patients nothing is known.",
    limits: [
      "Training and evaluation images were simulated by the same program. A network may have learned its marks; a drop on real images is to be expected and is not measured here.",
    ],
  },
  given: {
    banner: (results) =>
      `A research evaluation on ${results.dataset}, a dataset of ${imagesOf(results)} that came with its truth. Not a medical device, and no evidence of clinical performance.`,
    scores: "",
    lesion: "lesion",
    methods: (images) =>
      `Its ${images} and their truth were given and not made by hemosynth; whether they are of patients or of phantoms is yours to say beside every figure.`,
    source: ", a labelled dataset",
    truth: null,
    difference: null,
    external: "Not told apart here: the dataset is one, split by subject.",
    limits: [],
  },
}; // biome-ignore format: a table

export const wordsOf = (results: FromData): Words => words[originOf(results)];

/** Such as `ultrasound images`. */
export function imagesOf({ data }: FromData): string {
  return data === undefined ? "images" : imageNames[data.modality];
}

/** Whether what looks like blood and is none was painted, for captions to name. */
export const hasLookAlikes = (results: FromData): boolean => originOf(results) === "painted";
