"""Parquet, for tools that query tables; written only.

One row is a transaction, with its operations in a list. Columns have the names of `sim.history`;
outcomes and kinds are words, what is absent is null. The metadata `bulkhead` of the file holds
what is no column, as JSON: schema, session names, initial value and conserved sum. The oracle
log has no place in it. Needs the extra `parquet`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from sim.history import (
    NONE,
    OPERATION_COLUMNS,
    TRANSACTION_COLUMNS,
    History,
    OperationKind,
    OracleLog,
    Outcome,
)
from specs.history.formats.errors import ExtraMissing
from specs.history.formats.shape import SCHEMA

METADATA: Final = b"bulkhead"
_ROWS: Final = 65_536
"""Transactions of one row group."""

_WORDS: Final = {
    "outcome": {int(outcome): outcome.name.lower() for outcome in Outcome},
    "kind": {int(kind): kind.name.lower() for kind in OperationKind},
}


def write(file: IO[bytes], history: History, oracle: OracleLog | None = None) -> None:
    """Write a history as Parquet into a binary file object, and leave out the oracle log."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ExtraMissing("parquet") from None
    schema = _schema(pa, history)
    with pq.ParquetWriter(file, schema) as writer:
        for columns in _groups(pa, history):
            writer.write_table(pa.table(columns, schema=schema))


def _schema(pa: Any, history: History) -> Any:
    conserved = history.conserved
    head = {
        "schema": SCHEMA,
        "sessions": list(history.session_names),
        "initial_value": history.initial_value,
        "conserved": conserved and {"keys": conserved.keys, "total": conserved.total},
    }
    operation = pa.struct([(name, _type(pa, name, dtype)) for name, dtype in OPERATION_COLUMNS])
    fields = [(name, _type(pa, name, dtype)) for name, dtype in TRANSACTION_COLUMNS]
    text = json.dumps(head, ensure_ascii=False).encode()
    return pa.schema([*fields, ("operations", pa.list_(operation))], metadata={METADATA: text})


def _type(pa: Any, name: str, dtype: type[np.signedinteger]) -> Any:
    return pa.dictionary(pa.int8(), pa.string()) if name in _WORDS else pa.from_numpy_dtype(dtype)


def _groups(pa: Any, history: History) -> Iterator[dict[str, Any]]:
    """Yield the columns of every row group; of a history without transactions, none."""
    for begin in range(0, history.transactions, _ROWS):
        end = min(begin + _ROWS, history.transactions)
        first = history.first[begin : end + 1]
        inside = slice(int(first[0]), int(first[-1]))
        columns = {
            name: _array(pa, name, getattr(history, name)[begin:end])
            for name, _ in TRANSACTION_COLUMNS
        }
        names = [name for name, _ in OPERATION_COLUMNS]
        operations = pa.StructArray.from_arrays(
            [_array(pa, name, getattr(history, name)[inside]) for name in names], names=names
        )
        offsets = pa.array((first - first[0]).astype(np.int32))
        yield columns | {"operations": pa.ListArray.from_arrays(offsets, operations)}


def _array(pa: Any, name: str, column: npt.NDArray[np.signedinteger]) -> Any:
    if name in _WORDS:
        words = _WORDS[name]
        places = (column - min(words)).astype(np.int8)
        return pa.DictionaryArray.from_arrays(pa.array(places), list(words.values()))
    if name == "value":
        return pa.array(column)
    return pa.array(column, mask=column == NONE)
