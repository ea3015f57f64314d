"""Tables of reports and labels: CSV (any common separator and encoding) and Parquet, as rows of text."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

Row = dict[str, str]


def read_table(path: Path) -> list[Row]:
    """Rows by column name, every value as trimmed text ('' for missing).

    Raises FileNotFoundError if there is none, ValueError if it cannot be read as a table.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no table {path}")
    return _read_parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _read_csv(path)


def _read_csv(path: Path) -> list[Row]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    separator = max((",", ";", "\t", "|"), key=first.count)
    csv.field_size_limit(1 << 30)
    try:
        reader = csv.DictReader(text.splitlines(keepends=True), delimiter=separator, strict=True)
        rows = [{name.strip(): (value or "").strip() for name, value in row.items() if name is not None and not isinstance(value, list)} for row in reader]
    except csv.Error as error:
        raise ValueError(f"{path.name} is not a readable CSV file: {error}") from error
    if not reader.fieldnames:
        raise ValueError(f"{path.name} has no header line")
    return rows


def _read_parquet(path: Path) -> list[Row]:
    try:
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import read_table as read
    except ImportError as error:
        raise ValueError("Parquet tables need pyarrow: install brat-train[images]") from error
    try:
        records = read(path).to_pylist()
    except (ArrowInvalid, OSError) as error:
        raise ValueError(f"{path.name} is not a readable Parquet file: {error}") from error
    return [{str(name): "" if value is None else str(value).strip() for name, value in record.items()} for record in records]


def column(rows: Sequence[Row], wanted: str | None, usual: Sequence[str], what: str, table: Path, needed: bool = True) -> str | None:
    """The name of a column: the wanted one, else the first of the usual names the table has, whatever their case.

    Raises ValueError, naming the columns there are, if the wanted one, or a needed one, is missing.
    """
    names = list(rows[0]) if rows else []
    by_lower = {name.lower().replace(" ", "_"): name for name in names}
    if wanted is not None:
        found = wanted if wanted in names else by_lower.get(wanted.lower().replace(" ", "_"))
        if found is None:
            raise ValueError(f"{table.name} has no column {wanted!r} ({what}); it has: {', '.join(names)}")
        return found
    for name in usual:
        if name in by_lower:
            return by_lower[name]
    if needed and rows:
        raise ValueError(f"{table.name}: which column is the {what}? It has: {', '.join(names)}. Name it by option.")
    return None
