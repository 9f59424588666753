import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Every Markdown file of the repository, by its path from the root. */
const pages = ["", "docs", "docs/decisions", "docs/tutorials", "bench", "examples", ".github"]
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
  .filter((file) => file.endsWith(".md"));

/** Text without code, where brackets are no links. */
const prose = (text: string) => text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "");

/** Names of the headings as GitHub makes them: lower case, what is no letter, digit, space or hyphen away, hyphens for spaces, numbers for repeats. */
function anchors(text: string): ReadonlySet<string> {
  const found = new Map<string, number>();
  const all = new Set<string>();
  for (const [, heading] of text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "").matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const name = heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/ /g, "-");
    const times = found.get(name) ?? 0;
    found.set(name, times + 1);
    all.add(times === 0 ? name : `${name}-${times}`);
  }
  return all;
}

/** Links of a page that lead nowhere: a file or a heading that is not there. */
function broken(page: string, text: string, read: (file: string) => string): string[] {
  const targets = [...prose(text).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map(([, target]) => target!);
  return targets.filter((target) => {
    if (/^(?:https?|mailto):/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : relative(root, resolve(root, dirname(page), decodeURI(path)));
    if (!existsSync(join(root, file))) return true;
    return anchor !== undefined && !anchors(read(file)).has(anchor);
  });
}

const read = (file: string) => readFileSync(join(root, file), "utf8");

test("finds links to files and headings that are not there", () => {
  const text = "# A title: of `two`\n[a](README.md) [b](#a-title-of-two) [c](#none) [d](none.md) [e](https://x.y/z)\n```\n[f](none)\n```\n"; // biome-ignore format: one line
  expect(broken("README.md", text, () => text)).toEqual(["#none", "none.md"]);
});

test.each(pages)("%s: every link within the repository leads somewhere", (page) => {
  expect(broken(page, read(page), read)).toEqual([]);
});

test("every page of docs/ can be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached)
    for (const [, target] of prose(read(page)).matchAll(/\]\(([^)\s#]+\.md)[^)]*\)/g))
      if (!/^https?:/.test(target!)) reached.add(relative(root, resolve(root, dirname(page), target!)));
  expect(pages.filter((page) => page.startsWith("docs/") && !reached.has(page))).toEqual([]);
});
