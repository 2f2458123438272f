"""Jepsen's EDN of read-write registers, for other checkers; written only.

    {:index 0 :type :invoke :process 0 :f :txn :value [[:r 3 nil] [:w 4 7]] :time 10}
    {:index 1 :type :ok :process 0 :f :txn :value [[:r 3 nil] [:w 4 7]] :time 60}

One map a line, in the order of true time. At one instant invocations come before completions
where the process allows it, so that no order is claimed that nobody could see. Committed is
`:ok`, aborted `:fail`, unknown `:info`; only `:ok` tells what was read, and a read of the
initial value is nil. Jepsen's process dies with an unknown outcome, and its session goes on as
another process: the number grows by the number of sessions.
"""

from __future__ import annotations

from typing import IO, Final

import numpy as np
import numpy.typing as npt

from sim.history import NONE, History, Integers, OperationKind, OracleLog, Outcome
from specs.history.formats.errors import HistoryFileError

_TYPES: Final = {Outcome.COMMITTED: "ok", Outcome.ABORTED: "fail", Outcome.UNKNOWN: "info"}
_BLOCK: Final = 4096


def write(file: IO[bytes], history: History, oracle: OracleLog | None = None) -> None:
    """Write a history as EDN into a binary file object, and leave out the oracle log.

    Every transaction needs its instants, and every written value must tell its writer.
    """
    _check_values(history)
    process, position = _processes(history)
    begin_ns, end_ns = _instants(history)
    _check_sequence(history, process, position, begin_ns, end_ns)
    events = _order(process, position, begin_ns, end_ns)
    for start in range(0, len(events), _BLOCK):
        block = events[start : start + _BLOCK].tolist()
        lines = [
            _line(history, index, event, int(process[event >> 1]), (begin_ns, end_ns))
            for index, event in enumerate(block, start)
        ]
        file.write("".join(lines).encode())


def _check_values(history: History) -> None:
    """Refuse two writes of one value to one key: a reader could not tell whose it read."""
    rows = np.flatnonzero(history.kind == OperationKind.WRITE)
    rows = rows[np.lexsort((history.value[rows], history.key[rows]))]
    key, value = history.key[rows], history.value[rows]
    twice = np.flatnonzero((key[1:] == key[:-1]) & (value[1:] == value[:-1]))
    if len(twice):
        place = int(twice[0])
        raise HistoryFileError(
            f"the value {value[place]} is written to key {key[place]} twice",
            "rw-register needs a new value for every write; export as jsonl or npz",
            column="value",
        )


def _processes(history: History) -> tuple[Integers, Integers]:
    """Return of every transaction its process, and its place in the row of its process."""
    count = history.transactions
    order = np.lexsort((np.arange(count), history.invoked_ns, history.session))
    session = history.session[order].astype(np.int64)
    unknown = (history.outcome[order] == Outcome.UNKNOWN).astype(np.int64)
    before = np.cumsum(unknown) - unknown
    fresh = np.r_[True, session[1:] != session[:-1]][:count]
    lives = before - before[_run_starts(fresh)]
    process = np.empty(count, dtype=np.int64)
    process[order] = session + lives * len(history.session_names)
    position = np.empty(count, dtype=np.int64)
    position[order] = np.arange(count)
    return process, position


def _instants(history: History) -> tuple[Integers, Integers]:
    """Return when every transaction began and ended; what never ended, ends with the history."""
    begin_ns, end_ns = history.invoked_ns, history.finished_ns
    open_end = (end_ns == NONE) & (history.outcome == Outcome.UNKNOWN)
    last_ns = max(int(column.max(initial=0)) for column in (begin_ns, end_ns, history.at_ns))
    end_ns = np.where(open_end, last_ns, end_ns)
    for name, column in (("invoked_ns", begin_ns), ("finished_ns", end_ns)):
        if np.any(column == NONE):
            found = f"transaction {int(np.argmax(column == NONE))} has no such instant"
            mend = "Jepsen's histories are in the order of time; export as jsonl or npz"
            raise HistoryFileError(found, mend, column=name)
    return begin_ns, end_ns


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


def _line(
    history: History, index: int, event: int, process: int, instants: tuple[Integers, Integers]
) -> str:
    row, done = event >> 1, event & 1
    kind = _TYPES[Outcome(int(history.outcome[row]))] if done else "invoke"
    rows = slice(int(history.first[row]), int(history.first[row + 1]))
    operations = " ".join(
        f"[:w {key} {value}]"
        if code == OperationKind.WRITE
        else f"[:r {key} {_seen(history, value, version) if kind == 'ok' else 'nil'}]"
        for code, key, value, version in zip(
            history.kind[rows].tolist(),
            history.key[rows].tolist(),
            history.value[rows].tolist(),
            history.version[rows].tolist(),
            strict=True,
        )
    )
    return (
        f"{{:index {index} :type :{kind} :process {process} :f :txn "
        f":value [{operations}] :time {int(instants[done][row])}}}\n"
    )


def _seen(history: History, value: int, version: int) -> int | str:
    return "nil" if version == NONE and value == history.initial_value else value
