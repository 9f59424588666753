import { posix } from "node:path";

/** What stands for `{name}` in a pattern. */
export type Slots = Readonly<Record<string, string>>;

const token = /\{(\w+)\}|\*\*\/|\*|\?|[^{*?]+|./gsu;

/**
 * A pattern as a regular expression on a whole relative path: `*` is any text within a name, `**` and a slash any folders or
 * none, `?` one character, `{name}` the text in `slots`, taken literally, or any text within a name where `slots` is null.
 */
export function patternRegex(pattern: string, slots: Slots | null): RegExp {
  const filled = pattern.replaceAll("{dir}/", slots === null ? "**/" : slots.dir === "." ? "" : "{dir}/");
  const source = filled.replace(token, (text, name: string | undefined) => {
    if (name !== undefined) return slots ? escapeRegex(slots[name] ?? text) : "[^/]*";
    if (text === "**/") return "(?:[^/]+/)*";
    if (text === "*") return "[^/]*";
    return text === "?" ? "[^/]" : escapeRegex(text);
  });
  return new RegExp(`^${source}$`, "su");
}

/** A pattern's path with its slots filled; wildcards stay. */
export function fillSlots(pattern: string, slots: Slots): string {
  return posix.normalize(pattern.replace(/\{(\w+)\}/g, (slot, name: string) => slots[name] ?? slot));
}

export function hasWildcard(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

/** The folder outside the ingested one that a pattern starts in, such as `../labels`; null for a pattern that stays inside. */
export function outsideFolder(pattern: string): string | null {
  if (!pattern.startsWith("../")) return null;
  const names = pattern.split("/").slice(0, -1);
  const end = names.findIndex((name) => /[*?{]/.test(name));
  return posix.normalize((end < 0 ? names : names.slice(0, end)).join("/"));
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
