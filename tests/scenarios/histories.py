"""Small histories, as the files that a test of `bulkhead check` begins with."""

SKEW = """\
{:type :ok, :f :txn, :process 0, :value [[:r :alice nil] [:r :bob nil] [:w :alice 1]]}
{:type :ok, :f :txn, :process 1, :value [[:r :alice nil] [:r :bob nil] [:w :bob 1]]}
"""
"""Valid at snapshot isolation, and not serializable."""

LOST = """\
{:type :ok, :f :txn, :process 0, :value [[:w :x 1]]}
{:type :ok, :f :txn, :process 1, :value [[:r :x 1] [:w :x 2]]}
{:type :ok, :f :txn, :process 2, :value [[:r :x 1] [:w :x 3]]}
"""
"""Two transactions overwrite one version."""

LISTS = """\
{:type :ok, :f :txn, :process 0, :value [[:append :x 1]]}
{:type :ok, :f :txn, :process 1, :value [[:append :x 2]]}
{:type :ok, :f :txn, :process 2, :value [[:r :x [1 2]]]}
{:type :ok, :f :txn, :process 3, :value [[:r :x [2]]]}
"""
"""Readers disagree on the order of a list."""

TWICE = """\
{:type :ok, :f :txn, :process 0, :value [[:w :x 1]]}
{:type :ok, :f :txn, :process 1, :value [[:w :x 1]]}
"""
"""Outside the theory: a read of 1 would name no writer."""


def chronos(tid: int, session: int, start: int, commit: int, *operations: tuple) -> str:
    """Return one transaction of a Chronos file; an operation is (t, k, v)."""
    import json

    did = [{"t": t, "k": k, "v": v} for t, k, v in operations]
    clock = {"sts": {"p": start, "l": 0}, "cts": {"p": commit, "l": 0}}
    return json.dumps({"tid": tid, "sid": session, **clock, "ops": did})


STAMPED = "[{}]\n".format(
    ",\n".join(
        [
            chronos(1, 0, 1, 2, ("w", "x", 7)),
            chronos(2, 1, 3, 4, ("r", "x", None)),
            chronos(3, 1, 5, 6, ("r", "x", 7)),
        ]
    )
)
"""The second transaction should have read 7."""
