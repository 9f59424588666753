import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { encodeParquet } from "./parquet.ts";

const columns = [
  { name: "run", values: ["a=1", "=cmd()", '\u00e9, "x"\n'] },
  { name: "figure", values: [0.1 + 0.2, null, -0] },
  { name: "flag", values: [true, null, false] },
  { name: "failure", values: [null, null, null] },
  { name: "low", values: [null, null, null], type: "DOUBLE" },
] as const;

/** Read back by pyarrow, too: scripts/parity/sweep_parquet.py. */
test("what another reader reads is what was written; the same table gives the same bytes", async () => {
  const bytes = encodeParquet(columns);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const rows = await parquetReadObjects({ file });
  expect(rows).toEqual(columns[0].values.map((_, i) => Object.fromEntries(columns.map(({ name, values }) => [name, values[i]]))));
  expect(parquetMetadata(file).schema.slice(1).map(({ type }) => type)).toEqual(["BYTE_ARRAY", "DOUBLE", "BOOLEAN", "BYTE_ARRAY", "DOUBLE"]); // biome-ignore format: one line
  expect(Buffer.from(encodeParquet(columns)).equals(Buffer.from(bytes))).toBe(true);
});
