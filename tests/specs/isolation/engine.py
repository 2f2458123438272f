"""A small engine of snapshot isolation, for histories of any size whose verdict is known."""

from __future__ import annotations

from sim.history import Outcome
from sim.kernel.streams import Streams, below
from tests.specs.isolation.oracle import (
    APPEND,
    INITIAL,
    READ,
    READ_LIST,
    WRITE,
    Operation,
    Transaction,
    Value,
    written,
)


def executed(
    seed: int,
    *,
    count: int = 120,
    keys: int = 20,
    sessions: int = 6,
    lists: bool = False,
    serial: bool = False,
) -> list[Transaction]:
    """Execute random transactions: first committer wins, some outcomes stay unknown.

    With `serial`, a transaction ends before the next one begins.
    """
    chance = Streams(seed).at("engine", "lists" if lists else "registers")
    state: dict[int, Value] = dict.fromkeys(range(keys), () if lists else INITIAL)
    last: dict[int, int] = {}
    open_: dict[int, tuple[int, tuple[Operation, ...]]] = {}
    fresh = iter(range(1, 10 * count))
    done: list[Transaction] = []
    tick = 0
    while len(done) < count:
        tick += 1
        session = min(open_) if serial and open_ else below(chance, sessions)
        if session not in open_:
            operations, seen = [], dict(state)
            for _ in range(1 + below(chance, 5)):
                key, writes = below(chance, keys), below(chance, 2)
                if lists:
                    if writes:
                        value = next(fresh)
                        seen[key] = (*seen[key], value)
                        operations.append(Operation(APPEND, key, value))
                    else:
                        operations.append(Operation(READ_LIST, key, seen[key]))
                else:
                    seen[key] = next(fresh) if writes else seen[key]
                    operations.append(Operation(WRITE if writes else READ, key, seen[key]))
            open_[session] = tick, tuple(operations)
            continue
        begun, operations = open_.pop(session)
        mine = Transaction(session, Outcome.COMMITTED, operations, begun, tick)
        lost = below(chance, 20) == 0
        if lost:
            kept = tuple(o for o in operations if o.kind in (WRITE, APPEND))
            mine = mine._replace(outcome=Outcome.UNKNOWN, operations=kept)
        fails = any(last.get(key, 0) > begun for key in written(mine))
        if fails and not lost:
            mine = mine._replace(outcome=Outcome.ABORTED)
        elif not fails and (not lost or below(chance, 2)):
            for kind, key, value in operations:
                if kind == WRITE:
                    state[key] = value
                elif kind == APPEND:
                    state[key] = (*state[key], value)
            last |= dict.fromkeys(written(mine), tick)
        done.append(mine)
    return done


ANOMALIES = ("lost update", "long fork", "stale session", "write skew", "causal violation")


def with_anomaly(
    transactions: list[Transaction], name: str, *, lists: bool = False
) -> list[Transaction]:
    """Return a history with an anomaly on keys and in sessions of its own, at its end."""
    first = 1 + max(each.session for each in transactions)
    key = 1 + max(key for each in transactions for _, key, _ in each.operations)
    tick = 1 + max(each.finished for each in transactions)
    x, y = key, key + 1
    value = 1_000_000

    def writing(at: int, number: int) -> Operation:
        return Operation(APPEND if lists else WRITE, at, value + number)

    def seeing(at: int, *numbers: int) -> Operation:
        if lists:
            return Operation(READ_LIST, at, tuple(value + number for number in numbers))
        return Operation(READ, at, value + numbers[-1] if numbers else INITIAL)

    shapes: dict[str, list[tuple[int, tuple[Operation, ...]]]] = {
        "lost update": [(0, (seeing(x), writing(x, 1))), (1, (seeing(x), writing(x, 2)))],
        "long fork": [
            (0, (writing(x, 1),)),
            (1, (writing(y, 2),)),
            (2, (seeing(x, 1), seeing(y))),
            (3, (seeing(x), seeing(y, 2))),
        ],
        "stale session": [(0, (writing(x, 1),)), (0, (seeing(x),))],
        "write skew": [
            (0, (seeing(x), seeing(y), writing(x, 1))),
            (1, (seeing(x), seeing(y), writing(y, 2))),
        ],
        "causal violation": [
            (0, (writing(x, 1), writing(y, 1))),
            (1, (seeing(x, 1), writing(x, 2))),
            (2, (seeing(x, 1, 2), seeing(y))),
        ],
    }
    # All at one time, but for those of one session.
    added = [
        Transaction(
            first + session,
            Outcome.COMMITTED,
            operations,
            tick + 100 * place * (name[0] == "s"),
            tick + 50 + 100 * place * (name[0] == "s"),
        )
        for place, (session, operations) in enumerate(shapes[name])
    ]
    return [*transactions, *added]


def accepts_with(name: str, level: str) -> bool:
    """Say whether a level that accepts a history accepts it with an anomaly added."""
    allowed = {
        "lost update": ("read-committed", "read-atomic", "causal"),
        "long fork": ("read-committed", "read-atomic", "causal"),
        "stale session": ("read-committed", "si", "gsi", "serializable"),
        "write skew": (
            "read-committed",
            "read-atomic",
            "causal",
            "si",
            "gsi",
            "session-si",
            "strong-si",
        ),
        "causal violation": ("read-committed", "read-atomic"),
    }
    return level in allowed[name]
