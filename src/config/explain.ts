import type { z } from "zod";
import { oneOf, ruleWords } from "../core/rule-words.ts";
import { isWholeNumber, knownKeys, pathsBelow, pathsOfKey, schemaAt } from "./schema-walk.ts";
import { nearestName } from "./suggest.ts";
import { lookUp, type Mistake, type Section, shown, type Tree } from "./tree.ts";

type Issue = z.core.$ZodIssue;

/** What the schema found wrong, each with its place, rule, what was got and, where one is near, the name that was meant. */
export function explainIssues(tree: Section, schema: z.ZodType, issues: readonly Issue[]): Mistake[] {
  return issues.flatMap((issue) => explain(tree, schema, issue, []));
}

function explain(root: Section, schema: z.ZodType, issue: Issue, above: readonly PropertyKey[]): Mistake[] {
  const path = [...above, ...issue.path];
  const { tree, found } = lookUp(root, path);
  const name = path.map(String).join(".") || "the config";
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(root, schema, path, key));
  if (issue.code === "invalid_union") return explainUnion(root, schema, issue, path);
  if (issue.code === "invalid_key") {
    const at = keyPlace(root, path);
    return [
      { at, message: `${quoted(String(path.at(-1)))} cannot be a key of ${parentName(path)}; ${ruleWords(issue.issues[0]!)}` },
    ];
  }
  if (issue.code === "custom") return [{ at: tree.at, message: customRule(name, issue.message, found ? tree : null) }];
  if (!found) return [{ at: tree.at, message: `${name} is required${describe(schema, path, root)}; add it` }];
  const near = issue.code === "invalid_value" ? meant(tree, issue.values) : "";
  const whole = issue.code === "invalid_type" && isWholeNumber(schemaAt(schema, path, root));
  const rule = whole ? "must be a whole number" : ruleWords(issue);
  return [{ at: tree.at, message: `${name} ${rule}; got ${shown(tree)}${near}${hint(issue, tree)}` }];
}

/** A rule that a schema words itself; it may say what was got, and it may be about a default that the config does not hold. */
function customRule(name: string, rule: string, tree: Tree | null): string {
  const said = rule.startsWith("must ") ? `${name} ${rule}` : `${name}: ${rule}`;
  return tree === null || /\bgot\b/.test(rule) ? said : `${said}; got ${shown(tree)}`;
}

function unknownKey(root: Section, schema: z.ZodType, path: readonly PropertyKey[], key: string): Mistake {
  const parent = lookUp(root, path).tree;
  const at = parent.kind === "section" ? (parent.entries.get(key)?.at ?? parent.at) : parent.at;
  const where = path.length === 0 ? "" : ` in ${path.map(String).join(".")}`;
  return { at, message: `unknown key ${quoted(key)}${where}; ${wayOut(root, schema, path, key)}` };
}

function wayOut(root: Section, schema: z.ZodType, path: readonly PropertyKey[], key: string): string {
  if (key === "<<") return "YAML merge keys are not used; use `extends:`";
  const known = knownKeys(schemaAt(schema, path, root));
  const near = nearestName(key, known);
  if (near !== null) return `did you mean "${near}"?`;
  const here = [...path.map(String), key].join("."); // another kind of this section has the key
  const elsewhere = pathsOfKey(schema, key).filter((full) => full !== here);
  if (elsewhere.length > 0) return `did you mean "${elsewhere[0]}"?`;
  const below = pathsBelow(schema, path.map(String).join(".")).filter((full) => full !== here);
  const nearBelow = nearestName(key, [...new Set(below.map((full) => full.slice(full.lastIndexOf(".") + 1)))]);
  if (nearBelow !== null) return `did you mean "${below.find((full) => full.endsWith(`.${nearBelow}`))}"?`;
  return `known keys: ${known.join(", ") || "none"}`;
}

function explainUnion(
  root: Section,
  schema: z.ZodType,
  issue: Extract<Issue, { code: "invalid_union" }>,
  path: PropertyKey[],
): Mistake[] {
  const { tree, found } = lookUp(root, path);
  const name = path.map(String).join(".");
  if ("discriminator" in issue && issue.errors.length === 0) {
    const kinds = "options" in issue && Array.isArray(issue.options) ? issue.options.filter((kind) => kind !== undefined) : [];
    const rule = `${name} must be ${oneOf(kinds)}`;
    return [{ at: tree.at, message: found ? `${rule}; got ${shown(tree)}${meant(tree, kinds)}` : `${rule}; add it` }];
  }
  if (!found) return [{ at: tree.at, message: `${name} is required${describe(schema, path, root)}; add it` }];
  const values = issue.errors.flatMap((errors) => errors.flatMap((e) => (e.code === "invalid_value" ? e.values : [])));
  // A union that words its own rule says what was got, too.
  if (issue.message !== "Invalid input") return [{ at: tree.at, message: `${name}: ${issue.message}${meant(tree, values)}` }];
  // A section that broke a rule inside one of the branches: those rules help more than the list of branches.
  const inside = issue.errors.find((errors) => errors.length > 0 && tree.kind !== "leaf" && errors.every((e) => !wrongShape(e)));
  if (inside !== undefined) return inside.flatMap((e) => explain(root, schema, e as Issue, path));
  return [{ at: tree.at, message: `${name} ${ruleWords(issue)}; got ${shown(tree)}${meant(tree, values)}` }];
}

/** True if the issue is about the value as a whole, so that its branch of the union was not meant. */
function wrongShape(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

/** What a YAML beginner most likely meant. */
function hint(issue: Issue, tree: Tree): string {
  if (issue.code !== "invalid_type" || tree.kind !== "leaf" || typeof tree.value !== "string") return "";
  const { value } = tree;
  if (issue.expected === "boolean" && /^(yes|no|on|off|y|n)$/i.test(value))
    return `; write ${/^(y|on)/i.test(value) ? "true" : "false"}`;
  if (issue.expected !== "number" && issue.expected !== "int") return "";
  if (value.trim() !== "" && Number.isFinite(Number(value))) return "; remove the quotes";
  return /^\d[\d_]*\d$/.test(value) ? `; write ${value.replaceAll("_", "")}` : "";
}

function meant(tree: Tree, values: readonly unknown[]): string {
  if (tree.kind !== "leaf" || typeof tree.value !== "string") return "";
  const near = nearestName(tree.value, values.map(String));
  return near === null ? "" : `; did you mean ${quoted(near)}?`;
}

function describe(schema: z.ZodType, path: readonly PropertyKey[], root: Section): string {
  const words = schemaAt(schema, path, root)?.description;
  return words === undefined ? "" : ` (${words.replace(/\.$/, "")})`;
}

function keyPlace(root: Section, path: readonly PropertyKey[]) {
  const parent = lookUp(root, path.slice(0, -1)).tree;
  return parent.kind === "section" ? (parent.entries.get(String(path.at(-1)))?.at ?? parent.at) : parent.at;
}

function parentName(path: readonly PropertyKey[]): string {
  return path.slice(0, -1).map(String).join(".") || "the config";
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
