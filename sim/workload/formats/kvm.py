"""Counts of exits of KVM guests: the tables that bcc's `kvmexit` prints, and the page about them.

A table counts the exits of each reason within so many seconds, for each thread (that is a virtual
CPU) of each process (a virtual machine), as far as the command above it asked for that. Counts
become events spread evenly: of n exits in a window, exit k comes at (2 k + 1) / 2 n of it. One
table follows the other in time. A table that was stopped by hand tells no window: a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path
from typing import BinaryIO, Final

from sim.workload.exits import UNKNOWN, ExitEvent
from sim.workload.formats.request import Format, Request
from sim.workload.readers.errors import TraceFileError
from sim.workload.readers.opened import numbered_lines
from sim.workload.types import Access

SECOND_NS: Final = 1_000_000_000
_REASON: Final = "KVM_EXIT_REASON"
_COLUMNS: Final = frozenset({"PID", "TID", "TIDS", _REASON, "COUNT"})
_WRITING: Final = frozenset(
    {"cr_access", "eoi_induced", "ept_misconfig", "ept_violation", "io_instruction", "msr_write"}
)


@dataclass(slots=True)
class _Table:
    """One table: its command's process and thread, its window, and counts by thread and reason."""

    pid: int = UNKNOWN
    tid: int = UNKNOWN
    window_ns: int = SECOND_NS
    counts: list[tuple[int, int, str, int]] = field(default_factory=list)


def exit_events(file: BinaryIO, path: Path) -> Iterator[ExitEvent]:
    """Yield the events that the tables count, in order of time."""
    start_ns = 0
    for table in _tables(file, path):
        yield from merge(
            *(
                _spread(table, row, start_ns=start_ns, pid=pid, tid=tid, kind=f"exit.{reason}")
                for row, (pid, tid, reason, _) in enumerate(table.counts)
            ),
            key=lambda event: event.time_ns,
        )
        start_ns += table.window_ns


def _spread(
    table: _Table, row: int, *, start_ns: int, pid: int, tid: int, kind: str
) -> Iterator[ExitEvent]:
    count = table.counts[row][3]
    for number in range(count):
        time_ns = start_ns + (2 * number + 1) * table.window_ns // (2 * count)
        yield ExitEvent(time_ns, UNKNOWN, pid, tid, kind)


def _tables(file: BinaryIO, path: Path) -> Iterator[_Table]:
    table, columns = _Table(), list[str]()
    for line, text in numbered_lines(file, path, blank=True):
        if columns and text and not text.startswith("#"):
            table.counts.append(_row(text.removeprefix("^C"), columns, table, path, line))
            continue
        if columns:
            yield table
            table, columns = _Table(), []
        if text.startswith("#"):
            table = _command(text)
        elif _REASON in text.split() and _COLUMNS.issuperset(text.split()):
            columns = text.split()
    if columns:
        yield table


def _command(text: str) -> _Table:
    """Read what the command above a table asked for."""
    process, thread = re.search(r" -p (\d{1,8})\b", text), re.search(r" -t (\d{1,8})\b", text)
    rest = re.sub(r" -[a-zA-Z]+ \S+", "", text)
    seconds = re.search(r" (\d{1,6})\b", rest)
    return _Table(
        pid=int(process[1]) if process else UNKNOWN,
        tid=int(thread[1]) if thread else UNKNOWN,
        window_ns=max(1, int(seconds[1])) * SECOND_NS if seconds else SECOND_NS,
    )


def _row(
    text: str, columns: list[str], table: _Table, path: Path, line: int
) -> tuple[int, int, str, int]:
    cells = dict(zip(columns, text.split(), strict=False))
    numbers = {name: cell for name, cell in cells.items() if name != _REASON}
    if len(text.split()) != len(columns) or not all(
        cell.isascii() and cell.isdecimal() and len(cell) < 9 for cell in numbers.values()
    ):
        mend = f"expected {', '.join(columns)} as the head of the table has them"
        raise TraceFileError(path, f'"{text[:60]}"', mend, line)
    return (
        int(cells.get("PID", table.pid)),
        int(cells.get("TID", cells.get("TIDS", table.tid))),
        cells[_REASON].removeprefix("EXIT_REASON_").lower(),
        int(cells["COUNT"]),
    )


def _requests(file: BinaryIO, path: Path) -> Iterator[Request]:
    for event in exit_events(file, path):
        writing = event.kind.removeprefix("exit.") in _WRITING
        access = Access.WRITE if writing else Access.READ
        yield Request(event.kind, access, (event.domain, event.vcpu), event.time_ns)


FORMATS: Final = (
    Format(
        name="kvmexit",
        summary="counts of exits of KVM guests",
        words=(
            "an exit is a request of its virtual CPU for the key of its reason, which MSR and I/O "
            "accesses, EPT faults and ends of interrupts write and others read; counts are spread "
            "evenly over the seconds that they were taken in"
        ),
        requests=_requests,
        looks=lambda head: _REASON.encode() in head,
        timed=True,
        clients=True,
        kinds=True,
    ),
)
"""The formats of this family."""
