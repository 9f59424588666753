import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { buildProgram } from "../src/cli/program.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Pages and configs that show commands. */
const pages = ["", "docs", "docs/tutorials", "configs", "configs/pretrain", "configs/sweeps"]
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
  .filter((file) => /\.(?:md|yaml)$/.test(file) && file !== "CHANGELOG.md");

/** Words of a shell line: quotes taken off, what follows a lone # left out. */
function words(line: string): string[] {
  const found = [...line.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/g)].map(([word]) => word);
  const comment = found.findIndex((word) => word.startsWith("#"));
  return (comment < 0 ? found : found.slice(0, comment)).map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}

/** Commands of a page: lines that start with the name, in blocks of code or the comments of a config, and those between backticks, which may be shortened. */
function commandsOf(text: string): { readonly argv: string[]; readonly isWhole: boolean }[] {
  const blocks = [...text.matchAll(/^```[a-z]*\n([\s\S]*?)^```/gm)].map(([, block]) => block!).join("\n");
  const shown = `${blocks}\n${[...text.matchAll(/^(?: {4}|# {2,})(hemosynth .*)$/gm)].map(([, line]) => line).join("\n")}`;
  const lines = [...shown.replace(/ *\\\n */g, " ").replaceAll(" && ", "\n").matchAll(/^(hemosynth [a-z].*)$/gm)].map(([, line]) => line!); // biome-ignore format: one line
  const inline = [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/`(hemosynth [a-z][^`\n]*)`/g)].map(([, line]) => line!);
  // A variable of the shell stands for a number.
  const argvOf = (line: string) => words(line.replace(/\$\w+/g, "1")).slice(1);
  return [...lines.map((line) => ({ argv: argvOf(line), isWhole: true })), ...inline.map((line) => ({ argv: argvOf(line), isWhole: false }))]; // biome-ignore format: one line
}

/** What the command line has against a command: its own words, or a config that is not there. Nothing is run. */
async function fault(argv: readonly string[]): Promise<string | null> {
  const gone = argv.find((word) => /^configs\/[\w/-]+\.yaml$/.test(word) && !existsSync(join(root, word)));
  if (gone !== undefined) return `${gone} is not there`;
  const program = buildProgram(async () => {}, () => {}); // biome-ignore format: one line
  return await program.parseAsync([...argv], { from: "user" }).then(
    () => null,
    (error: Error) => error.message,
  );
}

test("words of a shell line", () => {
  expect(words(`run a.yaml --set 'x={a: 1, b: "c"}' # so`)).toEqual(["run", "a.yaml", "--set", 'x={a: 1, b: "c"}']);
});

test("a verb, an option and a config that are not there are found", async () => {
  expect(await fault(["rnu", "configs/demo.yaml"])).toMatch(/unknown command/);
  expect(await fault(["run", "configs/demo.yaml", "--out", "x", "--ot"])).toMatch(/unknown option/);
  expect(await fault(["run", "configs/none.yaml", "--out", "x"])).toBe("configs/none.yaml is not there");
});

test.each(pages)("%s: its commands are ones that hemosynth has", async (page) => {
  const faults: string[] = [];
  for (const { argv, isWhole } of commandsOf(readFileSync(join(root, page), "utf8"))) {
    const found = await fault(argv);
    if (found !== null && (isWhole || /unknown|is not there/.test(found))) faults.push(`${argv.join(" ")}: ${found}`);
  }
  expect(faults).toEqual([]);
});
