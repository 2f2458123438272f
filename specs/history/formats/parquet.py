"""Parquet, for tools that query tables.

One row is a transaction, with its operations in a list. Columns have the names of `sim.history`;
outcomes and kinds are words, what is absent is null. The metadata `bulkhead` of the file holds
what is no column, as JSON: schema, session names, initial value, conserved sum, what the history
is said to lack, and the labels of keys and values, which stand in the columns by their places. An
operation of a history with lists has its `elements`, and one that was read from a file its `line`.
The oracle log has no place in it. Needs the extra `parquet`.

Pages carry check sums. Even so, a file that is damaged in other places may fill the memory or end
the process inside Arrow: what cannot be trusted is to be read in a process that may end.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from sim.history import (
    NIL,
    NONE,
    OPERATION_COLUMNS,
    TRANSACTION_COLUMNS,
    History,
    Integers,
    OperationKind,
    OracleLog,
    Outcome,
)
from specs.history.formats.errors import CUT, ExtraMissing, HistoryFileError
from specs.history.formats.jsonl import head_of
from specs.history.formats.jsonl_values import LOW, Wrong, is_text, shown
from specs.history.formats.labels import Names, labels_of
from specs.history.formats.packing import FREE_BYTES, RATIO_MAX
from specs.history.formats.shape import SCHEMA, check_history

METADATA: Final = b"bulkhead"
_FLAGS: Final = ("has_initial", "has_sessions")
_LABELS: Final = ("key_labels", "value_labels")
_ROWS: Final = 65_536
"""Transactions of one row batch."""

_DAMAGE: Final = (OSError, AttributeError, TypeError, LookupError, ValueError, OverflowError)
"""What becomes of a damaged or foreign table that Arrow takes for a good one."""

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
    with pq.ParquetWriter(file, schema, write_page_checksum=True) as writer:
        for columns in _groups(pa, history):
            writer.write_table(pa.table(columns, schema=schema))


def read(file: IO[bytes]) -> tuple[History, OracleLog | None]:
    """Read a history from a seekable binary file; it has no oracle log."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ExtraMissing("parquet") from None
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    try:
        source = pq.ParquetFile(file, page_checksum_verification=True)
        schema = source.schema_arrow
        head = _head(schema.metadata or {})
        limit = (FREE_BYTES + RATIO_MAX * size) // 8
        # Of a damaged row group nothing more may be asked: Arrow would end the process.
        _check_values(source.metadata.num_rows * len(schema.names), limit)
        batches, values = [], 0
        for batch in source.iter_batches(_ROWS // 8, use_threads=False):
            batches.append(_Batch(pa, batch))
            values += batches[-1].values
            _check_values(values, limit)
        columns = _joined(batches, schema.field("operations").type.value_type)
    except HistoryFileError:
        raise
    except (pa.ArrowException, *_DAMAGE) as error:
        found = " ".join(str(error).split())[:80]
        raise HistoryFileError(f"no whole table of ours ({found})", CUT) from None
    history = History(**columns, **head)
    check_history(history)
    return history, None


def _schema(pa: Any, history: History) -> Any:
    conserved = history.conserved
    head = {
        "schema": SCHEMA,
        "sessions": list(history.session_names),
        "initial_value": history.initial_value,
        "conserved": conserved and {"keys": conserved.keys, "total": conserved.total},
        **{name: False for name in _FLAGS if not getattr(history, name)},
        **{
            name: getattr(history, name).tolist()
            for name in _LABELS
            if getattr(history, name) is not None
        },
    }
    operation_fields = [(name, _type(pa, name, dtype)) for name, dtype in OPERATION_COLUMNS]
    if history.element_first is not None:
        operation_fields.append(("elements", pa.list_(pa.int64())))
    if history.line is not None:
        operation_fields.append(("line", pa.int64()))
    operation = pa.struct(operation_fields)
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
        parts = {
            name: _array(pa, name, getattr(history, name)[inside]) for name, _ in OPERATION_COLUMNS
        }
        if history.element_first is not None and history.elements is not None:
            ends = history.element_first[inside.start : inside.stop + 1]
            parts["elements"] = _lists(pa, history.kind[inside], ends, history.elements)
        if history.line is not None:
            parts["line"] = pa.array(history.line[inside])
        operations = pa.StructArray.from_arrays(list(parts.values()), names=list(parts))
        offsets = pa.array((first - first[0]).astype(np.int32))
        yield columns | {"operations": pa.ListArray.from_arrays(offsets, operations)}


def _lists(pa: Any, kind: npt.NDArray[np.int8], ends: Integers, elements: Integers) -> Any:
    """Return the list of every operation, null for those that read none."""
    offsets = pa.array((ends - ends[0]).astype(np.int32))
    inside = pa.array(elements[int(ends[0]) : int(ends[-1])])
    return pa.ListArray.from_arrays(offsets, inside, mask=pa.array(kind != OperationKind.READ_LIST))


def _array(pa: Any, name: str, column: npt.NDArray[np.signedinteger]) -> Any:
    if name in _WORDS:
        words = _WORDS[name]
        places = (column - min(words)).astype(np.int8)
        return pa.DictionaryArray.from_arrays(pa.array(places), list(words.values()))
    if name == "value":
        return pa.array(column, mask=column == NIL)
    return pa.array(column, mask=column == NONE)


def _head(metadata: dict[bytes, bytes]) -> dict[str, Any]:
    """Return what is no column from the metadata of a file."""
    if METADATA not in metadata:
        mend = f"a history says {METADATA.decode()!r} in its metadata: this is another table"
        raise HistoryFileError("no schema", mend)
    values = Names(low=LOW)
    try:
        row = json.loads(metadata[METADATA])
        names_of = row if isinstance(row, dict) else {}
        listed = {name: names_of.pop(name) for name in _LABELS if name in names_of}
        for name, names in listed.items():
            if not isinstance(names, list) or not all(type(n) is int or is_text(n) for n in names):
                raise Wrong(f"{name} is {shown(names)}, not a list of numbers and texts")
        head = head_of(row, values)
    except (Wrong, ValueError, AttributeError, RecursionError) as error:
        raise HistoryFileError(f"the metadata is wrong: {error}", CUT) from None
    (initial,), _ = values.settle([np.array([head.initial_value], dtype=np.int64)])
    return {name: labels_of(names) for name, names in listed.items()} | {
        "session_names": head.sessions,
        "initial_value": int(initial[0]),
        "conserved": head.conserved,
        "has_initial": head.has_initial,
        "has_sessions": head.has_sessions,
    }


def _check_values(values: int, limit: int) -> None:
    """Refuse a file that holds far more than a history of its size does."""
    if values > limit:
        found = f"{values} values, more than {limit} in a file of this size"
        raise HistoryFileError(found, "that is no history; write it again")


class _Batch:
    """The columns of some rows, as a history has them; offsets begin with 0."""

    def __init__(self, pa: Any, batch: Any) -> None:
        self._pa = pa
        self.columns = {
            name: self._numbers(name, batch[name], dtype) for name, dtype in TRANSACTION_COLUMNS
        }
        steps = batch["operations"]
        self.first = _ends(steps)
        parts = steps.flatten()
        self.columns |= {
            name: self._numbers(name, parts.field(name), dtype) for name, dtype in OPERATION_COLUMNS
        }
        names = _names(parts.type)
        if "line" in names:
            self.columns["line"] = self._numbers("line", parts.field("line"))
        self.element_first = None
        if "elements" in names:
            lists = parts.field("elements")
            self.element_first = _ends(lists)
            self.columns["elements"] = self._numbers("elements", lists.flatten())
        self.values = sum(map(len, self.columns.values()))

    def _numbers(self, name: str, column: Any, dtype: Any = np.int64) -> npt.NDArray[Any]:
        if name not in _WORDS:
            absent = NIL if name == "value" else NONE
            whole = column.cast(self._pa.from_numpy_dtype(dtype)).fill_null(absent)
            return np.array(whole.to_numpy(zero_copy_only=False), dtype=dtype)
        numbers = {word: number for number, word in _WORDS[name].items()}
        words = column.cast(self._pa.string()).dictionary_encode()
        table = [numbers.get(word, NONE) for word in words.dictionary.to_pylist()]
        places = words.indices.fill_null(len(table)).to_numpy(zero_copy_only=False)
        numbered: npt.NDArray[Any] = np.array([*table, NONE], dtype=dtype)[places]
        return numbered


def _ends(lists: Any) -> Integers:
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    return np.cumsum(np.concatenate(([0], lengths)), dtype=np.int64)


def _joined(batches: list[_Batch], operation: Any) -> dict[str, Any]:
    """Return the columns of all batches, one after another."""
    optional: list[tuple[str, type[np.signedinteger]]] = [
        (name, np.int64) for name in ("line", "elements") if name in _names(operation)
    ]
    columns: dict[str, Any] = {
        name: np.concatenate([np.empty(0, dtype), *(batch.columns[name] for batch in batches)])
        for name, dtype in (*TRANSACTION_COLUMNS, *OPERATION_COLUMNS, *optional)
    }
    columns["first"] = _offsets([batch.first for batch in batches])
    if "elements" in columns:
        columns["element_first"] = _offsets([batch.element_first for batch in batches])
    return columns


def _names(operation: Any) -> list[str]:
    return [field.name for field in operation]


def _offsets(parts: list[Any]) -> Integers:
    return np.cumsum(np.concatenate([[0], *(np.diff(part) for part in parts)]), dtype=np.int64)
