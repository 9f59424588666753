import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inspectMachine } from "./doctor.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hemosynth-doctor-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("a bare machine: what lacks is named, each with a command, and auto takes wasm", async () => {
  vi.stubEnv("PATH", folder);
  const { checks, auto } = await inspectMachine();
  const of = (name: string) => checks.find((check) => check.name === name);
  for (const name of ["python3", "pip", "g++"])
    expect(of(name)).toMatchObject({ status: "missing", mend: expect.stringContaining("apt-get install") });
  expect(of("TensorFlow for cpu")).toEqual({
    name: "TensorFlow for cpu",
    status: "missing",
    detail: "not installed",
    mend: "hemosynth backend install --device cpu",
  });
  expect(of("node")).toMatchObject({ status: "ok", detail: expect.stringContaining(process.versions.node) });
  expect(of("wasm")).toMatchObject({ status: "ok" });
  expect(auto.backend).toBe("wasm");
  expect(checks.filter(({ status, mend }) => status === "problem" && mend === null)).toEqual([]);
});

test("a cache that cannot be written is a problem with a way out", async () => {
  writeFileSync(join(folder, "file"), "");
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "file"));
  const { checks } = await inspectMachine();
  expect(checks.find(({ name }) => name === "cache")).toMatchObject({
    status: "problem",
    mend: expect.stringContaining("XDG_CACHE_HOME"),
  });
});

test("a program that is there and fails is a problem, not ok", async () => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "g++"), "#!/bin/sh\necho broken >&2\nexit 1\n", { mode: 0o755 });
  vi.stubEnv("PATH", bin);
  const { checks } = await inspectMachine();
  expect(checks.find(({ name }) => name === "g++")).toMatchObject({
    status: "problem",
    detail: expect.stringContaining("broken"),
  });
});
