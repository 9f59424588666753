import { parquetWriteBuffer } from "hyparquet-writer";

/** A column of a table: its type is that of its values. */
export interface Column {
  readonly name: string;
  /** All of one type; null where there is none. */
  readonly values: readonly (string | null)[] | readonly (number | null)[] | readonly (boolean | null)[];
}

/**
 * A table as an Apache Parquet file: doubles, booleans and UTF-8 text, every column nullable. The same table gives the same bytes.
 * A column without any value is text.
 */
export function encodeParquet(columns: readonly Column[]): Uint8Array {
  const columnData = columns.map(({ name, values }) => ({ name, data: [...values], type: typeOf(values), nullable: true }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

function typeOf(values: Column["values"]): "DOUBLE" | "BOOLEAN" | "STRING" {
  const first = values.find((value) => value !== null);
  return typeof first === "number" ? "DOUBLE" : typeof first === "boolean" ? "BOOLEAN" : "STRING";
}
