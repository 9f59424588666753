/** Gigabytes that a cache may have where nothing else is said: our guess at what a workstation can spare. */
export const defaultGigabytes = 20;

/** What a command is told of a cache. */
export interface CacheOptions {
  /** Its folder; undefined: none. */
  readonly cache?: string;
  /** Gigabytes. */
  readonly cacheLimit?: number;
}
