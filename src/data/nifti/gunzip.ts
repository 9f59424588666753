import { constants, type Gunzip, gunzip, gunzipSync } from "node:zlib";
import { dataFault } from "../faults.ts";
import { headerBytes } from "./header.ts";

/** Bytes after the voxels that are passed over with a warning; a stream that goes on longer is refused as a bomb. */
const slack = 2 ** 20;

export function isGzip(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The first bytes of a gzip stream, enough for any header, inflated without inflating the rest.
 * @throws {UserError} (data) If the stream is damaged or ends before that.
 */
export function gunzipHeader(zipped: Buffer, where: string): Buffer {
  for (let take = 4096; ; take *= 4) {
    const head = inflatePrefix(zipped.subarray(0, take), where);
    if (head.length >= headerBytes || take >= zipped.length) return head;
  }
}

function inflatePrefix(prefix: Buffer, where: string): Buffer {
  try {
    return gunzipSync(prefix, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw damaged(where, error);
  }
}

/**
 * Inflates a whole gzip stream of one or more members, checking every CRC and length.
 *
 * @param expected - Bytes that the NIfTI header declares; much more is refused while inflating, however well it packs.
 * @throws {UserError} (data) If the stream is damaged, cut off, followed by garbage, or a bomb.
 */
export async function gunzipAll(zipped: Buffer, expected: number, where: string): Promise<Buffer> {
  const { buffer, consumed } = await inflate(zipped, expected + slack).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      const rule = `must inflate to the ${expected} bytes that its header declares`;
      throw dataFault(where, rule, "far more (a damaged file or a gzip bomb)", "Download or write it again");
    }
    throw damaged(where, error);
  });
  if (zipped.subarray(consumed).some((byte) => byte !== 0)) throw trailing(where);
  return buffer;
}

function inflate(zipped: Buffer, maxOutputLength: number): Promise<{ buffer: Buffer; consumed: number }> {
  return new Promise((resolve, reject) => {
    // With `info` the result carries the engine, which counts the bytes it used; the types do not know that.
    const done = (error: Error | null, result: unknown) => {
      if (error) return reject(error);
      const { buffer, engine } = result as { buffer: Buffer; engine: Gunzip };
      resolve({ buffer, consumed: engine.bytesWritten });
    };
    gunzip(zipped, { maxOutputLength, info: true }, done);
  });
}

function trailing(where: string): Error {
  return dataFault(where, "a gzip stream must end with the file", "other bytes after it", "Download or compress it again");
}

function damaged(where: string, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))) return error;
  if (error.message === "unexpected end of file") {
    return dataFault(where, "the gzip stream must be complete", "a file that is cut off", "Copy or download it again");
  }
  const what = new Map([
    ["incorrect data check", "a wrong checksum (CRC)"],
    ["incorrect length check", "a wrong length (ISIZE)"],
    ["incorrect header check", "other bytes after the stream"],
  ]);
  return dataFault(
    where,
    "the gzip stream must be intact",
    what.get(error.message) ?? error.message,
    "Copy, download or compress it again",
  );
}
