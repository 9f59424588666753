import type { DoctorReport } from "../../backend/doctor.ts";
import type { BackendName } from "../../backend/options.ts";
import { UserError } from "../../core/errors.ts";
import { packageVersion } from "../../data/version.ts";
import type { Outcome, Session } from "../session.ts";

/** `hemosynth doctor`: what is on this machine, what is used, why, and what mends the rest. */
export async function doctor(options: { backend?: BackendName }, session: Session): Promise<Outcome> {
  const { inspectMachine, readyBackend } = await import("../../backend/index.ts");
  const report = await inspectMachine();
  const head = { schemaVersion: 1, command: "doctor", hemosynth: packageVersion(), ...report };
  const lines = [`hemosynth ${packageVersion()}`, ...describe(report)];
  if (options.backend === undefined) return { text: lines.join("\n"), json: { ...head, asked: null } };
  try {
    const asked = await readyBackend(options.backend, session.reporter);
    return { text: [...lines, `backend ${asked.backend} works`].join("\n"), json: { ...head, asked } };
  } catch (failure) {
    if (!(failure instanceof UserError)) throw failure;
    return { text: lines.join("\n"), json: { ...head, asked: null }, failure };
  }
}

function describe({ checks, auto }: DoctorReport): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, status, detail, mend }) => {
    const line = `${status.padEnd(8)} ${name.padEnd(width)}  ${detail}`;
    return mend === null ? [line] : [line, `${" ".repeat(9 + width)}  mend: ${mend}`];
  });
  return [...lines, `backend  auto uses ${auto.backend}: ${auto.reason}`];
}

/** `hemosynth backend install`. */
export async function installBackend(options: { device: "cpu" | "cuda"; workers: number }, session: Session): Promise<Outcome> {
  const { installBackend: install } = await import("../../backend/install.ts");
  const context = { reporter: session.reporter, signal: session.signal, workers: options.workers };
  const { headline, summary } = await install({ device: options.device }, context);
  return { text: headline, json: { schemaVersion: 1, command: "backend install", headline, summary } };
}
