import { readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import lockfile from "proper-lockfile";
import { z } from "zod";
import type { Reporter } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { fileFault, makeFolder, removePartial } from "../data/files.ts";

/** A lock whose holder has died is taken over after this many milliseconds without a heartbeat. */
const staleAfter = 8_000;
/** The same while its process is there, or may be on another machine: a long step may keep it from its heartbeat. */
const staleWhileAlive = 120_000;
const heartbeat = 2_000;
const retryEvery = 500;

const ownerSchema = z.object({ pid: z.int(), host: z.string() });
type Owner = z.output<typeof ownerSchema>;

/**
 * Runs `work` while holding the lock of a folder, so that two processes never write one run.
 * The folder is made where it is missing, and goes again if nothing was written into it. The lock of a process that was killed is taken over within seconds, and what it had half written is removed.
 *
 * @param onLost - Called if another process took the lock although this one still runs, for instance after a long suspension.
 * @throws {UserError} (locked) If another process holds it.
 */
export async function withLock<T>(folder: string, reporter: Reporter, onLost: () => void, work: () => Promise<T>): Promise<T> {
  const path = join(folder, ".hemosynth.lock");
  const ownerFile = join(folder, ".hemosynth.lock.json");
  const isNew = (await stat(folder).catch(() => null)) === null;
  await makeFolder(folder);
  const release = await acquire(folder, path, ownerFile, reporter, onLost);
  try {
    const owner: Owner = { pid: process.pid, host: hostname() };
    await writeFile(ownerFile, `${JSON.stringify(owner)}\n`);
    return await work();
  } finally {
    await rm(ownerFile, { force: true }).catch(() => {});
    await release().catch(() => {}); // lost or removed from outside: there is nothing left to release
    if (isNew) await rmdir(folder).catch(() => {}); // holds something
  }
}

/** @throws {UserError} (locked) If another process writes the folder now, as {@link withLock} would; takes no lock. */
export async function assertFree(folder: string): Promise<void> {
  const owner = await readOwner(join(folder, ".hemosynth.lock.json"));
  if (owner === null || (owner.host === hostname() && !(await isAlive(owner.pid)))) return;
  const options = { lockfilePath: join(folder, ".hemosynth.lock"), realpath: false, stale: staleWhileAlive };
  if (await lockfile.check(folder, options).catch(() => false)) throw locked(folder, owner);
}

async function acquire(folder: string, path: string, ownerFile: string, reporter: Reporter, onLost: () => void) {
  const options = { lockfilePath: path, update: heartbeat, realpath: false, onCompromised: onLost };
  for (let attempt = 0; ; attempt++) {
    const owner = await readOwner(ownerFile);
    const dead = owner !== null && owner.host === hostname() && !(await isAlive(owner.pid));
    try {
      const release = await lockfile.lock(folder, { ...options, stale: dead || owner === null ? staleAfter : staleWhileAlive });
      if (dead) await removePartial(folder);
      return release;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ELOCKED")) throw fileFault(folder, "write", error);
    }
    if (!dead || attempt * retryEvery > 2 * staleAfter) throw locked(folder, owner);
    if (attempt === 0)
      reporter.info(`${folder}: process ${owner.pid} ended without releasing its lock; taking it over in a few seconds`);
    await sleep(retryEvery);
  }
}

function locked(folder: string, owner: Owner | null): UserError {
  const who = owner === null ? "another process" : `process ${owner.pid} on ${owner.host}`;
  return new UserError(
    "locked",
    `${folder}: one process at a time may write here; got a lock held by ${who}. Wait for it, or choose another --out.`,
  );
}

async function readOwner(file: string): Promise<Owner | null> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return null; // not there, or half-written by a process that died
  }
}

/** Whether a process of this machine is there; false for this one itself. */
export async function isAlive(pid: number): Promise<boolean> {
  if (pid === process.pid) return false; // numbers start again in a new container
  try {
    process.kill(pid, 0);
    return !(await isZombie(pid));
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether a process has ended and only waits for its parent to ask how: a killed one looks alive until then. Told on Linux alone. */
async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat
    .slice(stat.lastIndexOf(")") + 1)
    .trim()
    .startsWith("Z"); // "pid (name) state ..."; a name may hold brackets
}
