import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sha256 } from "../core/hash.ts";
import { crc32c } from "./crc32c.ts";
import { encodeEvent, eventFileHeader, keepEvents, type ScalarEvent } from "./tensorboard.ts";

const events: ScalarEvent[] = [
  { step: 1, values: { "train/loss": 1.5 } },
  { step: 127, values: { "train/loss": 0.75, "val/dice": 0.1 } },
  { step: 128, values: { "train/loss": 1 / 3 } },
  { step: 70_000, values: { "train/loss": 1e-7, "val/dice": 0.9375 } },
];
const file = Buffer.concat([eventFileHeader(), ...events.map(encodeEvent)]);

test("TensorBoard's EventAccumulator read exactly these bytes and found every number", () => {
  const folder = process.env.HEMOSYNTH_WRITE_EVENTS;
  if (folder) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/events.out.tfevents.0.hemosynth`, file);
    return;
  }
  const seen = JSON.parse(readFileSync(new URL("../../test/fixtures/tensorboard.json", import.meta.url), "utf8"));
  expect(sha256(file)).toBe(seen.sha256);
  expect(seen.file_version).toBe(2);
  const of = (tag: string) =>
    events.filter((e) => tag in e.values).map(({ step, values }) => ({ wall: step, step, value: Math.fround(values[tag]!) }));
  expect(Object.keys(seen.scalars).sort()).toEqual(["train/loss", "val/dice"]);
  for (const tag of ["train/loss", "val/dice"]) expect(seen.scalars[tag]).toEqual(of(tag));
});

test("CRC-32C gives the check values of RFC 3720", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 255))).toBe(0x62a8ab43);
});

test("keepEvents undoes what was written after a step, wherever the file was torn", () => {
  const upTo = (step: number) => Buffer.concat([eventFileHeader(), ...events.filter((e) => e.step <= step).map(encodeEvent)]);
  for (const step of [0, 1, 127, 128, 1000, 70_000]) expect(Buffer.from(keepEvents(file, step))).toEqual(upTo(step));
  const whole = upTo(128).length;
  for (let length = 0; length < file.length; length++) {
    const kept = keepEvents(file.subarray(0, length), 128);
    expect(kept.length).toBe(
      length >= whole ? whole : Math.max(...[0, ...[0, 1, 127].map((s) => upTo(s).length)].filter((n) => n <= length)),
    );
  }
  const damaged = Buffer.from(file);
  damaged[upTo(1).length + 24]! ^= 1;
  expect(keepEvents(damaged, 70_000).length).toBe(upTo(1).length);
});
