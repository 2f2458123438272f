"""Variants side by side: tables, and what pictures are drawn from.

Every number is a mean over seeds with half the width of its 95% confidence interval. Differences
to the first variant are taken seed by seed, since one seed gives all variants the same chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.grid import Grid
from reports.intervals import Interval, interval
from reports.words import count, three_digits

MS: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One variant with one number of clients; every sequence has one entry a seed."""

    variant: str
    clients: int
    per_s: Sequence[float]
    """Committed transactions a simulated second."""
    latency_ms: Sequence[float]
    p99_ms: Sequence[float]
    phases_ms: Mapping[str, Sequence[float]]
    aborts: Mapping[str, Sequence[float]]
    """Aborted transactions in percent of all that ended, by what called for them."""
    messages: Mapping[str, Sequence[float]]
    """Messages for each committed transaction, by the roles of their ends."""
    entries: Sequence[float]
    """Entries of metadata that begins brought, for each transaction that ended."""
    violated: Sequence[str]

    @property
    def abort_percent(self) -> list[float]:
        """Return the aborted in percent of all that ended."""
        return [sum(parts) for parts in zip(*self.aborts.values(), strict=True)]

    @property
    def messages_in_all(self) -> list[float]:
        """Return the messages for each committed transaction."""
        return [sum(parts) for parts in zip(*self.messages.values(), strict=True)]


def overview(rows: Sequence[Row]) -> Grid:
    """Return throughput, latency by phase, aborts and messages, one row a variant."""
    phases = tuple(rows[0].phases_ms)
    informed = any(max(row.entries, default=0) > 0 for row in rows)
    heads = (
        "variant",
        "committed/s",
        "latency ms",
        "p99 ms",
        *(f"{phase} ms" for phase in phases),
        "aborted %",
        "messages/tx",
        *(("entries/begin",) if informed else ()),
        "violated",
    )
    table = [
        (
            row.variant,
            told(row.per_s),
            told(row.latency_ms),
            told(row.p99_ms),
            *(told(row.phases_ms[phase]) for phase in phases),
            told(row.abort_percent),
            told(row.messages_in_all),
            *((told(row.entries),) if informed else ()),
            ", ".join(row.violated) or "nothing",
        )
        for row in rows
    ]
    return Grid(heads=heads, rows=tuple(table), right=frozenset(range(1, len(heads) - 1)))


def abort_grid(rows: Sequence[Row]) -> Grid:
    """Return the abort anatomy, in percent of all transactions, one row a variant."""
    kinds = tuple(rows[0].aborts)
    heads = ("variant", *(f"{kind.replace('_', ' ')} %" for kind in kinds))
    table = [(row.variant, *(told(row.aborts[kind]) for kind in kinds)) for row in rows]
    return Grid(heads=heads, rows=tuple(table), right=frozenset(range(1, len(heads))))


def difference_grid(rows: Sequence[Row]) -> Grid:
    """Return the differences to the first variant, seed by seed."""
    first = rows[0]
    heads = ("compared with " + first.variant, "committed/s", "latency ms", "aborted %", "messages")
    measures: tuple[Callable[[Row], Sequence[float]], ...] = (
        lambda row: row.per_s,
        lambda row: row.latency_ms,
        lambda row: row.abort_percent,
        lambda row: row.messages_in_all,
    )
    table = []
    for row in rows[1:]:
        cells = [row.variant]
        for measure in measures:
            pairs = zip(measure(row), measure(first), strict=True)
            cells.append(told([mine - its for mine, its in pairs], signed=True))
        table.append(tuple(cells))
    return Grid(heads=heads, rows=tuple(table), right=frozenset(range(1, len(heads))))


def told(values: Sequence[float], *, signed: bool = False) -> str:
    """Return a mean with its interval, or a sign that there is none."""
    found = interval([value for value in values if value == value])
    if found.mean != found.mean:
        return "-"
    mean = three_digits(found.mean)
    if signed and found.mean > 0:
        mean = f"+{mean}"
    return mean if found.half_width != found.half_width else f"{mean} ± {_width(found)}"


def _width(found: Interval) -> str:
    return "0" if found.half_width == 0 else f"{found.half_width:.2g}"


def sample(runs: int, clients: int) -> str:
    """Say what the numbers are of."""
    return f"{count(clients)} clients, {count(runs)} seeds, mean ± 95% confidence"


def row_of(documents: Sequence[Mapping[str, Any]]) -> Row:
    """Return the row of the measurements of one variant with one number of clients, by seed."""
    first = documents[0]
    violated = dict.fromkeys(name for each in documents for name in each["violated"])

    def per(table: str, part: str, each: Mapping[str, Any]) -> float:
        base = each["committed"] + (each["aborted"] if table == "aborts" else 0)
        return float(each[table].get(part, 0)) / base if base else float("nan")

    def per_begin(each: Mapping[str, Any]) -> float:
        return float(each["begin_entries"]) / max(
            1, each["committed"] + each["aborted"] + each["unknown"]
        )

    ends = sorted({part for each in documents for part in each["messages"]})
    return Row(
        variant=first["variant"],
        clients=first["clients"],
        per_s=[each["committed"] * 1e9 / max(1, each["simulated_ns"]) for each in documents],
        latency_ms=[each["latency_ns"] / MS for each in documents],
        p99_ms=[each["latency_p99_ns"] / MS for each in documents],
        phases_ms={
            phase: [each["phases_ns"][phase] / MS for each in documents]
            for phase in first["phases_ns"]
        },
        aborts={
            kind: [100 * per("aborts", kind, each) for each in documents]
            for kind in first["aborts"]
        },
        messages={part: [per("messages", part, each) for each in documents] for part in ends},
        entries=[per_begin(each) for each in documents],
        violated=tuple(violated),
    )
