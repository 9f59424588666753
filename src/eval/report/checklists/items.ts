import type { AnswerName } from "./answers.ts";

/** An item of a reporting checklist in short words of our own; `answer` is what a run may say to it. */
export interface ChecklistItem {
  readonly number: string;
  readonly asks: string;
  readonly answer: AnswerName | null;
}

const item = (number: string | number, asks: string, answer: AnswerName | null = null): ChecklistItem => ({
  number: String(number),
  asks,
  answer,
});

/**
 * Checklist for Artificial Intelligence in Medical Imaging, 2024 update: 44 items.
 * Source: Tejani et al. 2024, doi:10.1148/ryai.240300.
 */
export const claim2024: readonly ChecklistItem[] = [
  item(1, "Title: a study of AI, and which technology", "technology"),
  item(2, "Structured summary"),
  item(3, "Background, and what the AI is meant for in the clinic"),
  item(4, "Aims and hypotheses"),
  item(5, "Prospective or retrospective"),
  item(6, "Goal of the study"),
  item(7, "Where the data come from", "sources"),
  item(8, "Who was included and excluded"),
  item(9, "Preprocessing", "preprocessing"),
  item(10, "How parts of the data were selected"),
  item(11, "De-identification"),
  item(12, "Missing data", "missing"),
  item(13, "How images were acquired"),
  item(14, "How the reference standard was obtained", "reference"),
  item(15, "Why this reference standard"),
  item(16, "Who made its annotations", "annotation"),
  item(17, "How the test set was annotated", "annotation"),
  item(18, "Agreement between and within annotators"),
  item(19, "How data were assigned to partitions", "partition"),
  item(20, "Level at which partitions are disjoint", "disjoint"),
  item(21, "Intended sample size", "sampleSize"),
  item(22, "The model in detail", "model"),
  item(23, "Software and libraries", "software"),
  item(24, "How parameters were initialised", "training"),
  item(25, "Training in detail", "training"),
  item(26, "How the final model was selected", "selection"),
  item(27, "Ensembles", "model"),
  item(28, "Measures of performance", "metrics"),
  item(29, "Measures of significance and uncertainty", "uncertainty"),
  item(30, "Robustness and sensitivity analysis"),
  item(31, "Explainability", "explainability"),
  item(32, "Evaluation on internal data", "internal"),
  item(33, "Testing on external data", "external"),
  item(34, "Registration of the trial"),
  item(35, "Numbers included and excluded", "numbers"),
  item(36, "Characteristics of the subjects in each partition", "ages"),
  item(37, "Performance with its uncertainty", "performance"),
  item(38, "Diagnostic performance and its precision", "performance"),
  item(39, "Analysis of failures", "failures"),
  item(40, "Limits of the study", "limitations"),
  item(41, "What it implies for practice"),
  item(42, "Where the protocol is"),
  item(43, "Availability of software, model and data", "code"),
  item(44, "Funding, and what the funders did"),
];

/**
 * TRIPOD+AI, for prediction models by regression or machine learning: 27 items and their parts.
 * Source: Collins et al. 2024, doi:10.1136/bmj-2023-078378.
 */
export const tripodAi: readonly ChecklistItem[] = [
  item(1, "Title: develops or evaluates a prediction model, of whom, of what", "technology"),
  item(2, "Abstract by the checklist of its own"),
  item("3a", "Context in health care, and why the model"),
  item("3b", "Whom it is for, where in care, who uses it"),
  item("3c", "Known inequalities between groups"),
  item(4, "Objectives: development, evaluation or both"),
  item("5a", "Sources of the data, and whether they represent the target", "sources"),
  item("5b", "Dates of the data"),
  item("6a", "Setting, number and place of centres"),
  item("6b", "Who was eligible"),
  item("6c", "Treatments"),
  item(7, "Preparation and quality checks of the data", "preprocessing"),
  item("8a", "Outcome, how and when it was assessed", "outcome"),
  item("8b", "Who assessed it, where judgement is needed", "annotation"),
  item("8c", "Blinding of its assessment", "annotation"),
  item("9a", "How predictors were chosen"),
  item("9b", "Definition of the predictors", "preprocessing"),
  item("9c", "Who assessed them, where judgement is needed"),
  item(10, "Sample size, for development and evaluation", "sampleSize"),
  item(11, "Missing data", "missing"),
  item("12a", "How data were used and partitioned", "partition"),
  item("12b", "How predictors entered the model", "preprocessing"),
  item("12c", "Type of model, its building, tuning and internal validation", "model"),
  item("12d", "Differences between clusters, such as hospitals"),
  item("12e", "Measures and plots of performance", "metrics"),
  item("12f", "Updating of the model"),
  item("12g", "How predictions were calculated", "model"),
  item(13, "Class imbalance, and what was done about it", "training"),
  item(14, "Fairness", "subgroups"),
  item(15, "Output of the model, and thresholds", "threshold"),
  item(16, "Differences between the data of development and of evaluation", "difference"),
  item(17, "Ethical approval and consent"),
  item("18a", "Funding"),
  item("18b", "Conflicts of interest"),
  item("18c", "Protocol"),
  item("18d", "Registration"),
  item("18e", "Sharing of data"),
  item("18f", "Sharing of code", "code"),
  item(19, "Involvement of patients and the public"),
  item("20a", "Flow of participants", "numbers"),
  item("20b", "Characteristics of participants", "ages"),
  item("20c", "Comparison of evaluation and development data", "difference"),
  item(21, "Participants and events in each analysis", "numbers"),
  item(22, "The model in full, so that others can use it", "model"),
  item("23a", "Performance with intervals, in key subgroups too", "performance"),
  item("23b", "Differences of performance between clusters"),
  item(24, "Results of updating"),
  item(25, "Interpretation"),
  item(26, "Limits of the study", "limitations"),
  item("27a", "How poor or missing input is to be handled"),
  item("27b", "What users have to do and know"),
  item("27c", "Next steps"),
];
