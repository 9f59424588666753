import { parquetWriteBuffer } from "hyparquet-writer";

/** A column of a table: its type is that of its values. */
export interface Column {
  readonly name: string;
  /** All of one type; null where there is none. */
  readonly values: readonly (string | null)[] | readonly (number | null)[] | readonly (boolean | null)[];
  /** The type of a column that may be without any value; text where it is not told. */
  readonly type?: "DOUBLE" | "BOOLEAN" | "STRING";
}

/**
 * A table as an Apache Parquet file: doubles, booleans and UTF-8 text, every column nullable. The same table gives the same bytes.
 */
export function encodeParquet(columns: readonly Column[]): Uint8Array {
  const columnData = columns.map(({ name, values, type }) => ({
    name,
    data: [...values],
    type: typeOf(values) ?? type ?? "STRING",
    nullable: true,
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

function typeOf(values: Column["values"]): Column["type"] {
  const first = values.find((value) => value !== null);
  if (first === undefined) return undefined;
  return typeof first === "number" ? "DOUBLE" : typeof first === "boolean" ? "BOOLEAN" : "STRING";
}
