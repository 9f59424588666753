import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { fileFault, makeFolder } from "./files.ts";

/**
 * Adds to the end of a file, making it and its folder where they are missing, and flushes it to the disk.
 * A crash can leave a part of `content` there: whoever reads the file back must be able to tell.
 *
 * @throws {UserError} (data) If the disk is full, read-only or not permitted.
 */
export async function appendDurably(file: string, content: Uint8Array | string): Promise<void> {
  try {
    await makeFolder(dirname(file));
    const handle = await open(file, "a");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileFault(file, "write", error);
  }
}
