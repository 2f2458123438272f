"""Selects the transactions, the effects and the stretch of time that tell a story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.history import NONE, OracleKind, OracleLog, RowState

TRANSACTIONS_MAX: Final = 4
"""More transactions than this in one picture tell no story."""
ROWS_MAX: Final = 90
"""More marks than this make a picture taller than anybody reads."""

_KEYS_MAX: Final = 2
_AFTERMATH_NS: Final = 500_000_000
_NEVER_DRAWN: Final = (
    OracleKind.BEGIN_REPLIED,
    OracleKind.LEASE_HELD,
    OracleKind.LOW_WATER_MARK_PERSISTED,
)
_DATA: Final = (
    OracleKind.CELL_PUT,
    OracleKind.CELL_REMOVED,
    OracleKind.COMMIT_FIELD_PUT,
    OracleKind.CELL_COLLECTED,
    OracleKind.RESOLVED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a picture shows: transactions, rows of the oracle log in order, keys, a window.

    `keys` is empty when every key may be shown; `left_out` counts rows that did not fit.
    """

    transactions: tuple[int, ...]
    rows: tuple[int, ...]
    keys: tuple[int, ...]
    start_ns: int
    end_ns: int
    left_out: int


def select(
    oracle: OracleLog,
    *,
    evidence: Sequence[int],
    transactions: Sequence[int],
    keys: Sequence[int],
) -> Selection:
    """Select what to show of a violation, or, when all is empty, of a change of managers.

    The transactions and keys that are given come first.
    """
    proven = [int(row) for row in evidence]
    transactions = _transactions(oracle, proven, transactions)
    keys = _keys(oracle, proven, keys) or _keys_between(oracle, transactions)
    rows = _rows(oracle, transactions, proven, keys)
    kept = _most_important(oracle, rows, proven)
    kept = _without_aftermath(oracle, kept, proven)
    managers = oracle.rows_of(OracleKind.EPOCH_STARTED, OracleKind.LEASE_RELEASED)
    start, end = _window(oracle, kept or managers.tolist())
    inside = managers[(oracle.at_ns[managers] >= start) & (oracle.at_ns[managers] <= end)]
    return Selection(
        transactions=transactions,
        rows=tuple(sorted({*kept, *(int(row) for row in inside)})),
        keys=keys,
        start_ns=start,
        end_ns=end,
        left_out=len(rows) - len(kept),
    )


def _window(oracle: OracleLog, rows: Sequence[int]) -> tuple[int, int]:
    """Return the time that rows take, with some air around it; without rows, all time."""
    if not len(rows):
        return 0, int(oracle.at_ns[-1]) if len(oracle) else 0
    at_ns = oracle.at_ns[list(rows)]
    start, end = int(at_ns.min()), int(at_ns.max())
    air = min(max((end - start) // 50, 20_000), 1_000_000)
    return max(start - air, 0), end + air


def _transactions(
    oracle: OracleLog, evidence: Sequence[int], given: Sequence[int]
) -> tuple[int, ...]:
    chosen: dict[int, None] = {int(start): None for start in given}
    for row in evidence:
        chosen[int(oracle.transaction[row])] = None
        if oracle.kind[row] == OracleKind.RESOLVED:
            chosen[int(oracle.extra[row])] = None
    chosen.pop(NONE, None)
    if not chosen:
        chosen = dict.fromkeys(_around_failover(oracle))
    return tuple(chosen)[:TRANSACTIONS_MAX]


def _around_failover(oracle: OracleLog) -> list[int]:
    """Return an invalidated transaction and its reader, or the last before and first after."""
    victim = victim_of(oracle)
    if victim is not None:
        resolved = oracle.rows_of(OracleKind.RESOLVED)
        readers = resolved[oracle.extra[resolved] == victim]
        return [victim, *(int(oracle.transaction[row]) for row in readers[:1])]
    accepted = oracle.rows_of(OracleKind.COMMIT_ISSUED)
    epochs = oracle.rows_of(OracleKind.EPOCH_STARTED)
    if len(epochs) < 2:
        return [int(start) for start in oracle.transaction[accepted[:2]]]
    before = accepted[accepted < epochs[1]][-1:]
    after = accepted[accepted > epochs[1]][:1]
    return [int(oracle.transaction[row]) for row in (*before, *after)]


def victim_of(oracle: OracleLog) -> int | None:
    """Return a transaction that was invalidated, best of all one whose commit came too late."""
    marks = oracle.rows_of(OracleKind.COMMIT_TABLE_INVALIDATED)
    marks = marks[oracle.extra[marks] == RowState.ABSENT]
    puts = oracle.rows_of(OracleKind.COMMIT_TABLE_PUT)
    late = puts[oracle.extra[puts] == RowState.INVALID]
    resolved = oracle.rows_of(OracleKind.RESOLVED)
    victims = oracle.transaction[marks]
    read = np.isin(victims, oracle.extra[resolved])
    for wanted in (read & np.isin(victims, oracle.transaction[late]), read, victims != NONE):
        if wanted.any():
            return int(victims[wanted][0])
    return None


def _keys_between(oracle: OracleLog, transactions: Sequence[int]) -> tuple[int, ...]:
    """Return the keys on which the transactions met, else the first that they wrote."""
    rows = oracle.rows_of(OracleKind.RESOLVED)
    rows = rows[np.isin(oracle.transaction[rows], transactions)]
    rows = rows[np.isin(oracle.extra[rows], transactions)]
    if not len(rows):
        rows = oracle.rows_of(OracleKind.CELL_PUT)
        rows = rows[np.isin(oracle.transaction[rows], transactions)]
    return tuple(dict.fromkeys(int(oracle.key[row]) for row in rows))[:_KEYS_MAX]


def _keys(oracle: OracleLog, evidence: Sequence[int], given: Sequence[int]) -> tuple[int, ...]:
    keys = {int(key): None for key in given}
    keys |= {int(oracle.key[row]): None for row in evidence}
    keys.pop(NONE, None)
    return tuple(keys)


def _rows(
    oracle: OracleLog,
    transactions: Sequence[int],
    evidence: Sequence[int],
    keys: Sequence[int],
) -> list[int]:
    wanted = np.isin(oracle.transaction, transactions)
    wanted &= ~np.isin(oracle.kind, [int(kind) for kind in _NEVER_DRAWN])
    data = np.isin(oracle.kind, [int(kind) for kind in _DATA])
    if keys:
        wanted &= ~data | np.isin(oracle.key, keys)
    # Of other writers' versions a reader meets many; only those between the chosen ones count.
    resolved = oracle.kind == OracleKind.RESOLVED
    wanted &= ~resolved | np.isin(oracle.extra, transactions)
    wanted[list(evidence)] = True
    return [int(row) for row in np.flatnonzero(wanted)]


def _most_important(oracle: OracleLog, rows: list[int], evidence: Sequence[int]) -> list[int]:
    if len(rows) <= ROWS_MAX:
        return rows
    proven = set(evidence)
    data = {int(kind) for kind in _DATA}

    def weight(row: int) -> tuple[int, int]:
        return (0 if row in proven else 2 if int(oracle.kind[row]) in data else 1, row)

    return sorted(sorted(rows, key=weight)[:ROWS_MAX])


def _without_aftermath(oracle: OracleLog, rows: list[int], evidence: Sequence[int]) -> list[int]:
    """Drop what happens long after the violation, such as the cleaner's work."""
    if not evidence:
        return rows
    kept: list[int] = []
    for row in rows:
        late = row > evidence[-1] and oracle.at_ns[row] > oracle.at_ns[kept[-1]] + _AFTERMATH_NS
        if late:
            break
        kept.append(row)
    return kept
