import { html, type Markup } from "../../../picture/html.ts";
import { type Section, table } from "../layout.ts";
import { type Answers, answersOf, type Evaluated } from "./answers.ts";
import { type ChecklistItem, claim2024, tripodAi } from "./items.ts";

/** Both checklists, filled where the run knows the answer. */
export function checklistSections(evaluated: Evaluated): Section[] {
  const answers = answersOf(evaluated);
  return [
    {
      title: "CLAIM checklist, 2024 update",
      body: html`<p class="caption">Items in short words of our own; the wording that counts is that of Tejani et al. 2024, doi:10.1148/ryai.240300. ${filled(claim2024, answers)}</p>${checklist(claim2024, answers)}`,
    },
    {
      title: "TRIPOD+AI checklist",
      body: html`<p class="caption">Items in short words of our own; the wording that counts is that of Collins et al. 2024, doi:10.1136/bmj-2023-078378. ${filled(tripodAi, answers)}</p>${checklist(tripodAi, answers)}`,
    },
  ];
}

const answerTo = ({ answer }: ChecklistItem, answers: Answers): string | null => (answer === null ? null : answers[answer]);

function filled(items: readonly ChecklistItem[], answers: Answers): string {
  const known = items.filter((one) => answerTo(one, answers) !== null).length;
  return `The run says something to ${known} of ${items.length}; an answer here is a beginning, not a tick.`;
}

function checklist(items: readonly ChecklistItem[], answers: Answers): Markup {
  const rows = items.map((one) => [
    one.number,
    one.asks,
    answerTo(one, answers) ?? html`<span class="yours">yours to say</span>`,
  ]);
  return table("fine checklist", ["Item", "asks for", "this run"], rows);
}
