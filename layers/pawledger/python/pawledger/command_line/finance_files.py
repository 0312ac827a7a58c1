"""Tables of a close as files: CSV and Parquet, row by row, the same rows always as the same bytes."""

import csv
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

from pawledger.command_line.errors import CloseExistsError, ParquetMissingError
from pawledger.domain.closing.month_close import TABLES, Cell, ColumnKind, Row, Table

ROWS_PER_GROUP: Final = 10_000
"""Rows of one table that wait in memory for their row group, some 12 MB; readers skip whole groups."""


class TableFiles:
    """One CSV and one Parquet file for each table, in a folder that appears when all of them are whole."""

    def __init__(self, directory: Path) -> None:
        """Raises `CloseExistsError` where the folder is there, and `ParquetMissingError`."""
        if directory.exists():
            raise CloseExistsError(f"{directory} is there already; a close is never overwritten: choose another --out")
        self._directory = directory
        self._partial = directory.with_name(f"{directory.name}.partial")
        self._parquet = _Parquet()
        self._files = ExitStack()
        self._csv: dict[str, Any] = {}
        self._writers: dict[str, Any] = {}
        self._groups: dict[str, list[Row]] = {table.name: [] for table in TABLES}

    def __enter__(self) -> "TableFiles":
        self._partial.mkdir(parents=True, exist_ok=True)
        with ExitStack() as files:
            for table in TABLES:
                path = self._partial / table.name
                file = files.enter_context(path.with_suffix(".csv").open("w", encoding="utf-8", newline=""))
                self._csv[table.name] = csv.writer(file, lineterminator="\n")
                self._csv[table.name].writerow(name for name, _ in table.columns)
                writer = self._parquet.open_writer(path.with_suffix(".parquet"), table)
                self._writers[table.name] = files.enter_context(writer)
            self._files = files.pop_all()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        with self._files:
            for table in TABLES if kind is None else ():
                self._write_group(table)
        if kind is None:
            self._partial.rename(self._directory)
        else:
            rmtree(self._partial, ignore_errors=True)

    def write_row(self, table: Table, row: Row) -> None:
        """Write one row of a table behind those before it."""
        self._csv[table.name].writerow([_show(cell) for cell in row])
        self._groups[table.name].append(row)
        if len(self._groups[table.name]) >= ROWS_PER_GROUP:
            self._write_group(table)

    def _write_group(self, table: Table) -> None:
        rows = self._groups[table.name]
        if rows:
            self._writers[table.name].write_table(self._parquet.table_of(table, rows))
            rows.clear()


def _show(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell.isoformat() if isinstance(cell, date) else str(cell)


class _Parquet:
    """The library that writes Parquet files; loaded here alone, because no other command needs its 165 MB."""

    def __init__(self) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415 - see above
            from pyarrow import parquet  # noqa: PLC0415 - see above
        except ImportError as error:
            raise ParquetMissingError("Parquet files need pyarrow: install pawledger[finance]") from error
        self._arrow = pa
        self._writer_type = parquet.ParquetWriter
        self._types = {
            ColumnKind.TEXT: pa.string(),
            ColumnKind.DAY: pa.date32(),
            ColumnKind.COUNT: pa.int64(),
            ColumnKind.MINOR: pa.int64(),
            ColumnKind.TRUTH: pa.bool_(),
        }

    def open_writer(self, path: Path, table: Table) -> Any:
        return self._writer_type(str(path), self._schema_of(table), compression="zstd")

    def table_of(self, table: Table, rows: list[Row]) -> Any:
        schema = self._schema_of(table)
        columns = zip(schema, zip(*rows, strict=True), strict=True)
        arrays = [self._arrow.array(values, type=field.type) for field, values in columns]
        return self._arrow.Table.from_arrays(arrays, schema=schema)

    def _schema_of(self, table: Table) -> Any:
        fields = [self._arrow.field(name, self._types[kind], nullable=False) for name, kind in table.columns]
        return self._arrow.schema(fields)
