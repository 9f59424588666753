import { UserError } from "../core/errors.ts";

/** A dataset of an H5 file. */
export interface H5Tensor {
  readonly shape: readonly number[];
  /** Row-major. */
  read(): Float32Array;
}

/** Groups within groups, at most: Keras nests five; links may go in circles. */
const deepest = 10;

/** Whether a file begins as HDF5 does. */
export function isH5(file: Uint8Array): boolean {
  return [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => file[i] === byte);
}

/**
 * The datasets of an H5 file by path, each read when it is asked for.
 *
 * @param where - Names the file in messages.
 * @throws {UserError} (data) If it cannot be read: damaged, or of a kind that jsfive does not know; when it is read, if a dataset holds no floating-point numbers.
 */
export async function openH5(bytes: Uint8Array, where: string): Promise<Map<string, H5Tensor>> {
  const { Dataset, File } = await import("jsfive");
  const found = new Map<string, H5Tensor>();
  const walk = (group: import("jsfive").Group, path: string, depth: number): void => {
    if (depth > deepest) throw new Error(`groups more than ${deepest} deep`);
    for (const key of group.keys) {
      const [name, item] = [path + key, group.get(key)];
      if (item instanceof Dataset) found.set(name, { shape: item.shape, read: () => guarded(where, () => floatsOf(item, name)) });
      else walk(item, `${name}/`, depth + 1);
    }
  };
  return guarded(where, () => {
    walk(new File(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer, where), "", 0);
    return found;
  });
}

function floatsOf({ shape, dtype, value }: import("jsfive").Dataset, name: string): Float32Array {
  if (typeof dtype !== "string" || !/^[<>]f[248]$/.test(dtype)) throw new Error(`${name} holds no floating-point numbers`);
  const data = Float32Array.from(value as ArrayLike<number>);
  if (data.length !== shape.reduce((a, b) => a * b, 1)) throw new Error(`${name} holds ${data.length} values`);
  return data;
}

/** What `work` gives; whatever the reader throws is the file's fault. */
function guarded<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new UserError("data", `${where}: must be a sound H5 file; got one that cannot be read (${cause.replaceAll(/\s+/g, " ")}). Write it again.`); // biome-ignore format: one line
  }
}
