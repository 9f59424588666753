import type { ConcreteBackend } from "./options.ts";

/** One thing that `hemosynth doctor` looks at. */
export interface DoctorCheck {
  /** What was looked at, such as `node`, `python3`, `libtensorflow (cpu)`. */
  readonly name: string;
  /** `missing` and `problem` differ in that a problem is there and does not work. */
  readonly status: "ok" | "missing" | "problem";
  /** A version, a path, or what is wrong. */
  readonly detail: string;
  /** The command that mends it; null where nothing needs mending. */
  readonly mend: string | null;
}

/** What is on this machine and what backend `auto` would use. Plain JSON. */
export interface DoctorReport {
  readonly checks: readonly DoctorCheck[];
  readonly auto: { readonly backend: ConcreteBackend; readonly reason: string };
}

export async function inspectMachine(): Promise<DoctorReport> {
  throw new RangeError("inspectMachine: not built yet");
}
