"""Workloads written out by hand: what each session does, transaction by transaction.

    sessions = [
      ["write 1, write 2"],
      ["at 2s: read 1, read 10..40, read 2", "add 3 by 5, roll back"],
      ["at 3s: fence, read 1, until 4s, read 2", "write 1, checkpoint, write 1"],
    ]

A session is a list of transactions, a transaction a list of steps with commas between them.
`at` gives the earliest instant at which a transaction begins; `10..40` is all keys from 10 to
40; `until` waits for an instant; `roll back`, as the last step, rolls back where others commit;
`fence`, as the first one, shuts out everybody who began before and has not committed yet;
`checkpoint` sets what follows apart from what came before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from scenarios.units import duration
from sim.workload.types import Access, TraceBuilder, TransactionTrace

_STEP: Final = re.compile(r"(read|write|delete|add)\s+(\d+)(?:\.\.(\d+))?(?:\s+by\s+(-?\d+))?")
_ACCESS: Final = {
    "read": Access.READ,
    "write": Access.WRITE,
    "delete": Access.DELETE,
    "add": Access.ADD,
}
_KEYS_MAX: Final = 10_000

Step = tuple[int, int, int]


class Parsed(NamedTuple):
    """One transaction of a script: its earliest instant, its steps, how it begins and ends."""

    at_ns: int | None
    steps: list[Step]
    fence: bool
    rollback: bool


def parse_script(sessions: Sequence[Sequence[str]]) -> TransactionTrace:
    """Return the workload trace of a script.

    Raises ValueError with the text that cannot be read and what could stand there.
    """
    parsed = [[parse_transaction(text) for text in session] for session in sessions]
    if not any(parsed):
        raise ValueError("the script has no transaction")
    timed = any(each.at_ns is not None for session in parsed for each in session)
    builder = TraceBuilder()
    for client, session in enumerate(parsed):
        for each in session:
            builder.add(
                client,
                each.steps,
                arrival_ns=(each.at_ns or 0) if timed else None,
                rollback=each.rollback,
                fence=each.fence,
            )
    return builder.build(name="script", source="the scenario file")


def parse_transaction(text: str) -> Parsed:
    """Return what one transaction does."""
    at_ns = None
    body = text
    if text.strip().startswith("at "):
        instant, colon, body = text.strip().removeprefix("at ").partition(":")
        if not colon:
            raise ValueError(f'"{text}" has no colon after its instant: write "at 2s: read 1"')
        at_ns = duration(instant.strip())
    parts = [part.strip() for part in body.split(",")]
    rollback = parts[-1] == "roll back"
    fence = parts[0] == "fence"
    steps: list[Step] = []
    for part in parts[fence : len(parts) - rollback]:
        steps += parse_step(part)
    return Parsed(at_ns=at_ns, steps=steps, fence=fence, rollback=rollback)


def parse_step(text: str) -> list[Step]:
    """Return the accesses of one step."""
    if text == "checkpoint":
        return [(Access.CHECKPOINT, 0, 0)]
    if text.startswith("until "):
        return [(Access.UNTIL, 0, duration(text.removeprefix("until ").strip()))]
    match = _STEP.fullmatch(text)
    if match is None:
        raise ValueError(
            f'"{text}" is no step: write "read 1", "write 1", "delete 1", "add 1",'
            ' "add 1 by 5", "read 10..40", "until 2s", "checkpoint", "fence" at the start,'
            ' or "roll back" at the end'
        )
    verb, low, high, amount = match.groups()
    if amount is not None and verb != "add":
        raise ValueError(f'"{text}": only "add" takes an amount')
    keys = range(int(low), int(high or low) + 1)
    if not 0 < len(keys) <= _KEYS_MAX:
        raise ValueError(f'"{text}" names {len(keys)} keys; a range goes up, to {_KEYS_MAX} keys')
    default = 1 if verb == "add" else 0
    return [(_ACCESS[verb], key, int(amount or default)) for key in keys]
