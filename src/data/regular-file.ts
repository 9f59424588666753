import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dataFault, oneLine } from "./faults.ts";
import { fileFault } from "./files.ts";

/** More than any volume within the voxel limit needs, and what Node reads in one piece. */
const maxBytes = 2 ** 31 - 1;

/**
 * The bytes of a regular file. Never waits: a pipe or a device is refused after opening it without blocking,
 * so that nothing can be swapped in between looking and reading.
 *
 * @param where - The file's name for messages.
 * @throws {UserError} (data) If the file is missing, not permitted, no regular file, too large, or shrinks while it is read.
 */
export async function readRegularFile(file: string, where: string = file): Promise<Buffer> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = await handle.stat();
    if (!stat.isFile())
      throw dataFault(where, "must be a regular file", kindOf(stat), "Give a file, or leave it out by a pattern");
    if (stat.size > maxBytes) throw dataFault(where, "must be smaller than 2 GiB", `${stat.size} bytes`, "Crop or split it");
    return await readWhole(handle, stat.size, where);
  } catch (error) {
    throw fileFault(oneLine(where), "read", error, "mend that, or leave the file out by a pattern");
  } finally {
    await handle?.close();
  }
}

async function readWhole(handle: FileHandle, size: number, where: string): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0)
      throw dataFault(where, `must keep its ${size} bytes while it is read`, `${filled} bytes`, "Wait until its writer is done");
    filled += bytesRead;
  }
  return bytes;
}

/** The kind of a thing in the file system that is not a regular file, in words. */
export function kindOf(stat: {
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
  isCharacterDevice(): boolean;
  isBlockDevice(): boolean;
}): string {
  if (stat.isDirectory()) return "a folder";
  if (stat.isFIFO()) return "a named pipe";
  if (stat.isSocket()) return "a socket";
  if (stat.isCharacterDevice() || stat.isBlockDevice()) return "a device";
  return "something that is not a file";
}
