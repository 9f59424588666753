import type { RegisteredKernel } from "./kernel-list.ts";
import type { OpCall } from "./record.ts";

/** Whether a GPU kernel takes an op as it was called. */
export interface Verdict {
  readonly call: OpCall;
  /** Devices whose kernels take it. */
  readonly devices: readonly string[];
  readonly hasGpu: boolean;
}

/** For each call, the devices that have a kernel for its op with its types. A type that a call leaves open is taken as admitted. */
export function gpuVerdicts(calls: readonly OpCall[], kernels: ReadonlyMap<string, readonly RegisteredKernel[]>): Verdict[] {
  return calls.map((call) => {
    const fitting = (kernels.get(call.op) ?? []).filter((kernel) => admits(kernel, call));
    const devices = [...new Set(fitting.map(({ device }) => device))].sort();
    return { call, devices, hasGpu: devices.includes("GPU") };
  });
}

function admits(kernel: RegisteredKernel, call: OpCall): boolean {
  return [...call.types].every(([name, type]) => kernel.types.get(name)?.includes(type) ?? true);
}

const typeNames = new Map([[1, "float"], [3, "int32"], [9, "int64"], [10, "bool"], [2, "double"], [7, "string"]]); // biome-ignore format: pairs

/** The verdicts as text columns: op, types, calls, devices. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ call, devices, hasGpu }) => {
    const types = [...call.types].map(([name, type]) => `${name}=${typeNames.get(type) ?? type}`).join(" ");
    return [hasGpu ? "ok" : "NO", call.op, types, String(call.count), devices.join(" ")];
  });
  const all = [["GPU", "op", "types", "calls", "devices with a kernel"], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
