import { expect, test } from "vitest";
import type { UserError } from "../core/errors.ts";
import { type FreshRound, startRounds } from "./rounds.ts";
import type { TrainSlice } from "./slices.ts";

const slicesOf = (round: number): TrainSlice[] => [
  { caseId: `round-${round}`, index: 0, width: 1, height: 1, pixels: new Uint16Array(1), masks: new Uint8Array(1), lesionPixels: 0, brainPixels: 0, maskedGain: 1 }, // biome-ignore format: one line
];
const never = new AbortController().signal;

test("a round is begun while the one before it is drawn from, the last is the last, and going on from the middle makes none before", async () => {
  const made: number[] = [];
  const round = async (r: number): Promise<FreshRound> => {
    made.push(r);
    return { slices: slicesOf(r), scenes: [] };
  };
  const roundAt = startRounds(slicesOf(0), { origin: null, round }, 3, never);
  const ids = async (r: number) => (await roundAt(r)).slices.map(({ caseId }) => caseId);
  for (const [r, begun] of [
    [0, [1]],
    [0, [1]],
    [1, [1, 2]],
    [2, [1, 2, 3]],
    [3, [1, 2, 3]],
  ] as const) {
    // biome-ignore format: a table
    expect(await ids(r)).toEqual([`round-${r}`]);
    expect(made).toEqual(begun);
  }
  made.length = 0;
  const later = startRounds(slicesOf(0), { origin: null, round }, 3, never);
  expect((await later(2)).slices[0]!.caseId).toBe("round-2");
  expect(made).toEqual([2, 3]);
});

test("slices that no kind of window with a weight is on are refused before one is drawn", async () => {
  const sampling = { lesion: 1, brain: 0.5, noBrain: 0 };
  const round = async () => ({ slices: slicesOf(1), scenes: [] });
  const fault = async (r: number) => await startRounds(slicesOf(0), { origin: null, round }, 1, never, sampling)(r).catch((e: UserError) => e); // biome-ignore format: one line
  const rule =
    "a kind of window that is there a weight above 0; got 0 for noBrain, the only one there. Set train.sampling.noBrain higher.";
  expect(await fault(0)).toMatchObject({ fault: "usage", message: `train.sampling must give, in the train split, ${rule}` });
  expect(await fault(1)).toMatchObject({
    fault: "usage",
    message: `train.sampling must give, in round 1 of fresh stacks, ${rule}`,
  });
  const trace = slicesOf(0).map((slice) => ({ ...slice, lesionPixels: 1, brainPixels: 1 }));
  await expect(startRounds(trace, null, 0, never, sampling)(0)).rejects.toThrow(
    "train.sampling must give, in the train split, a kind of window that is there a weight above 0; got slices with traces of blood alone. Use more subjects.",
  );
});

test("what fails is told when its round is asked for; a stop ends the wait for a round, but not one that is there", async () => {
  const stop = new AbortController();
  const round = (r: number) => (r === 1 ? Promise.reject(new Error("damaged")) : new Promise<never>(() => {}));
  const roundAt = startRounds(slicesOf(0), { origin: null, round }, 3, stop.signal);
  await roundAt(0);
  await expect(roundAt(1)).rejects.toThrow("damaged");
  const waits = roundAt(2);
  stop.abort();
  await expect(waits).rejects.toMatchObject({ name: "StoppedError" });
  await expect(roundAt(2)).rejects.toMatchObject({ name: "StoppedError" });
  expect((await roundAt(0)).slices).toHaveLength(1);
});

test("a round of nothing to learn from is refused", async () => {
  const nothing = startRounds(slicesOf(0), { origin: null, round: async () => ({ slices: [], scenes: [] }) }, 1, never);
  await nothing(0);
  await expect(nothing(1)).rejects.toThrow("round 1 of fresh stacks must hold one to learn from; got none");
});
