import { sha256 } from "../core/hash.ts";

/** Markup that is already safe to insert. Made by {@link html} and {@link trusted} alone. */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | null | readonly Part[];

/** A template whose inserted texts are escaped; inserted markup and lists of it stay as they are, null gives nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: strings.reduce((out, text, i) => out + insert(parts[i - 1] ?? null) + text) };
}

/**
 * A whole page that loads nothing and runs nothing but `script`: its policy forbids both. `style` is CSS of ours.
 * @param script - Code of ours, never text from a file; what it does must not be needed to read the page.
 */
export function htmlPage(title: string, style: string, body: Markup, script = ""): string {
  const allowed = script === "" ? "" : ` script-src 'sha256-${Buffer.from(sha256(script), "hex").toString("base64")}';`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';${trusted(allowed)} img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
${body}
${script === "" ? null : trusted(`<script>${script}</script>\n`)}</body>
</html>
`;
  return page.markup;
}

/** Markup made elsewhere, such as an SVG. The caller answers for it: never pass text that came from a file. */
export function trusted(markup: string): Markup {
  return { markup };
}

/** Text that cannot open a tag, end an attribute or start an entity. Control characters, which HTML forbids, become U+FFFD. */
export function escapeText(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  const clean = text.replace(/[^\P{Cc}\t\n\r]/gu, "\ufffd").replace(/[\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
  return clean.replace(/[&<>"']/g, (c) => entities[c]!);
}

function insert(part: Part): string {
  if (part === null) return "";
  if (typeof part === "string") return escapeText(part);
  if (typeof part === "number") return escapeText(String(part));
  if (Array.isArray(part)) return part.map(insert).join("");
  return (part as Markup).markup;
}
