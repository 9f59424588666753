/**
 * The first key that an object of a JSON text holds twice, or null. `JSON.parse` keeps the last of them in silence,
 * so that a checker and a loader can disagree on what a file says.
 *
 * @param text - Valid JSON; what this says of anything else means nothing.
 */
export function duplicateKey(text: string): string | null {
  const open: (Set<string> | null)[] = []; // null for an array
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [word, colon] = match;
    if (word === "{") open.push(new Set());
    else if (word === "[") open.push(null);
    else if (word === "}" || word === "]") open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(word.slice(0, word.length - colon.length)) as string; // "a" and "\u0061" are one key
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return null;
}
