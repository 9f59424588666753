import { many, romanGrade } from "../../core/words.ts";
import { html, htmlPage, type Markup, trusted } from "../../picture/html.ts";
import { style } from "../../picture/style.ts";
import type { Sidecar } from "../sidecar.ts";
import { type DistributionRow, plansDrawn } from "./distribution.ts";
import type { PreviewScene } from "./job.ts";
import { tileSide } from "./tile.ts";

/** What a preview shows. */
export interface PreviewContent {
  readonly name: string;
  readonly seed: number;
  readonly scenes: readonly PreviewScene[];
  readonly rows: readonly DistributionRow[];
}

const own = `
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.4rem; }
.picture { position: relative; background: #000; }
.picture svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.picture path { fill: none; stroke: #46c7ff; stroke-width: 2; vector-effect: non-scaling-stroke; }
.outlines:not(:checked) ~ .tiles svg { visibility: hidden; }
.switch { font-weight: 600; }
details { font-size: 0.8rem; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--blue); }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 0.8rem; margin: 0.4rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
.off { color: var(--orange); font-weight: 600; }
@media (max-width: 30rem) { .tiles { grid-template-columns: 1fr; } .tiles > * { min-width: 0; } }
@media print { .tiles { grid-template-columns: repeat(3, 1fr); } .switch, .outlines { display: none; } .outlines ~ .tiles svg { visibility: visible !important; } }
`;

/** The gallery: one HTML file that loads nothing and runs nothing. The same content gives the same bytes. */
export function previewPage({ name, seed, scenes, rows }: PreviewContent): string {
  const body = html`<header>
<p class="kicker">hemosynth preview</p>
<h1>${name}, seed ${seed}</h1>
<p class="banner">Pseudo-hemorrhages, painted by a program into normal brains. Research only, not for clinical use.</p>
</header>
<main>
<section><h2>Scenes</h2>
<p>The slice with most blood of ${many(scenes.length, "stack")}, as <code>synth</code> would write them with these options and this seed.</p>
<input type="checkbox" id="outlines" class="outlines" checked> <label for="outlines" class="switch">Outlines of the blood</label>
<div class="tiles">${scenes.map(tile)}</div></section>
<section><h2>Distribution</h2>
<p>Shares and planned atria are of ${plansDrawn.toLocaleString("en-US")} plans over the ages of these cases; what is measured is of the scenes above: 5 %, median, 95 %.</p>
<div class="scroll"><table><thead><tr><th>what</th><th>target</th><th>drawn</th><th>of</th><th></th></tr></thead>
<tbody>${rows.map(row)}</tbody></table></div></section>
</main>`;
  return htmlPage(`${name}: preview of synthesis`, `${style}${own}`, body);
}

function row({ what, target, got, of, within }: DistributionRow): Markup {
  const judged = within === null ? null : within ? html`within` : html`<span class="off">outside</span>`;
  return html`<tr><th>${what}</th><td>${target}</td><td>${got}</td><td>${of}</td><td>${judged}</td></tr>`;
}

function tile({ sidecar, tile: { plain, outline, size, slice } }: PreviewScene): Markup {
  const words = gradeWords(sidecar);
  const source = trusted(`data:image/png;base64,${Buffer.from(plain).toString("base64")}`);
  const lines = outline === "" ? null : html`<svg viewBox="0 0 ${size} ${size}" aria-hidden="true"><path d="${outline}"/></svg>`;
  return html`<figure><div class="picture"><img src="${source}" width="${tileSide}" height="${tileSide}" alt="${words}, ${sidecar.plane} slice ${slice}">${lines}</div>
<figcaption><b>${words}</b> · ${sidecar.gestationalAge.weeks.toFixed(1)} weeks · ${sidecar.plane} · slice ${slice}
<details><summary>${sidecar.id}</summary><dl>${drawnValues(sidecar).map(([key, value]) => html`<dt>${key}</dt><dd>${value}</dd>`)}</dl></details></figcaption></figure>
`;
}

/** `grade III, dark`. */
export function gradeWords({ grade, draw: { bleed } }: Pick<Sidecar, "grade" | "draw">): string {
  return grade === 0 ? "healthy" : `grade ${romanGrade(grade)}, ${bleed?.plan.stage}`;
}

/** The drawn and measured values that tell most, in words. */
function drawnValues({ draw: { bleed, surround, acquisition }, facts, grid, csf }: Sidecar): [string, string][] {
  const mm = (value: number) => `${value.toFixed(2)} mm`;
  const sides = (bleed?.facts.sides ?? []).map((s): [string, string] => [
    s.side,
    `grade ${s.grade}, lumen ${(100 * s.lumenFill).toFixed(0)} % of ${s.lumenMl.toFixed(2)} ml, tissue ${s.parenchymaMl.toFixed(2)} ml, ${s.maxAxialMm2.toFixed(0)} mm²`,
  ]);
  const blood: [string, string][] = bleed
    ? [
        ["blood", `${bleed.facts.volumeMl.toFixed(2)} ml, signal ${bleed.facts.meanSignal.toFixed(2)} of CSF`],
        ["in the mask", `${facts.lesionMl.toFixed(2)} ml, signal ${facts.lesionSignal?.toFixed(2) ?? "–"}`],
        ["parts", bleed.bleed.parts.map((part) => (part.site === "lumen" ? part.kind : part.site)).join(", ")],
        ...bleed.facts.atria.map(({ side, widthMm }): [string, string] => [`${side} atrium`, mm(widthMm)]),
        ["edge, texture", `${mm(bleed.bleed.edgeMm)}, σ ${bleed.bleed.texture.sigma.toFixed(3)}`],
        ["try", String(bleed.attempt + 1)],
      ]
    : [];
  const scan: [string, string][] = acquisition
    ? [
        ["slices", `${mm(acquisition.grid.thicknessMm)} + ${mm(acquisition.grid.gapMm)}, pixel ${mm(acquisition.grid.pixelMm)}`],
        ["severities", Object.entries(acquisition.severity).map(([effect, value]) => `${effect} ${value.toFixed(2)}`).join(", ")],
      ]
    : []; // biome-ignore format: a list
  return [
    ...blood,
    ...sides,
    ...scan,
    ["surround", surround?.kind ?? "its own"],
    ["grid", grid.shape.join(" x ")],
    ["CSF level", csf.toPrecision(4)],
  ];
}
