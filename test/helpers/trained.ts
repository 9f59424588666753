import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "vitest";
import type { TrainRequest } from "../../src/train/stage.ts";

/** Every file of a folder but the log with its times, in base64 by name. */
export function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile() && name !== "log.jsonl");
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name)).toString("base64")]));
}

/** Trains in another process, which gets SIGKILL as soon as it has told the loss of a step. */
export async function trainUntilKilled(request: TrainRequest, step: number): Promise<void> {
  const helper = fileURLToPath(new URL("train-child.ts", import.meta.url));
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const child = spawn(process.execPath, ["--import", tsx, helper, JSON.stringify(request)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === `train ${step}`) told = child.kill("SIGKILL");
    expect(line).not.toBe("finished");
  }
  expect(told).toBe(true);
}
