"""Who counts as committed by the stated timestamps, and when: starts and commits on one scale.

At one instant, commits come before the starts of others, and a transaction's own start before its
own commit. A place on the scale is four times the instant plus a slot: 1 for commits, 3 for starts.

What the file says to have committed counts; what it says to have failed does not. One whose
outcome is unknown counts exactly if a committed transaction read a value that it wrote last: if
nobody read it, its absence explains the history as well as its presence (it would only be one more
writer to overlap, and one more version to miss). It counts as a writer only, for nobody vouches for
what it read; what it wrote must be its own, or a read of it names no writer. Where its commit
timestamp is not stated, it committed as late as others allow: just before the first start of a
transaction that read from it or wrote one of its keys after it began. Nothing gains from an earlier
commit: who read older versions wants it later, and writers do not overlap, so its start settles its
place among them.
A transaction that wrote nothing may lack a commit timestamp; it ends as it starts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.history import NONE, History, Integers, OperationKind, Outcome
from specs.history.isolation.decide import NotApplicable
from specs.history.isolation.facts import Flags, UnsupportedHistory, states_writers

_BEFORE, _COMMIT, _AFTER, _START = 0, 1, 2, 3
_WRITE, _APPEND = int(OperationKind.WRITE), int(OperationKind.APPEND)
_INSTANT_MAX: Final = 1 << 60


class MalformedTimestamps(UnsupportedHistory):
    """Timestamps that no execution can have; `operations` are the rows that show it."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """The transactions that count, by row of the history, and their places on the scale."""

    history: History
    counts: Flags
    begin: Integers
    end: Integers
    placed: Flags
    """Whether a commit is not stated, but put where it does least harm."""

    @property
    def vouched(self) -> Flags:
        """Say whose reads are known."""
        vouched: Flags = self.history.outcome == Outcome.COMMITTED
        return vouched


def is_write(history: History) -> Flags:
    """Say which operations write: registers or lists."""
    writes: Flags = (history.kind == _WRITE) | (history.kind == _APPEND)
    return writes


def stamped_of(history: History, *, previous: Integers, final: Flags) -> Stamped:
    """Return who counts, and when; raises `NotApplicable` and `MalformedTimestamps`.

    `previous` is the operation before in the same transaction and key, `NONE` for none; `final`
    are the writes that others may read.
    """
    committed = history.outcome == Outcome.COMMITTED
    start, commit = history.start_timestamp, history.commit_timestamp
    _check_stated(history, committed)
    instants = _instants(start, commit)
    begin, end = instants[0] * 4 + _START, instants[1] * 4 + _COMMIT
    counts = committed.copy()
    placed = np.zeros(len(counts), dtype=np.bool_)
    if (history.outcome == Outcome.UNKNOWN).any():
        readers = _readers_of_unknown(history, committed, previous, final)
        _place(history, readers, counts, begin, end, placed)
    bare = counts & (commit == NONE) & ~placed
    end[bare] = begin[bare]
    _check_order(history, counts & (commit != NONE) & (start != NONE))
    return Stamped(history, counts, begin, end, placed)


def _check_stated(history: History, committed: Flags) -> None:
    """Refuse histories in which a committed transaction does not state its timestamps."""
    if (history.start_timestamp[committed] == NONE).any():
        raise NotApplicable("a committed transaction states no start timestamp: try session-si")
    lacking = committed & (history.commit_timestamp == NONE)
    if not lacking.any():
        return
    writers = history.first.searchsorted(np.flatnonzero(is_write(history)), side="right") - 1
    if lacking[writers].any():
        raise NotApplicable("a committed writer states no commit timestamp: try session-si")


def _check_order(history: History, stated: Flags) -> None:
    """Refuse commits before their own start."""
    wrong = np.flatnonzero(stated & (history.commit_timestamp < history.start_timestamp))
    if len(wrong):
        row = int(wrong[0])
        raise MalformedTimestamps(
            f"a transaction commits at {history.commit_timestamp[row]}, before its start "
            f"at {history.start_timestamp[row]}",
            tuple(range(int(history.first[row]), int(history.first[row + 1])))[:1],
        )


def _instants(start: Integers, commit: Integers) -> tuple[Integers, Integers]:
    """Return timestamps as small numbers in the same order."""
    if not len(start) or max(int(start.max()), int(commit.max())) < _INSTANT_MAX:
        return start, commit
    _, instants = np.unique(np.concatenate([start, commit]), return_inverse=True)
    instants = instants.reshape(-1).astype(np.int64)
    return instants[: len(start)], instants[len(start) :]


def _readers_of_unknown(
    history: History, committed: Flags, previous: Integers, final: Flags
) -> dict[int, list[int]]:
    """Return the committed rows that read from each unknown row."""
    owner = history.owner()
    unknown = history.outcome == Outcome.UNKNOWN
    stated = states_writers(history)
    identity = history.version if stated else history.value
    wrote: dict[tuple[int, int], list[int]] = {}
    for at in np.flatnonzero(final & unknown[owner]).tolist():
        wrote.setdefault((int(history.key[at]), int(identity[at])), []).append(int(owner[at]))
    shared = _shared(history, committed[owner], identity, wrote, stated=stated)
    readers: dict[int, list[int]] = {}
    for at, key, value in _external_values(history, committed, owner, previous, identity, wrote):
        writers = wrote.get((key, value), [])
        if len(set(writers)) > 1 or (key, value) in shared:
            raise UnsupportedHistory(
                "a read returns what a transaction of unknown outcome wrote and another one too, "
                "so it names no writer",
                (at,),
            )
        for writer in writers[:1]:
            readers.setdefault(writer, []).append(int(owner[at]))
    return readers


def _shared(
    history: History,
    certain: Flags,
    identity: Integers,
    wrote: Iterable[tuple[int, int]],
    *,
    stated: bool,
) -> set[tuple[int, int]]:
    """Return which of these keys and values committed transactions wrote too, or nobody."""
    if stated:
        return set()
    wanted = np.fromiter((value for _, value in wrote), dtype=np.int64)
    others = np.flatnonzero(is_write(history) & certain & np.isin(identity, wanted))
    found = set(zip(history.key[others].tolist(), identity[others].tolist(), strict=True))
    if history.has_initial:
        found |= {pair for pair in wrote if pair[1] == history.initial_value}
    return found


def _external_values(
    history: History,
    committed: Flags,
    owner: Integers,
    previous: Integers,
    identity: Integers,
    wrote: Iterable[tuple[int, int]],
) -> Iterable[tuple[int, int, int]]:
    """Yield row, key and value of what committed transactions read from others, where wanted."""
    wanted = np.fromiter((value for _, value in wrote), dtype=np.int64)
    reads = (history.kind == OperationKind.READ) & committed[owner] & (previous == NONE)
    for at in np.flatnonzero(reads & np.isin(identity, wanted)).tolist():
        yield at, int(history.key[at]), int(identity[at])
    if history.elements is None or history.element_first is None:
        return
    lists = np.repeat(np.arange(history.operations), np.diff(history.element_first))
    for place in np.flatnonzero(np.isin(history.elements, wanted)).tolist():
        at = int(lists[place])
        if committed[owner[at]]:
            yield at, int(history.key[at]), int(history.elements[place])


def _place(
    history: History,
    readers: dict[int, list[int]],
    counts: Flags,
    begin: Integers,
    end: Integers,
    placed: Flags,
) -> None:
    """Let unknown transactions count that were read from, and say when they committed."""
    if not readers:
        return
    start, commit = history.start_timestamp, history.commit_timestamp
    rows = np.array(sorted(readers), dtype=np.int64)
    counts[rows] = True
    if ((start[rows] == NONE) & (commit[rows] == NONE)).any():
        raise NotApplicable("a transaction that was read states no timestamps: try session-si")
    # Without a start it may have begun just before it committed.
    bare = rows[start[rows] == NONE]
    begin[bare] = end[bare]
    late = [int(row) for row in rows if commit[row] == NONE]
    if not late:
        return
    following = _writers(history, counts)
    for row in late:
        mine = slice(int(history.first[row]), int(history.first[row + 1]))
        keys = np.unique(history.key[mine][is_write(history)[mine]])
        bounds = [int(begin[reader]) - _START + _AFTER for reader in readers[row]]
        for key in keys.tolist():
            for other in following.get(key, ()):
                if other == row or begin[other] < begin[row]:
                    continue
                at_once = not placed[other] and end[other] >> 2 == begin[other] >> 2
                slot = _BEFORE if at_once and commit[other] != NONE else _AFTER
                bounds.append(int(begin[other]) - _START + slot)
        end[row] = max(min(bounds), int(begin[row]) - _START + _AFTER)
        placed[row] = True


def _writers(history: History, counts: Flags) -> dict[int, list[int]]:
    """Return who wrote each key."""
    owner = history.owner()
    found: dict[int, list[int]] = {}
    for at in np.flatnonzero(is_write(history) & counts[owner]).tolist():
        found.setdefault(int(history.key[at]), []).append(int(owner[at]))
    return found
