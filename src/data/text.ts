import { dataFault } from "./faults.ts";

/**
 * The text of a file that has to be UTF-8. In another encoding different names could become one, so it is refused; a byte order mark is left out.
 * @param file - Names it in messages. @throws {UserError} (data)
 */
export function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const wayOut = "Save it as UTF-8; in a spreadsheet that kind is called CSV UTF-8";
    throw dataFault(file, "must be text in UTF-8", "bytes that are not", wayOut);
  }
}
