"""Invocations and completions of a Jepsen history, made transactions.

A process is a session. `:ok` is committed, `:fail` aborted, `:info` unknown, and so is an
invocation that nothing completes. Reads count only in `:ok`: elsewhere nobody knows their answer,
and they have no row; writes and appends always count. A completion without a value has the
operations of its invocation. nil is the initial value, of a list the empty one; no value of the
file is ever taken for it.

Instants are places in the order of the lines, or `:index` where every line states one of its own;
transactions stand in the order of their completions, those without one at the end. Without
processes every transaction is a session of its own, and a completion belongs to the first open
invocation with the same operations: a beginning may then be earlier than it was, never later.
Without invocations no beginning is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from sim.history import NIL, NONE, History, Integers, OperationKind, Outcome
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.jepsen_columns import Operations, columns_of, joined
from specs.history.formats.jepsen_rows import TXN_FORM, TYPES, RowColumns, Rows

_READS: Final = re.compile(r"\[:r [^\[\]]*(?:\[[^\]]*\])?\] ?")
_ANSWERS: Final = re.compile(r"(\[:r \S+) (?:\[[^\]]*\]|[^\[\]]*)\]")
_ABSENT: Final = str(NONE)
"""Stands for the index or the process of a line that states none."""
_INVOKE: Final = TYPES["invoke"]


class _Events(NamedTuple):
    """All lines as columns, in the order of time."""

    type: Integers
    process: Integers
    instant: Integers
    line: Integers
    place: Integers
    """Where the event stands in the order of the file."""
    silent: npt.NDArray[np.bool_]
    """Whether the line states no operations."""


class Events:
    """Collects rows in the order of the file; `history` makes transactions of them."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._numbers: list[Integers] = []
        self._operations: list[Operations] = [columns_of(())]
        self._events = 0
        self._texts: dict[int, str | None] = {}
        """Operations of every invocation, and of completions without a process."""
        self._lists_line = 0
        self._registers_line = 0

    def add(self, rows: RowColumns) -> None:
        """Take the next rows."""
        count = len(rows.line)
        if not count:
            return
        numbers = np.empty((5, count), dtype=np.int64)
        numbers[0] = list(map(TYPES.__getitem__, rows.type))
        numbers[1] = _numbers(rows.process)
        numbers[2] = _numbers(rows.index)
        numbers[3] = rows.line
        numbers[4] = _absent(rows.operations)
        self._remember(rows, numbers[0])
        told, lines = _told(rows.operations, numbers[0]), numbers[3][numbers[0] != _INVOKE]
        self._numbers.append(numbers)
        self._operations.append(self._columns(told, lines))

    def _remember(self, rows: RowColumns, types: Integers) -> None:
        """Keep the operations that may yet be asked for."""
        before = self._events
        self._events += len(types)
        invoked = types == _INVOKE
        asked = list(compress(rows.operations, invoked.tolist()))
        places = np.flatnonzero(invoked).tolist()
        for at, text in enumerate(asked):
            if text is not None and "]]" in text:
                asked[at] = self._normal(text, rows.line[places[at]])
        self._texts.update(zip([before + place for place in places], asked, strict=True))
        for place in np.flatnonzero(~invoked & _absent(rows.process)).tolist():
            self._texts[before + place] = rows.operations[place]

    def history(self) -> History:
        """Return the history of everything added."""
        numbers = np.concatenate([np.empty((5, 0), dtype=np.int64), *self._numbers], axis=1)
        if not numbers.size and self._rows.skipped is not None:
            line, function = self._rows.skipped
            raise HistoryFileError(f"no transaction, but :f {function}", TXN_FORM, line)
        events = _in_time(numbers)
        has_sessions = _has_sessions(events)
        partner, left = _pairs(events) if has_sessions else self._pairs_by_operations(events)
        completed = np.flatnonzero(events.type != _INVOKE)
        ends, begins = np.r_[completed, left], np.r_[partner[completed], left]
        unfinished = np.arange(len(ends)) >= len(completed)
        borrows = unfinished | (events.silent[ends] & (begins >= 0))
        operations = self._picked(events, numbers[0], ends, begins, borrows)
        if has_sessions:
            distinct, session = np.unique(events.process[ends], return_inverse=True)
            names = tuple(map(str, self._rows.processes.names(distinct.tolist())))
        else:
            session = np.arange(len(ends))
            names = tuple(map(str, range(len(ends))))
        absent = np.full(len(ends), NONE, dtype=np.int64)
        instant = np.r_[events.instant, NONE]  # the last for what never began
        return History(
            session=session.astype(np.int32),
            session_names=names,
            has_sessions=has_sessions,
            outcome=np.where(unfinished, Outcome.UNKNOWN, events.type[ends]).astype(np.int8),
            start_timestamp=absent,
            commit_timestamp=absent.copy(),
            invoked_ns=instant[begins],
            begun_ns=absent.copy(),
            committing_ns=absent.copy(),
            finished_ns=np.where(unfinished, NONE, events.instant[ends]),
            line=np.repeat(events.line[np.where(borrows, begins, ends)], np.diff(operations.first)),
            initial_value=NIL,
            **self._operation_columns(operations),
        )

    def _columns(self, texts: Sequence[str], lines: Integers) -> Operations:
        """Return the columns of transactions, each of a line; see that they are of one kind."""
        try:
            columns = columns_of(texts)
        except (ValueError, OverflowError):
            columns = columns_of(list(map(self._normal, texts, lines.tolist())))
        kind, written = columns.kind, columns.value != NIL
        is_list = (kind == OperationKind.APPEND) | (kind == OperationKind.READ_LIST)
        is_register = (kind == OperationKind.WRITE) | ((kind == OperationKind.READ) & written)
        self._lists_line = self._lists_line or _line_of(is_list, columns, lines)
        self._registers_line = self._registers_line or _line_of(is_register, columns, lines)
        if self._lists_line and self._registers_line:
            names = ("a list", "a register")
            here, there = names if self._lists_line > self._registers_line else names[::-1]
            first, line = sorted((self._lists_line, self._registers_line))
            found = f"{here}, but {there} in line {first}"
            mend = "a history is of lists or of registers; split the file"
            raise HistoryFileError(found, mend, line)
        return columns

    def _normal(self, text: str, line: int) -> str:
        """Return operations in normal form; what an expression let pass may not quite be."""
        try:
            columns_of((text,))
        except (ValueError, OverflowError):
            return self._rows.again(text, line)
        return text

    def _picked(
        self,
        events: _Events,
        types: Integers,
        ends: Integers,
        begins: Integers,
        borrows: npt.NDArray[np.bool_],
    ) -> Operations:
        """Return the operations of every transaction, some from the text of its invocation."""
        whole = joined(self._operations)
        runs = len(whole.first) - 1
        source = (np.cumsum(types != _INVOKE) - 1)[events.place[ends]]
        source[borrows] = runs + np.arange(np.count_nonzero(borrows))
        where = begins[borrows]
        texts = [self._texts[place] for place in events.place[where].tolist()]
        told = [_counting(text) for text in texts]
        whole = joined([whole, self._columns(told, events.line[where])])
        in_order = np.array_equal(source, np.arange(len(whole.first) - 1))
        return whole if in_order else whole.picked(source)

    def _operation_columns(self, operations: Operations) -> dict[str, Any]:
        """Return what a history says of its operations, names settled."""
        kind = operations.kind.astype(np.int8)
        if self._lists_line:
            kind[kind == OperationKind.READ] = OperationKind.READ_LIST
        (key,), key_labels = self._rows.keys.settle([operations.key])
        (value, elements), value_labels = self._rows.values.settle(
            [operations.value, operations.elements]
        )
        absent = np.full(len(kind), NONE, dtype=np.int64)
        has_lists = bool(np.any(kind == OperationKind.READ_LIST))
        return {
            "first": operations.first,
            "kind": kind,
            "key": key,
            "value": value,
            "version": absent,
            "at_ns": absent.copy(),
            "element_first": operations.element_first if has_lists else None,
            "elements": elements if has_lists else None,
            "key_labels": key_labels,
            "value_labels": value_labels,
        }

    def _pairs_by_operations(self, events: _Events) -> tuple[Integers, Integers]:
        """Pair completions with the first open invocation that asked for the same."""
        partner = np.full(len(events.type), -1, dtype=np.int64)
        waiting: dict[str | None, list[int]] = {}
        types, places = events.type.tolist(), events.place.tolist()
        for event, (type_, place) in enumerate(zip(types, places, strict=True)):
            text = self._texts[place]
            asked = None if text is None else _ANSWERS.sub(r"\1]", text)
            if type_ == _INVOKE:
                waiting.setdefault(asked, []).append(event)
                continue
            if asked not in waiting and len(waiting) == 1:
                asked = next(iter(waiting))
            if asked in waiting:
                # Of equal ones nobody knows which ended; to begin too early claims no order.
                partner[event] = waiting[asked][0]
                waiting[asked].pop()
                if not waiting[asked]:
                    del waiting[asked]
        left = sorted(event for events_left in waiting.values() for event in events_left)
        return partner, np.array(left, dtype=np.int64)


def _in_time(numbers: Integers) -> _Events:
    """Return the events by their index, where every one has its own, or as the file has them."""
    index = numbers[2]
    place = np.arange(len(index))
    instant = place
    if len(index) and index.min() >= 0:
        order = np.argsort(index, kind="stable")
        if np.all(np.diff(index[order]) > 0):
            place, instant = order, index[order]
    type_, process, _, line, silent = numbers[:, place]
    return _Events(type_, process, instant, line, place, silent.astype(np.bool_))


def _has_sessions(events: _Events) -> bool:
    absent = events.process == NONE
    if np.any(absent) and not np.all(absent):
        line = int(events.line[absent].min())
        mend = "all lines state the process, or none does"
        raise HistoryFileError("no :process, though other lines state one", mend, line)
    return not np.any(absent)


def _pairs(events: _Events) -> tuple[Integers, Integers]:
    """Return of every completion its invocation, or -1, and the invocations that never ended."""
    order = np.argsort(events.process, kind="stable")
    same = np.diff(events.process[order]) == 0
    invokes = events.type[order] == _INVOKE
    twice = np.flatnonzero(same & invokes[:-1] & invokes[1:])
    if len(twice):
        line, before = min(
            (int(events.line[order[at + 1]]), int(events.line[order[at]])) for at in twice.tolist()
        )
        found = f"an invocation, though that of line {before} by the same process is still open"
        raise HistoryFileError(found, "a process does one thing at a time", line)
    partner = np.full(len(order), -1, dtype=np.int64)
    ended = np.flatnonzero(same & invokes[:-1])
    partner[order[ended + 1]] = order[ended]
    left = invokes.copy()
    left[ended] = False
    return partner, np.sort(order[left])


def _numbers(texts: Sequence[str | None]) -> Integers:
    """Return numbers, `NONE` where nothing is stated."""
    stated = texts if all(texts) else [text or _ABSENT for text in texts]
    return np.fromstring(",".join(cast(Sequence[str], stated)), dtype=np.int64, sep=",")


def _absent(stated: Sequence[str | None]) -> npt.NDArray[np.bool_]:
    """Say of each row whether it states nothing."""
    if all(stated):  # which is mostly so, and takes a third of the time
        return np.zeros(len(stated), dtype=np.bool_)
    return np.array([each is None for each in stated], dtype=np.bool_)


def _told(operations: Sequence[str | None], types: Integers) -> list[str]:
    """Return what counts of the operations of every completion."""
    ended = list(compress(operations, (types != _INVOKE).tolist()))
    types = types[types != _INVOKE]
    for place in np.flatnonzero(types != TYPES["ok"]).tolist():
        ended[place] = _counting(ended[place])
    return cast(list[str], ended)


def _counting(operations: str | None) -> str:
    """Return the operations that count where nobody knows what was read."""
    return "" if operations is None else _READS.sub("", operations).rstrip()


def _line_of(marked: npt.NDArray[np.bool_], columns: Operations, lines: Integers) -> int:
    """Return the line of the first marked operation; 0 when there is none."""
    if not np.any(marked):
        return 0
    row = int(np.argmax(marked))
    return int(lines[int(np.searchsorted(columns.first, row, side="right")) - 1])
