"""Whole histories of lists at once, where nothing is wrong with what was read.

Every list is compared with the longest of its key, element by element and for all lists in one
step; only the elements of the longest ones are looked up. What `lists` would find wrong is not
named here, only noticed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.history import NONE, History, Integers, OperationKind, Outcome
from specs.history.isolation.facts import INITIAL, Facts, Flags, dense, order_of
from specs.history.isolation.graph import spread

_APPEND = int(OperationKind.APPEND)


def facts_at_once(history: History) -> Facts | None:
    """Return what a history of lists says, None where a closer look is needed."""
    if (history.kind < _APPEND).any():
        return None
    lists = _Lists.of(history)
    longest = _longest(lists)
    if longest is None:
        return None
    order = _Order.of(lists, longest)
    if order is None or not _ends_well(lists, order):
        return None
    return _facts(lists, order)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    """Operations in columns, and what each one's transaction did to its key before."""

    history: History
    keys: Integers
    key: Integers
    owner: Integers
    first: Integers
    """Where the elements of each operation begin; one more for the end."""
    elements: Integers
    is_append: Flags
    last: Flags
    """Of appends: whether it is its transaction's last one to the key."""
    turn: Integers
    """Of appends: how many of its transaction to the key came before."""
    reads: Integers
    """Rows of committed reads, ..."""
    size: Integers
    """... how many elements of others each returned, ..."""
    opening: Integers
    """... the place among them of the first one of its transaction and key, ..."""
    updates: Flags
    """... and whether that transaction appended to that key, before or after."""
    torn: bool
    """Whether some read does not end in what its transaction appended before."""

    @classmethod
    def of(cls, history: History) -> _Lists:
        """Group operations by transaction and key, and take own appends off every read."""
        first, elements = history.element_first, history.elements
        if first is None or elements is None:
            # Nobody read a list.
            first = np.zeros(history.operations + 1, dtype=np.int64)
            elements = first[:0]
        keys, key = dense(history.key)
        owner = history.owner()
        is_append = history.kind == _APPEND
        order = np.argsort(owner * len(keys) + key, kind="stable")
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = (owner[order[1:]] != owner[order[:-1]]) | (key[order[1:]] != key[order[:-1]])
        begins = np.flatnonzero(new)
        group = np.cumsum(new) - 1
        appends = is_append[order]
        # Appends before each place, over all groups and in its own.
        before = np.cumsum(appends) - appends
        own = before - before[begins][group]
        last = np.zeros(len(order), dtype=np.bool_)
        of_group = np.add.reduceat(appends, begins, dtype=np.int64) if len(begins) else begins
        last[order[appends]] = (own + 1 == of_group[group])[appends]
        turn = np.zeros(len(order), dtype=np.int64)
        turn[order[appends]] = own[appends]
        committed = history.outcome[owner[order]] == Outcome.COMMITTED
        places = np.flatnonzero(~appends & committed)
        rows = order[places]
        size = first[rows + 1] - first[rows] - own[places]
        torn = bool((size < 0).any())
        if not torn:
            appended = history.value[order[appends]]
            mine = elements[spread(first[rows] + size, first[rows + 1])]
            torn = not np.array_equal(
                mine, appended[spread(before[places] - own[places], before[places])]
            )
        fresh = np.ones(len(places), dtype=np.bool_)
        fresh[1:] = group[places[1:]] != group[places[:-1]]
        opening = np.maximum.accumulate(np.where(fresh, np.arange(len(places)), 0))
        return cls(
            history=history,
            keys=keys,
            key=key,
            owner=owner,
            first=first,
            elements=elements,
            is_append=is_append,
            last=last,
            turn=turn,
            reads=rows,
            size=size,
            opening=opening,
            updates=of_group[group[places]] > 0,
            torn=torn,
        )


def _longest(lists: _Lists) -> Integers | None:
    """Return the place of the longest read of every key, `NONE` where nobody saw an element.

    None where a read is not a beginning of it, or does not repeat what its transaction read.
    """
    if lists.torn or (lists.size != lists.size[lists.opening]).any():
        return None
    key = lists.key[lists.reads]
    longest = np.full(len(lists.keys), NONE, dtype=np.int64)
    # Reads of one key stand in the order of their rows: the first of the longest ones is taken.
    order = order_of(key, int(lists.size.max(initial=0)) - lists.size)
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = key[order[1:]] != key[order[:-1]]
    best = order[new]
    best = best[lists.size[best] > 0]
    longest[key[best]] = best
    several = np.flatnonzero((lists.size > 0) & (longest[key] != np.arange(len(key))))
    row, other = lists.reads[several], lists.reads[longest[key[several]]]
    size = lists.size[several]
    found = lists.elements[spread(lists.first[row], lists.first[row] + size)]
    due = lists.elements[spread(lists.first[other], lists.first[other] + size)]
    return longest if np.array_equal(found, due) else None


@dataclass(frozen=True, slots=True)
class _Order:
    """The longest lists of all keys, one after another, as rows of appends."""

    append: Integers
    key: Integers
    first: Integers
    """Where each key's begins; one more for the end."""

    @classmethod
    def of(cls, lists: _Lists, longest: Integers) -> _Order | None:
        """Look up who appended what was seen; None where that is not one list of whole appends."""
        seen = np.flatnonzero(longest != NONE)
        row, size = lists.reads[longest[seen]], lists.size[longest[seen]]
        value = lists.elements[spread(lists.first[row], lists.first[row] + size)]
        key = np.repeat(seen, size)
        sizes = np.zeros(len(lists.keys) + 1, dtype=np.int64)
        sizes[seen + 1] = size
        append = _looked_up(lists, key, value)
        if append is None:
            return None
        owner = lists.owner[append]
        if (lists.history.outcome[owner] == Outcome.ABORTED).any():
            return None
        same = key[1:] == key[:-1]
        goes_on = same & (owner[1:] == owner[:-1])
        # A transaction's appends stand together and in its own order, from its first one up to its
        # last one or the end of what was seen.
        if (same & ~lists.last[append[:-1]] & ~goes_on).any():
            return None
        due = np.zeros(len(append), dtype=np.int64)
        due[1:] = np.where(goes_on, lists.turn[append[:-1]] + 1, 0)
        if (lists.turn[append] != due).any():
            return None
        return cls(append, key, np.cumsum(sizes))


def _looked_up(lists: _Lists, key: Integers, value: Integers) -> Integers | None:
    """Return the row of the append of every element, None where there is not exactly one."""
    rows = np.flatnonzero(lists.is_append)
    keys = np.concatenate([lists.key[rows], key])
    values = np.concatenate([lists.history.value[rows], value])
    order = order_of(keys, values)
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (keys[order[1:]] != keys[order[:-1]]) | (values[order[1:]] != values[order[:-1]])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.cumsum(new) - 1
    elements = int(new.sum())
    if (np.bincount(number[: len(rows)], minlength=elements) != 1).any():
        return None
    if (np.bincount(number[len(rows) :], minlength=elements) > 1).any():
        return None
    appended = np.empty(elements, dtype=np.int64)
    appended[number[: len(rows)]] = rows
    return appended[number[len(rows) :]]


def _ends_well(lists: _Lists, order: _Order) -> bool:
    """Say whether every read ends where a transaction's appends do, and not in its reader's."""
    read = lists.reads[lists.size > 0]
    end = order.append[order.first[lists.key[read]] + lists.size[lists.size > 0] - 1]
    ends_well: bool = bool((lists.last[end] & (lists.owner[end] != lists.owner[read])).all())
    return ends_well


def _facts(lists: _Lists, order: _Order) -> Facts:
    history = lists.history
    committed = history.outcome == Outcome.COMMITTED
    counts = committed.copy()
    counts[lists.owner[order.append]] = True
    row = np.flatnonzero(counts)
    number = np.full(history.transactions, NONE, dtype=np.int64)
    number[row] = np.arange(len(row))
    writes = np.flatnonzero(lists.is_append & lists.last & counts[lists.owner])
    writer, writer_key = number[lists.owner[writes]], lists.key[writes]
    first_reads = np.flatnonzero(lists.opening == np.arange(len(lists.opening)))
    first_reads = first_reads[np.argsort(lists.reads[first_reads])]
    reads, size = lists.reads[first_reads], lists.size[first_reads]
    reader, reader_key = number[lists.owner[reads]], lists.key[reads]
    reader_from = np.full(len(reads), INITIAL, dtype=np.int64)
    some = size > 0
    end = order.first[reader_key[some]] + size[some] - 1
    reader_from[some] = number[lists.owner[order.append[end]]]
    # Along each list, and by having read before appending.
    owner = number[lists.owner[order.append]]
    fresh = np.ones(len(owner), dtype=np.bool_)
    fresh[1:] = order.key[1:] != order.key[:-1]
    before = np.concatenate([[INITIAL], owner[:-1]]) if len(owner) else owner
    before = np.where(fresh, INITIAL, before)
    steps = np.flatnonzero(fresh | (owner != before))
    updates = lists.updates[first_reads]
    link_key = np.concatenate([order.key[steps], reader_key[updates]])
    followed = np.concatenate([before[steps], reader_from[updates]])
    follower = np.concatenate([owner[steps], reader[updates]])
    links = _first_of_each(link_key, (followed - INITIAL) * len(row) + follower)
    return Facts(
        history=history,
        row=row,
        session=dense(history.session[row])[1],
        vouched=committed[row],
        writer=writer,
        writer_key=writer_key,
        writer_operation=writes,
        reader=reader,
        reader_key=reader_key,
        reader_from=reader_from,
        reader_operation=reads,
        follower=follower[links],
        followed=followed[links],
        follower_key=link_key[links],
        keys=lists.keys,
        misreads=(),
        shown=_shown(order, owner, steps[~fresh[steps]], (writer, writer_key, writes)),
    )


def _first_of_each(key: Integers, code: Integers) -> Integers:
    """Return the rows that repeat none before them: lists go before reads, which say less."""
    order = order_of(key, code)
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (key[order[1:]] != key[order[:-1]]) | (code[order[1:]] != code[order[:-1]])
    return np.sort(order[new])


def _shown(
    order: _Order, owner: Integers, along: Integers, writes: tuple[Integers, Integers, Integers]
) -> tuple[Integers, ...]:
    """Return earlier writers, later ones and their keys: along lists, and what comes after them.

    Whoever appended what nobody saw comes after the last writer that was seen.
    """
    writer, key, row = writes
    ends = order.first[key + 1] - 1
    # What was seen ends with a whole transaction: whoever is seen, is seen with its last append.
    rows = np.zeros(max(int(order.append.max(initial=0)), int(row.max(initial=0))) + 1, np.bool_)
    rows[order.append] = True
    unseen = (ends >= order.first[key]) & ~rows[row]
    return (
        np.concatenate([owner[along - 1], owner[ends[unseen]]]),
        np.concatenate([owner[along], writer[unseen]]),
        np.concatenate([order.key[along], key[unseen]]),
    )
