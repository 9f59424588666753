import { expect, test } from "vitest";
import { throwIfStopped } from "./context.ts";
import { StoppedError } from "./errors.ts";

test("a fired signal stops, a quiet one does not", () => {
  const controller = new AbortController();
  throwIfStopped(controller.signal);
  controller.abort();
  expect(() => throwIfStopped(controller.signal)).toThrow(StoppedError);
});
