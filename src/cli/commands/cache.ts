import { many } from "../../core/words.ts";
import { documentText } from "../../eval/tables/document.ts";
import { type CacheOptions, defaultGigabytes } from "../cache/options.ts";
import { type Kept, listKept, prune } from "../cache/store.ts";
import type { Outcome } from "../session.ts";
import { ageOf } from "./ls.ts";

/** `hemosynth cache ls`: what a cache holds. */
export async function listCache({ cache }: CacheOptions): Promise<Outcome> {
  const folder = cache!;
  const kept = await listKept({ folder });
  const cells = [["stage", "size", "used", "result", "name"], ...kept.map((one) => [one.stage || "?", megabytes(one.bytes), used(one), one.headline, one.key.slice(0, 12)])]; // biome-ignore format: a table
  const table = documentText({ title: "", lines: [], tables: [{ title: folder, cells }], notes: [], method: "" });
  const sum = `${many(kept.length, "result")}, ${megabytes(totalOf(kept))}`;
  return {
    text: kept.length === 0 ? `${folder}: empty` : `${table}\n${sum}`,
    json: { schemaVersion: 1, command: "cache ls", cache: folder, bytes: totalOf(kept), kept },
  };
}

/** `hemosynth cache prune`: makes room. */
export async function pruneCache({ cache, cacheLimit = defaultGigabytes }: CacheOptions): Promise<Outcome> {
  const folder = cache!;
  const removed = await prune({ folder, limit: cacheLimit * 1e9 });
  const left = await listKept({ folder });
  const text = `${many(removed.length, "result")} removed, ${megabytes(totalOf(removed))}; ${many(left.length, "result")} left, ${megabytes(totalOf(left))}`;
  return { text, json: { schemaVersion: 1, command: "cache prune", cache: folder, removed, bytes: totalOf(left), kept: left } };
}

const totalOf = (kept: readonly Kept[]): number => kept.reduce((sum, { bytes }) => sum + bytes, 0);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const used = ({ lastUsed }: Kept): string => `${ageOf(Math.max(0, (Date.now() - lastUsed) / 1000))} ago`;
