import { resolve } from "node:path";
import type { StageContext, StageResult } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { assertApart } from "../../data/apart.ts";
import { clearStage, listOutputs, markBegun } from "../record.ts";
import type { Stage, StageJob } from "../stage.ts";
import { cacheKey, codeHash, isCacheable } from "./key.ts";
import { type CacheOptions, defaultGigabytes } from "./options.ts";
import { type Cache, forget, keep, lookUp, openCache, takeOut } from "./store.ts";

/** Where processes that a sweep starts find the cache of the sweep. */
const folderVariable = "HEMOSYNTH_CACHE";
const limitVariable = "HEMOSYNTH_CACHE_GB";

/**
 * The cache that was asked for, for this process and those that it starts; null: none.
 * @param out - Where results are written: apart from the cache.
 * @throws {UserError} (usage) If they are not apart; (data) if its folder cannot be made.
 */
export async function askedCache({ cache, cacheLimit = defaultGigabytes }: CacheOptions, out: string): Promise<Cache | null> {
  if (cache === undefined || cache === "") return null;
  await assertApart(cache, out);
  process.env[folderVariable] = resolve(cache);
  process.env[limitVariable] = String(cacheLimit);
  return await openCache({ folder: resolve(cache), limit: cacheLimit * 1e9 });
}

/** The cache of the process that started this one; null: none. */
export function inheritedCache(): Cache | null {
  const folder = process.env[folderVariable] ?? "";
  const gigabytes = Number(process.env[limitVariable] ?? defaultGigabytes);
  return folder === "" ? null : { folder: resolve(folder), limit: (gigabytes >= 0 ? gigabytes : defaultGigabytes) * 1e9 };
}

/** A stage that takes its result from a cache where it is there, and keeps it there where it is not. A cache that fails is no reason to fail. */
export function throughCache(cache: Cache | null): (stage: Stage) => Stage {
  if (cache === null) return (stage) => stage;
  return (stage) => ({
    ...stage,
    async run(job, context) {
      if (!isCacheable(job)) return await stage.run(job, context);
      const key = cacheKey(job, await codeHash());
      const found = await takeFrom(cache, key, stage, job, context);
      if (found.result !== null) return found.result;
      const result = await stage.run({ ...job, resume: job.resume && !found.cleared }, context);
      await keepIn(cache, key, stage, job, result, context);
      return result;
    },
  });
}

interface Taken {
  readonly result: StageResult | null;
  /** What the folder held is gone. */
  readonly cleared: boolean;
}

async function takeFrom(cache: Cache, key: string, stage: Stage, job: StageJob, { reporter }: StageContext): Promise<Taken> {
  const found = await lookUp(cache, key);
  if (found.state === "none") return { result: null, cleared: false };
  const refuse = async (why: string) => {
    reporter.warn(
      `${cache.folder}: what it holds of ${stage.name} is not as it was kept: ${why}; it is removed, and the stage runs`,
    );
    await forget(cache, key);
  };
  if (found.state === "damaged") {
    await refuse(found.why);
    return { result: null, cleared: false };
  }
  const clear = async () => {
    await clearStage(job.out);
    await markBegun(job.out, job.parts);
  };
  await clear();
  const why = (await takeOut(cache, key, found.entry, job.out)) ?? (await stage.stale(job.experiment, job.out));
  if (why === null) {
    reporter.info(`${stage.name}: taken from the cache`);
    return { result: { headline: found.entry.headline, summary: found.entry.summary }, cleared: true };
  }
  await refuse(why);
  await clear();
  return { result: null, cleared: true };
}

async function keepIn(
  cache: Cache,
  key: string,
  { name, beside }: Stage,
  { out }: StageJob,
  result: StageResult,
  { reporter }: StageContext,
): Promise<void> {
  try {
    const isKept = await keep(cache, key, out, name, await listOutputs(out, beside), result);
    if (!isKept) reporter.info(`${name}: larger than the cache may be (${cache.limit / 1e9} GB), not kept there`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    reporter.warn(error.message);
  }
}
