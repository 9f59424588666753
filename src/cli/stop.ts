import type { Reporter } from "../core/context.ts";

/** Exit codes of a clean stop, by signal: 128 + its number. */
const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGUSR1: 138 } as const;

/** Turns the first signal into a request to stop, and a second one into an end at once. */
export interface StopWatch {
  readonly signal: AbortSignal;
  /** 130, 143, 129 or 138 once a signal came, else null. */
  code(): number | null;
  release(): void;
}

/** Listens for SIGINT, SIGTERM, SIGHUP and SIGUSR1, which batch systems send before time is up, until released. */
export function watchSignals(reporter: Reporter): StopWatch {
  const controller = new AbortController();
  let code: number | null = null;
  const listeners = Object.entries(codes).map(([name, value]) => {
    const listener = () => {
      if (code !== null) process.exit(value);
      code = value;
      reporter.info("stopping; once more to quit at once");
      controller.abort();
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  const release = () => {
    for (const off of listeners) off();
  };
  return { signal: controller.signal, code: () => code, release };
}
