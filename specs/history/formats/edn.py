"""Jepsen's EDN, written: read-write registers, or lists that are appended to.

    {:index 0 :type :invoke :process 0 :f :txn :value [[:r 3 nil] [:w 4 7]] :time 10}
    {:index 1 :type :ok :process 0 :f :txn :value [[:r 3 nil] [:w 4 7]] :time 60}

One map a line, in the order of true time. At one instant invocations come before completions
where the process allows it, so that no order is claimed that nobody could see. Committed is
`:ok`, aborted `:fail`, unknown `:info`; only `:ok` tells what was read, and a read of the
initial value is nil. Jepsen's process dies with an unknown outcome, and its session goes on as
another process: the number grows past those of all sessions. A session whose name is a number is
that process. A transaction whose beginning nobody knows has no invocation, and where sessions are
not known no line has a process. Keys and values are what their labels say.
"""

from __future__ import annotations

import json
import re
from typing import IO, Final, cast

import numpy as np
import numpy.typing as npt

from sim.history import (
    NIL,
    NONE,
    History,
    Integers,
    Labels,
    OperationKind,
    OracleLog,
    Outcome,
)
from specs.history.formats.edn_forms import Form, Forms
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.jepsen_rows import name_of
from specs.history.formats.labels import called

_TYPES: Final = {Outcome.COMMITTED: "ok", Outcome.ABORTED: "fail", Outcome.UNKNOWN: "info"}
_CODES: Final = {
    int(OperationKind.READ): ":r",
    int(OperationKind.WRITE): ":w",
    int(OperationKind.APPEND): ":append",
    int(OperationKind.READ_LIST): ":r",
}
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_BLOCK: Final = 4096


def write(file: IO[bytes], history: History, oracle: OracleLog | None = None) -> None:
    """Write a history as EDN into a binary file object, and leave out the oracle log.

    Every transaction needs its instants, and every written value must tell its writer.
    """
    _check_kinds(history)
    _check_values(history)
    begin_ns, end_ns = _instants(history)
    process, position = _processes(history, begin_ns)
    _check_sequence(history, process, position, begin_ns, end_ns)
    events = _order(process, position, begin_ns, end_ns)
    events = events[(events % 2 == 1) | (history.invoked_ns[events >> 1] != NONE)]
    steps = _Steps(history)
    for start in range(0, len(events), _BLOCK):
        block = events[start : start + _BLOCK].tolist()
        lines = [
            _line(history, steps, index, event, int(process[event >> 1]), (begin_ns, end_ns))
            for index, event in enumerate(block, start)
        ]
        file.write("".join(lines).encode())


def _check_kinds(history: History) -> None:
    """Refuse lists and registers in one history, which no reader of EDN knows how to take."""
    lists = history.kind >= OperationKind.APPEND
    if np.any(lists) and not np.all(lists):
        found = "lists as well as registers"
        raise HistoryFileError(found, "EDN holds one or the other; export as jsonl or npz")


def _check_values(history: History) -> None:
    """Refuse two writes of one value to one key: a reader could not tell whose it read."""
    written = (history.kind == OperationKind.WRITE) | (history.kind == OperationKind.APPEND)
    rows = np.flatnonzero(written)
    rows = rows[np.lexsort((history.value[rows], history.key[rows]))]
    key, value = history.key[rows], history.value[rows]
    twice = np.flatnonzero((key[1:] == key[:-1]) & (value[1:] == value[:-1]))
    if len(twice):
        place = int(twice[0])
        form = "list-append" if np.any(history.kind == OperationKind.APPEND) else "rw-register"
        (key_name,) = called(history.key_labels, [int(key[place])])
        (value_name,) = called(history.value_labels, [int(value[place])])
        raise HistoryFileError(
            f"the value {value_name} is written to key {key_name} twice",
            f"{form} needs a new value for every write; export as jsonl or npz",
            column="value",
        )


def _processes(history: History, begin_ns: Integers) -> tuple[Integers, Integers]:
    """Return of every transaction its process, and its place in the row of its process."""
    count = history.transactions
    order = np.lexsort((np.arange(count), begin_ns, history.session))
    session = history.session[order].astype(np.int64)
    unknown = (history.outcome[order] == Outcome.UNKNOWN).astype(np.int64)
    before = np.cumsum(unknown) - unknown
    fresh = np.r_[True, session[1:] != session[:-1]][:count]
    lives = before - before[_run_starts(fresh)]
    process = np.empty(count, dtype=np.int64)
    numbers = _process_numbers(history.session_names)
    process[order] = numbers[session] + lives * (int(numbers.max(initial=0)) + 1)
    position = np.empty(count, dtype=np.int64)
    position[order] = np.arange(count)
    return process, position


def _process_numbers(names: tuple[str, ...]) -> Integers:
    """Return the process of every session: its name where all are numbers, else its place."""
    if all(_NUMBER.fullmatch(name) for name in names) and len(set(names)) == len(names):
        return np.array([int(name) for name in names], dtype=np.int64)
    return np.arange(len(names))


def _instants(history: History) -> tuple[Integers, Integers]:
    """Return when every transaction began and ended.

    What never ended, ends with the history; what began at an unknown instant, when it ended.
    """
    begin_ns, end_ns = history.invoked_ns, history.finished_ns
    open_end = (end_ns == NONE) & (history.outcome == Outcome.UNKNOWN)
    last_ns = max(int(column.max(initial=0)) for column in (begin_ns, end_ns, history.at_ns))
    end_ns = np.where(open_end, last_ns, end_ns)
    if np.any(end_ns == NONE):
        found = f"transaction {int(np.argmax(end_ns == NONE))} has no such instant"
        mend = "Jepsen's histories are in the order of time; export as jsonl or npz"
        raise HistoryFileError(found, mend, column="finished_ns")
    return np.where(begin_ns == NONE, end_ns, begin_ns), end_ns


def _check_sequence(
    history: History,
    process: Integers,
    position: Integers,
    begin_ns: Integers,
    end_ns: Integers,
) -> None:
    """Refuse a process that does two things at once."""
    order = np.argsort(position)
    same = process[order][1:] == process[order][:-1]
    early = np.flatnonzero(same & (begin_ns[order][1:] < end_ns[order][:-1]))
    backward = np.flatnonzero(end_ns < begin_ns)
    if len(early) or len(backward):
        row = int(order[early[0] + 1]) if len(early) else int(backward[0])
        name = history.session_names[history.session[row]]
        what = "begins before the one before it ended" if len(early) else "ends before it begins"
        found = f"transaction {row} of session {name} {what}"
        raise HistoryFileError(found, "a session does one thing at a time", column="invoked_ns")


def _order(process: Integers, position: Integers, begin_ns: Integers, end_ns: Integers) -> Integers:
    """Return the events (2 * transaction, + 1 for completions) in the order of the file."""
    rows = np.argsort(position)
    events = np.stack((2 * rows, 2 * rows + 1), axis=1).reshape(-1)
    time_ns = np.stack((begin_ns[rows], end_ns[rows]), axis=1).reshape(-1)
    actor = np.repeat(process[rows], 2)
    # Inside one instant an event comes after what its own process did at this instant, and
    # otherwise as early as invocations (even ranks) and as late as completions (odd ranks) can.
    count = len(events)
    fresh = np.r_[True, (actor[1:] != actor[:-1]) | (time_ns[1:] != time_ns[:-1])][:count]
    starts = _run_starts(fresh)
    rank = np.arange(count) - starts + starts % 2
    return events[np.lexsort((actor, rank, time_ns))]


def _run_starts(fresh: npt.NDArray[np.bool_]) -> Integers:
    """Return of every place the last place at or before it that is marked."""
    return np.maximum.accumulate(np.where(fresh, np.arange(len(fresh)), 0))


class _Steps:
    """Writes operations, their keys and values by name."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._keys, self._values = _tokens(history.key_labels), _tokens(history.value_labels)

    def text(self, row: int, *, told: bool) -> str:
        """Return the operations of a transaction; only if `told`, with what was read."""
        history = self._history
        rows = slice(int(history.first[row]), int(history.first[row + 1]))
        steps = zip(
            range(rows.start, rows.stop),
            history.kind[rows].tolist(),
            history.key[rows].tolist(),
            history.value[rows].tolist(),
            history.version[rows].tolist(),
            strict=True,
        )
        return " ".join(
            f"[{_CODES[kind]} {_token(self._keys, key)} "
            f"{self._said(place, kind, value, version, told)}]"
            for place, kind, key, value, version in steps
        )

    def _said(self, place: int, kind: int, value: int, version: int, told: bool) -> str:
        history = self._history
        if kind in (OperationKind.READ, OperationKind.READ_LIST) and not told:
            return "nil"
        if kind == OperationKind.READ_LIST:
            assert history.element_first is not None, "a list that was read has elements"
            assert history.elements is not None, "a list that was read has elements"
            ends = history.element_first[place : place + 2].tolist()
            elements = history.elements[slice(*ends)].tolist()
            return f"[{' '.join([_token(self._values, element) for element in elements])}]"
        initial = version == NONE and value == history.initial_value and history.has_initial
        nil = value == NIL or (initial and kind == OperationKind.READ)
        return "nil" if nil else _token(self._values, value)


def _line(
    history: History,
    steps: _Steps,
    index: int,
    event: int,
    process: int,
    instants: tuple[Integers, Integers],
) -> str:
    row, done = event >> 1, event & 1
    kind = _TYPES[Outcome(int(history.outcome[row]))] if done else "invoke"
    stated = f":process {process} " if history.has_sessions else ""
    return (
        f"{{:index {index} :type :{kind} {stated}:f :txn "
        f":value [{steps.text(row, told=kind == 'ok')}] :time {int(instants[done][row])}}}\n"
    )


def _tokens(labels: Labels | None) -> list[str] | None:
    """Return labels as EDN: what is one thing of EDN as it is, and any other text in quotes."""
    if labels is None:
        return None
    return [
        label if isinstance(label, str) and _is_edn(label) else json.dumps(label)
        for label in labels.tolist()
    ]


def _is_edn(text: str) -> bool:
    try:
        forms = list(Forms().feed(text, 1))
        return len(forms) == 1 and name_of(cast(Form, forms[0]), 1) == text
    except HistoryFileError:
        return False


def _token(tokens: list[str] | None, number: int) -> str:
    return str(number) if tokens is None or number < 0 else tokens[number]
