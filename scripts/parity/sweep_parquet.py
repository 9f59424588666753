"""sweep.parquet and sweep.csv of a sweep hold the same, read by pyarrow and by Python's csv.

    python scripts/parity/sweep_parquet.py runs/priors

Needs pyarrow. Prints the types of the columns; ends with an error where a cell differs.
"""

import csv
import sys
from pathlib import Path

import pyarrow.parquet as pq

sweep = Path(sys.argv[1])
table = pq.read_table(sweep / "sweep.parquet")
with open(sweep / "sweep.csv", newline="", encoding="utf-8") as file:
    head, *rows = csv.reader(file)
assert table.column_names == head, (table.column_names, head)
assert table.num_rows == len(rows), (table.num_rows, len(rows))


def same(cell, text):
    if cell is None:
        return text == ""
    if isinstance(cell, bool):
        return text == str(cell).lower()
    if isinstance(cell, float):
        return float(text) == cell
    return text == cell or text == "'" + cell  # a cell that a spreadsheet would take for a formula


for name, column in zip(head, table.columns):
    for i, cell in enumerate(column.to_pylist()):
        assert same(cell, rows[i][head.index(name)]), (name, i, cell, rows[i][head.index(name)])
print(f"{table.num_rows} rows, {table.num_columns} columns, all the same")
print(", ".join(f"{field.name}: {field.type}" for field in table.schema))
