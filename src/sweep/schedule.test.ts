import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRng } from "../core/rng.ts";
import { levelsOf, runTasks, type Task, type TaskState } from "./schedule.ts";

const never = new AbortController().signal;

/** 60 tasks that need up to three earlier ones, and take a random while. */
function randomTasks(seed: number): Task[] {
  const rng = seededRng(seed);
  return Array.from({ length: 60 }, (_, i) => {
    const needs = Array.from({ length: i === 0 ? 0 : rng.below(4) }, () => String(rng.below(i)));
    return { id: String(i), needs: [...new Set(needs)] };
  });
}

test("whatever the order of ending: needs are done before, at most so many run at once, no slot twice, each task once", async () => {
  for (const [seed, slots] of [
    [1, 1],
    [2, 3],
    [3, 8],
  ] as const) {
    // biome-ignore format: a list
    const rng = seededRng(seed).fork("durations");
    const done = new Set<string>();
    const busy = new Set<number>();
    let most = 0;
    const begun: string[] = [];
    const states = await runTasks(
      randomTasks(seed),
      slots,
      async ({ id, needs }, slot) => {
        expect(needs.every((need) => done.has(need))).toBe(true);
        expect(busy.has(slot)).toBe(false);
        begun.push(id);
        busy.add(slot);
        most = Math.max(most, busy.size);
        await sleep(rng.below(3));
        busy.delete(slot);
        done.add(id);
        return "done";
      },
      never,
    );
    expect(new Set(begun).size).toBe(60);
    expect(begun).toHaveLength(60);
    expect(most).toBe(slots);
    expect([...states.values()].every((state) => state === "done")).toBe(true);
  }
});

test("a failed task blocks all that hang on it, and no other", async () => {
  const tasks = randomTasks(4);
  const lost = new Set(["5"]);
  for (const { id, needs } of tasks) if (needs.some((need) => lost.has(need))) lost.add(id);
  const states = await runTasks(tasks, 4, async ({ id }) => (id === "5" ? "failed" : "done"), never);
  const expected = ({ id }: Task): TaskState => (id === "5" ? "failed" : lost.has(id) ? "blocked" : "done");
  expect(Object.fromEntries(states)).toEqual(Object.fromEntries(tasks.map((task) => [task.id, expected(task)])));
  expect(lost.size).toBeGreaterThan(3);
});

test("asked to stop, it begins nothing more and waits for what is in work", async () => {
  const controller = new AbortController();
  const tasks = Array.from({ length: 5 }, (_, i) => ({ id: String(i), needs: [] }));
  let ended = 0;
  const states = await runTasks(
    tasks,
    2,
    async () => {
      controller.abort();
      await sleep(5);
      ended++;
      return "done";
    },
    controller.signal,
  );
  expect([...states.values()]).toEqual(["done", "done", "stopped", "stopped", "stopped"]);
  expect(ended).toBe(2);
});

test("an error of the work itself ends it, after the others have ended", async () => {
  let ended = 0;
  const tasks = Array.from({ length: 4 }, (_, i) => ({ id: String(i), needs: [] }));
  const run = runTasks(
    tasks,
    2,
    async ({ id }) => {
      if (id === "0") throw new Error("no");
      await sleep(5);
      ended++;
      return "done";
    },
    never,
  );
  await expect(run).rejects.toThrow("no");
  expect(ended).toBe(1);
});

test("what does not fit beside the others waits; what fits with none runs alone; all is done", async () => {
  const rng = seededRng(6);
  const sizeOf = new Map(randomTasks(5).map(({ id }) => [id, 1 + rng.below(12)])); // some larger than the room of 8
  const busy = new Map<string, number>();
  const sum = () => [...busy.values()].reduce((a, b) => a + b, 0);
  const fits = ({ id }: Task, beside: readonly Task[]) => {
    expect(new Set(beside.map((one) => one.id))).toEqual(new Set(busy.keys()));
    return sum() + sizeOf.get(id)! <= 8;
  };
  let most = 0;
  const work = async ({ id }: Task) => {
    busy.set(id, sizeOf.get(id)!);
    expect(sum() <= 8 || busy.size === 1).toBe(true);
    most = Math.max(most, busy.size);
    await sleep(rng.below(3));
    busy.delete(id);
    return "done" as const;
  };
  const states = await runTasks(randomTasks(5), 4, work, never, fits);
  expect([...states.values()].filter((state) => state === "done")).toHaveLength(60);
  expect(most).toBeGreaterThan(1);
});

test("levels: what is needed lies in an earlier level, and one of it in the level before; order is kept, needs from outside do not count", () => {
  for (const seed of [7, 8]) {
    const tasks = randomTasks(seed).map((task) => ({ ...task, needs: [...task.needs, "made before"] }));
    const levels = levelsOf(tasks);
    const levelOf = new Map(levels.flatMap((level, i) => level.map(({ id }) => [id, i] as const)));
    expect(levelOf.size).toBe(60);
    for (const { id, needs } of tasks)
      expect(1 + Math.max(-1, ...needs.flatMap((need) => levelOf.get(need) ?? []))).toBe(levelOf.get(id));
    for (const level of levels) expect(level).toEqual(tasks.filter((task) => level.includes(task)));
  }
});
