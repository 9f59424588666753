/** A piece of work that waits for others. */
export interface Task {
  readonly id: string;
  /** Ids of tasks that must be done before. */
  readonly needs: readonly string[];
}

/** What became of a task; `blocked`: one that it needs failed; `stopped`: it was never begun, or gave up when asked to. */
export type TaskState = "done" | "failed" | "blocked" | "stopped";

/**
 * Works through tasks, at most `slots` at a time, each as soon as what it needs is done; of several that could begin, the first. A task that
 * fails holds up those that need it and no other.
 *
 * @param tasks - Each id once; what is needed stands before what needs it.
 * @param work - Gets the slot, from 0, that no other task has meanwhile. It does not throw for a task that fails.
 * @param signal - When it fires, no task is begun any more; those in work are waited for.
 * @param fits - Whether a task may run beside others; alone, each may.
 * @throws What `work` throws, once the tasks in work have ended.
 */
export async function runTasks<T extends Task>(
  tasks: readonly T[],
  slots: number,
  work: (task: T, slot: number) => Promise<TaskState>,
  signal: AbortSignal,
  fits: (task: T, beside: readonly T[]) => boolean = () => true,
): Promise<ReadonlyMap<string, TaskState>> {
  const states = new Map<string, TaskState>();
  const waiting = new Set(tasks);
  const free = Array.from({ length: slots }, (_, slot) => slot);
  const running = new Map<T, Promise<void>>();
  const errors: unknown[] = [];
  const mayBegin = (task: T) => free.length > 0 && (running.size === 0 || fits(task, [...running.keys()]));
  const begin = (task: T): void => {
    const slot = free.shift()!;
    const ended = work(task, slot)
      .then((state) => void states.set(task.id, state))
      .catch((error: unknown) => void errors.push(error))
      .finally(() => {
        running.delete(task);
        free.push(slot);
        free.sort((a, b) => a - b);
      });
    running.set(task, ended);
  };
  for (;;) {
    for (const task of signal.aborted || errors.length > 0 ? [] : waiting) {
      const standing = standingOf(task, states);
      if (standing === "waits" || (standing === "ready" && !mayBegin(task))) continue;
      waiting.delete(task);
      if (standing === "ready") begin(task);
      else states.set(task.id, standing);
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (errors.length > 0) throw errors[0];
  for (const { id } of waiting) states.set(id, "stopped");
  return states;
}

/** What has become of all that a task needs says of it. */
function standingOf({ needs }: Task, states: ReadonlyMap<string, TaskState>): "ready" | "waits" | "blocked" {
  const needed = needs.map((id) => states.get(id));
  if (needed.some((state) => state !== undefined && state !== "done")) return "blocked";
  return needed.every((state) => state === "done") ? "ready" : "waits";
}

/**
 * Tasks by how many must be done one after the other before them: those of a level need none of their own level or of a later one.
 * @param tasks - What is needed stands before what needs it; needs that are none of these tasks do not count.
 */
export function levelsOf<T extends Task>(tasks: readonly T[]): T[][] {
  const levels: T[][] = [];
  const levelOf = new Map<string, number>();
  for (const task of tasks) {
    const level = 1 + Math.max(-1, ...task.needs.map((id) => levelOf.get(id) ?? -1));
    levelOf.set(task.id, level);
    levels[level] = [...(levels[level] ?? []), task];
  }
  return levels;
}
