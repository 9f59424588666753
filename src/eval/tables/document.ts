/** A table of text, the head first. */
export interface TextTable {
  readonly title: string;
  readonly cells: readonly (readonly string[])[];
}

/** What a reader is shown, whatever it is written as. No text in it is trusted. */
export interface TableDocument {
  readonly title: string;
  /** What must stand above every figure, and does so among `lines` as well. */
  readonly warnings?: readonly string[];
  /** What was read and how, above the tables. */
  readonly lines: readonly string[];
  readonly tables: readonly TextTable[];
  /** What a reader must know before quoting a figure. */
  readonly notes: readonly string[];
  /** How the figures were made, for a caption. */
  readonly method: string;
}

/** For a terminal. */
export function documentText({ lines, tables, notes }: TableDocument): string {
  const table = ({ title, cells }: TextTable) => {
    const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
    const rows = cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()); // biome-ignore format: short
    return [title, ...rows].join("\n");
  };
  const said = notes.map((note) => `note: ${note}`).join("\n");
  return [lines.join("\n"), ...tables.map(table), said].filter((part) => part !== "").join("\n\n");
}

/** As Markdown. No text of the input can open a tag, a link or a cell. */
export function documentMarkdown({ title, lines, tables, notes }: TableDocument): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  const safe = (text: string) => text.replaceAll(/[&<>]/g, (c) => entities[c]!).replaceAll(/[\\`*_|#~]|(?<=\])\(/g, "\\$&"); // and no "](", which makes a link
  const line = (row: readonly string[]) => `| ${row.map(safe).join(" | ")} |`;
  const table = ({ title, cells: [head, ...rows] }: TextTable) =>
    [`## ${safe(title)}`, "", line(head!), `|${head!.map(() => " --- ").join("|")}|`, ...rows.map(line)].join("\n");
  const list = (items: readonly string[]) => items.map((text) => `- ${safe(text)}`).join("\n");
  const parts = [`# ${safe(title)}`, list(lines), ...tables.map(table), list(notes)];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

const texEscapes: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "&": "\\&", "%": "\\%", $: "\\$", "#": "\\#", _: "\\_",
  "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}",
  "–": "--", "\u2212": "$-$",
}; // biome-ignore format: a table

/** As LaTeX: each table of package booktabs, its last column (remarks) left out; what stands above them is a comment. */
export function documentLatex({ lines, tables, notes, method }: TableDocument): string {
  const safe = (text: string) => text.replaceAll(/[\\{}&%$#_~^<>|–\u2212]/g, (c) => texEscapes[c]!);
  const line = (row: readonly string[]) => `${row.slice(0, -1).map(safe).join(" & ")} \\\\`;
  const table = ({ title, cells: [head, ...rows] }: TextTable) => [
    "\\begin{table}",
    `\\caption{${safe(title)}; ${safe(method)}.}`,
    `\\begin{tabular}{${"l".repeat(head!.length - 1)}}`,
    "\\toprule",
    line(head!),
    "\\midrule",
    ...rows.map((row) => line(row)),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{table}",
  ];
  const comment = [...lines, ...notes].map((text) => `% ${text}`);
  return `${[...comment, ...tables.flatMap(table)].join("\n")}\n`;
}
