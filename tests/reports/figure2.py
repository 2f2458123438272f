"""The race of FAST'17, figure 2, written down by hand: logs as a traced run would give them.

Client 0 writes keys 0 and 1 and asks tm.1 to commit; tm.1 pauses past its lease with the
commit-table write still to be sent; tm.2 takes over; client 1 begins there and reads key 0, then
the late write lands, then it reads key 1. With `invalidation` the first read forbids the commit
(figure 3); without it, the second read sees what the first did not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reports.spacetime import Span, Window
from sim.history import (
    NONE,
    AbortReason,
    FieldWriter,
    History,
    HistoryBuilder,
    OperationKind,
    OracleBuilder,
    OracleKind,
    OracleLog,
    Outcome,
    RowState,
)

MS = 1_000_000
US = 1_000
NODES = ("coordinator", "tm.1", "tm.2", "client.0", "client.1", "ct.0", "region.0", "region.1")
WRITER, COMMIT, EPOCH, READER = 41, 43, 50, 51
PAUSED_NS, RESUMED_NS = 3_002_400 * US, 15_402_400 * US
LEASE_NS = 10_000 * MS


@dataclass
class Figure:
    """The logs of one run of the figure."""

    oracle: OracleLog
    history: History
    events: list[dict[str, Any]]
    spans: tuple[Span, ...]
    faults: tuple[Window, ...]
    evidence: tuple[int, ...]


@dataclass
class Writing:
    """Logs that grow."""

    oracle: OracleBuilder = field(default_factory=OracleBuilder)
    history: HistoryBuilder = field(default_factory=HistoryBuilder)
    events: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    messages: int = 0
    evidence: list[int] = field(default_factory=list)
    reads: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def effect(
        self,
        kind: OracleKind,
        at_ns: int,
        node: str,
        *,
        transaction: int = NONE,
        key: int = NONE,
        timestamp: int = NONE,
        extra: int = NONE,
        proves: bool = False,
    ) -> None:
        """Append one row of the oracle log."""
        self.oracle.add(kind, at_ns, NODES.index(node), transaction, key, timestamp, extra)
        if proves:
            self.evidence.append(self.rows)
        self.rows += 1

    def event(self, at_ns: int, kind: str, node: str, name: str, **more: Any) -> None:
        """Append one trace event."""
        row = {"at_ns": at_ns, "kind": kind, "node": node, "peer": "", "name": name}
        self.events.append(row | {"message": -1, "detail": {}} | more)

    def send(self, at_ns: int, source: str, target: str, name: str, *, us: int = 180) -> int:
        """Append a message that arrives; return when."""
        number = self.messages
        self.messages += 1
        self.event(at_ns, "send", source, name, peer=target, message=number)
        self.event(at_ns + us * US, "deliver", target, name, peer=source, message=number)
        return at_ns + us * US

    def ask(
        self, at_ns: int, source: str, target: str, name: str, *, us: int = 180
    ) -> tuple[int, int]:
        """Append a request and its reply; return when they arrive."""
        there = self.send(at_ns, source, target, name, us=us)
        return there, self.send(there + 60 * US, target, source, f"{name} reply", us=us + 15)


def figure2(*, invalidation: bool) -> Figure:
    """Return the logs of the race with or without the mechanism that decides it."""
    log = Writing()
    _first_lease(log)
    _writer(log)
    at_ns = _takeover(log)
    at_ns = _begin_and_first_read(log, at_ns, invalidation=invalidation)
    at_ns = _late_write(log, at_ns, invalidation=invalidation)
    _second_read(log, at_ns, invalidation=invalidation)
    log.events.sort(key=lambda row: row["at_ns"])
    pause = Window(
        start_ns=PAUSED_NS, end_ns=RESUMED_NS, label="tm.1 pauses for 12.4 s", nodes=("tm.1",)
    )
    return Figure(
        oracle=log.oracle.build(node_names=NODES),
        history=log.history.build(session_names=("client.0", "client.1")),
        events=log.events,
        spans=(Span(node="tm.1", start_ns=PAUSED_NS, end_ns=RESUMED_NS, kind="paused"),),
        faults=(pause,),
        evidence=tuple(log.evidence),
    )


def _first_lease(log: Writing) -> None:
    _, back = log.ask(1 * MS, "tm.1", "coordinator", "set")
    log.effect(OracleKind.LEASE_HELD, back, "tm.1", timestamp=back + LEASE_NS, extra=1)
    log.effect(OracleKind.EPOCH_STARTED, back + 900 * US, "tm.1", timestamp=1)
    # Other transactions run meanwhile; none of them belongs into the picture.
    for i in range(40):
        at_ns = 100 * MS + i * 70 * MS
        there, back = log.ask(at_ns, "client.1", "tm.1", "begin")
        log.effect(OracleKind.START_ISSUED, there, "tm.1", transaction=1 + i, timestamp=1 + i)


def _writer(log: Writing) -> None:
    begun = 3_000 * MS
    there, back = log.ask(begun, "client.0", "tm.1", "begin")
    log.effect(OracleKind.START_ISSUED, there, "tm.1", transaction=WRITER, timestamp=WRITER)
    log.effect(OracleKind.BEGIN_REPLIED, there, "tm.1", transaction=WRITER, timestamp=1)
    operations = []
    at_ns = back
    for key, value in ((0, 7001), (1, 7002)):
        there, at_ns = log.ask(at_ns, "client.0", f"region.{key}", "put")
        log.effect(
            OracleKind.CELL_PUT,
            there,
            f"region.{key}",
            transaction=WRITER,
            key=key,
            proves=True,
        )
        operations.append((int(OperationKind.WRITE), key, value, WRITER, at_ns))
    committing = at_ns
    there = log.send(at_ns, "client.0", "tm.1", "commit")
    log.effect(
        OracleKind.COMMIT_ISSUED,
        there,
        "tm.1",
        transaction=WRITER,
        timestamp=COMMIT,
        proves=True,
    )
    log.event(PAUSED_NS, "fault", "tm.1", "pause", detail={"length_ns": RESUMED_NS - PAUSED_NS})
    finished = 15_405_000 * US
    row = (0, int(Outcome.UNKNOWN), WRITER, NONE, begun, back, committing, finished)
    log.history.add(row, operations)


def _takeover(log: Writing) -> int:
    _, back = log.ask(12_000 * MS, "tm.2", "coordinator", "set")
    log.effect(OracleKind.LEASE_HELD, back, "tm.2", timestamp=back + LEASE_NS, extra=2)
    _, back = log.ask(back, "tm.2", "coordinator", "set")
    log.effect(OracleKind.EPOCH_STARTED, back, "tm.2", timestamp=EPOCH, proves=True)
    return 15_402_000 * US


def _begin_and_first_read(log: Writing, at_ns: int, *, invalidation: bool) -> int:
    there, back = log.ask(at_ns, "client.1", "tm.2", "begin", us=95)
    log.effect(
        OracleKind.START_ISSUED, there, "tm.2", transaction=READER, timestamp=READER, proves=True
    )
    log.effect(OracleKind.BEGIN_REPLIED, there, "tm.2", transaction=READER, timestamp=EPOCH)
    log.effect(OracleKind.LEASE_RELEASED, RESUMED_NS + 200 * US, "tm.1")
    _, at_ns = log.ask(back, "client.1", "region.0", "get", us=70)
    _, at_ns = log.ask(at_ns, "client.1", "ct.0", "get", us=60)
    if invalidation:
        there, at_ns = log.ask(at_ns, "client.1", "ct.0", "invalidate", us=60)
        log.effect(
            OracleKind.COMMIT_TABLE_INVALIDATED,
            there,
            "ct.0",
            transaction=WRITER,
            extra=int(RowState.ABSENT),
            proves=True,
        )
    _, at_ns = log.ask(at_ns, "client.1", "region.0", "get_version", us=60)
    log.effect(
        OracleKind.RESOLVED,
        at_ns,
        "client.1",
        transaction=READER,
        key=0,
        timestamp=NONE,
        extra=WRITER,
        proves=True,
    )
    log.reads.append((int(OperationKind.READ), 0, 0, NONE, at_ns))
    return at_ns


def _late_write(log: Writing, at_ns: int, *, invalidation: bool) -> int:
    # The write left before the pause and was held up; it lands between the two reads.
    number = log.messages
    log.messages += 1
    landed = at_ns + 210 * US
    log.event(PAUSED_NS - 100 * US, "send", "tm.1", "put_commits", peer="ct.0", message=number)
    log.event(landed, "deliver", "ct.0", "put_commits", peer="tm.1", message=number)
    log.effect(
        OracleKind.COMMIT_TABLE_PUT,
        landed,
        "ct.0",
        transaction=WRITER,
        timestamp=COMMIT,
        extra=int(RowState.INVALID if invalidation else RowState.ABSENT),
        proves=True,
    )
    return landed


def _second_read(log: Writing, at_ns: int, *, invalidation: bool) -> None:
    begun = 15_402_250 * US
    _, at_ns = log.ask(at_ns + 90 * US, "client.1", "region.1", "get", us=70)
    _, at_ns = log.ask(at_ns, "client.1", "ct.0", "get", us=60)
    commit = NONE if invalidation else COMMIT
    log.effect(
        OracleKind.RESOLVED,
        at_ns,
        "client.1",
        transaction=READER,
        key=1,
        timestamp=commit,
        extra=WRITER,
        proves=True,
    )
    found = (0, NONE) if invalidation else (7002, WRITER)
    log.reads.append((int(OperationKind.READ), 1, *found, at_ns))
    row = (1, int(Outcome.COMMITTED), READER, NONE, 15_402_000 * US, begun, at_ns, at_ns)
    log.history.add(row, log.reads)
    if not invalidation:
        log.effect(
            OracleKind.COMMIT_FIELD_PUT,
            at_ns + 90 * US,
            "region.1",
            transaction=WRITER,
            key=1,
            timestamp=COMMIT,
            extra=int(FieldWriter.HEALER),
        )
    else:
        log.effect(
            OracleKind.ABORT_REPLIED,
            at_ns + 90 * US,
            "tm.1",
            transaction=WRITER,
            extra=int(AbortReason.INVALIDATED),
        )
