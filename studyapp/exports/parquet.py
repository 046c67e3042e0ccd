"""A table's CSV as Parquet with its types, block by block so that memory does not grow."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from studyapp.analyses.tables import Table

TYPES = {
    "text": pa.string(),
    "json": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": pa.timestamp("us", tz="UTC"),
}


def write_parquet(table: Table, source: Path, target: Path) -> None:
    """The table's CSV file `source` as the Parquet file `target`, described in its schema."""
    schema = pa.schema(
        [
            pa.field(column.name, TYPES[column.kind], metadata={"description": column.description})
            for column in table.columns
        ]
    )
    convert = pyarrow.csv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True,
        true_values=["true"], false_values=["false"],
    )  # fmt: skip
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    with (
        pyarrow.csv.open_csv(source, convert_options=convert, parse_options=parse) as reader,
        pyarrow.parquet.ParquetWriter(target, schema) as writer,
    ):
        for batch in reader:
            writer.write_batch(batch.cast(schema))
