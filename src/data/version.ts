import { readFileSync } from "node:fs";

/** The version of the package, from its package.json: two folders up from here, in the sources and in a build alike. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
