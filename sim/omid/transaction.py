"""What a client remembers of the transaction that it runs."""

from __future__ import annotations

from sim.history import NONE, Operation


class Transaction:
    """One transaction under way; its start timestamp is its id.

    `version` is what it writes under: its start, and as much more as it has set checkpoints.
    """

    __slots__ = (
        "begun_ns",
        "committing_ns",
        "epoch",
        "fence",
        "finished_ns",
        "invoked_ns",
        "operations",
        "start",
        "version",
        "writes",
    )

    def __init__(self, invoked_ns: int) -> None:
        self.start = NONE
        self.version = NONE
        self.epoch = 0
        self.fence = False
        self.invoked_ns = invoked_ns
        self.begun_ns = NONE
        self.committing_ns = NONE
        self.finished_ns = NONE
        self.operations: list[Operation] = []
        self.writes: dict[int, int] = {}
