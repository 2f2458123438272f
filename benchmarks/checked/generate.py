"""Histories made for the benchmark: valid at every level of snapshot isolation.

Transactions run at snapshots that are a few transactions old; who would overwrite what was written
since reads it instead (first committer wins). Columns are made in whole, a million transactions in
a few seconds.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from sim.kernel.streams import Streams, below

if TYPE_CHECKING:
    from sim.history import History, Integers

SESSIONS: Final = 24


def snapshots(
    transactions: int, *, operations: int, keys: int, seed: int = 1, sessions: int = SESSIONS
) -> History:
    """Return a history of blind writes and reads, half of each, with timestamps.

    Transactions read one version of a key or write it, never both, so that no version names the
    next and every pair of writers of a key is open. `keys` is a multiple of `operations`: the
    operations of a transaction draw from shares of their own.
    """
    import numpy as np

    from sim.history import NONE, History, OperationKind, Outcome

    number = np.arange(transactions, dtype=np.int64)
    # A session's last transaction committed before the snapshot of its next.
    behind = _numbers(transactions, seed) % sessions
    start, commit = 2 * np.maximum(number - behind, 0), 2 * number + 1
    share = keys // operations
    rows = transactions * operations
    key = _numbers(rows, seed + 1) % share + share * np.tile(np.arange(operations), transactions)
    owner = np.repeat(number, operations)
    writes = _numbers(rows, seed + 2) % 2 == 0
    by_key = np.argsort(key * transactions + owner)
    wrote = by_key[writes[by_key]]
    again = key[wrote[1:]] == key[wrote[:-1]]
    again &= commit[owner[wrote[:-1]]] > start[owner[wrote[1:]]]
    writes[wrote[1:][again]] = False
    value = np.zeros(rows, dtype=np.int64)
    value[writes] = np.flatnonzero(writes) + 1
    wrote = by_key[writes[by_key]]
    versions = key[wrote] * 4 * transactions + commit[owner[wrote]]
    reads = np.flatnonzero(~writes)
    last = np.searchsorted(versions, key[reads] * 4 * transactions + start[owner[reads]]) - 1
    found = (last >= 0) & (key[wrote[last]] == key[reads])
    value[reads[found]] = value[wrote[last[found]]]
    nothing = np.full(transactions, NONE, dtype=np.int64)
    return History(
        session=(number % sessions).astype(np.int32),
        outcome=np.full(transactions, int(Outcome.COMMITTED), dtype=np.int8),
        start_timestamp=start,
        commit_timestamp=commit,
        invoked_ns=nothing,
        begun_ns=nothing,
        committing_ns=nothing,
        finished_ns=nothing,
        first=np.arange(0, rows + 1, operations, dtype=np.int64),
        kind=np.where(writes, int(OperationKind.WRITE), int(OperationKind.READ)).astype(np.int8),
        key=key,
        value=value,
        version=np.full(rows, NONE, dtype=np.int64),
        at_ns=np.full(rows, NONE, dtype=np.int64),
        session_names=tuple(str(place) for place in range(sessions)),
    )


def _numbers(count: int, seed: int) -> Integers:
    """Return numbers from 0 up that look drawn (SplitMix64; Steele, Lea and Flood, 2014)."""
    import numpy as np

    state = np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed << 40)
    state *= np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    # Low bits are as good as high ones; the sign is not wanted.
    return ((state ^ (state >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


def writer_pairs(history: History) -> int:
    """Count the pairs of committed transactions that wrote one key."""
    import numpy as np

    from sim.history import OperationKind

    rows = np.flatnonzero(history.kind == OperationKind.WRITE)
    pairs = np.unique(np.stack([history.key[rows], history.owner()[rows]]), axis=1)
    writers = np.unique(pairs[0], return_counts=True)[1]
    return int((writers * (writers - 1) // 2).sum())


def write_lists(file: IO[bytes], transactions: int, *, seed: int = 5) -> None:
    """Write a history of lists in EDN, with its invocations, as Jepsen's clients would."""
    chance = Streams(seed).at("lists")
    lists: dict[int, list[int]] = {}
    active, fresh = list(range(10)), 10
    counts: dict[int, int] = {}
    running: dict[int, list[tuple[str, int, int]]] = {}
    begun = index = 0
    while begun < transactions or running:
        process = below(chance, 20)
        if process in running:
            operations = running.pop(process)
            failed = below(chance, 20) == 0
            kind = "fail" if failed else "ok"
            text = " ".join(_done(operations, {} if failed else lists, failed=failed))
        elif begun < transactions:
            begun += 1
            kind, operations = "invoke", []
            for _ in range(1 + below(chance, 5)):
                slot = below(chance, len(active))
                key = active[slot]
                if below(chance, 2):
                    operations.append(("r", key, 0))
                    continue
                counts[key] = counts.get(key, 0) + 1
                operations.append(("append", key, counts[key]))
                if counts[key] >= 32:
                    active[slot], fresh = fresh, fresh + 1
            running[process] = operations
            text = " ".join(_done(operations, {}, failed=True))
        else:
            continue
        line = (
            f"{{:type :{kind}, :f :txn, :value [{text}], :time {index * 12345}, "
            f":process {process}, :index {index}}}\n"
        )
        file.write(line.encode())
        index += 1


def _done(
    operations: list[tuple[str, int, int]], lists: dict[int, list[int]], *, failed: bool
) -> list[str]:
    """Return operations as they are written, once they took effect or where they did not."""
    texts = []
    for kind, key, value in operations:
        if kind == "append":
            texts.append(f"[:append {key} {value}]")
            if not failed:
                lists.setdefault(key, []).append(value)
        else:
            found = "nil" if failed else f"[{' '.join(map(str, lists.get(key, ())))}]"
            texts.append(f"[:r {key} {found}]")
    return texts
