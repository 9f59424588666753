import { createHash } from "node:crypto";

/** SHA-256 of bytes or of UTF-8 text, lower-case hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * JSON with the keys of every object sorted: equal values give equal text, whatever order they were built in.
 * @throws {RangeError} If a number is NaN or infinite, which JSON would silently turn into null.
 */
export function canonicalJson(value: unknown, indent?: number): string {
  return JSON.stringify(sortKeys(value), null, indent);
}

function sortKeys(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`canonicalJson: ${value} is not JSON`);
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== "object") return value;
  const sorted = Object.create(null) as Record<string, unknown>; // of no prototype, so that __proto__ is a key like any other
  for (const key of Object.keys(value).sort()) {
    const entry = (value as Readonly<Record<string, unknown>>)[key];
    if (entry !== undefined) sorted[key] = sortKeys(entry);
  }
  return sorted;
}
