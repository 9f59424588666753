import { expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { makeBrain } from "./brain.ts";
import { materials } from "./materials.ts";

test("the tentorium spans the head behind the midbrain, and is open about it", () => {
  const calcification = { pineal: 0, choroid: 0, falx: 0 };
  const at = makeBrain(seededRng(1), { ventricles: 1, sulcus: 0.6, gap: 1.4, calcification });
  /** mm of dura in a column, deep inside the skull. */
  const dura = (x: number, y: number) =>
    Array.from({ length: 110 }, (_, i) => at(x, y, 0.4 * i - 30, 30)).filter((m) => m === materials.dura).length * 0.4;
  for (const y of [-32, -45, -60, -70]) for (const x of [-40, -25, -10, 10, 25, 40]) expect(dura(x, y)).toBeGreaterThan(1);
  for (const x of [-40, -25, 25, 40]) expect(dura(x, -20)).toBeGreaterThan(1);
  for (const x of [-15, -5, 5, 15]) expect(dura(x, -20), "where the midbrain passes").toBe(0);
});
