"""Make transactions of requests by a stated rule, where a recording has none.

A transaction is what one client asks for in a row, at most so many requests and, where the
recording has times, within one window of time. Where it knows no clients, all requests are one
row, and its transactions go to clients in turn. A recording that ends its transactions itself
keeps them. Everything that the rule decides is said in words, for the result.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from sim.workload.formats.request import Format, Request
from sim.workload.generate.draws import MILLION
from sim.workload.generate.settings import SettingError, check_range, check_share
from sim.workload.types import Access, TraceBuilder, TransactionTrace

REQUESTS: Final = 4
WRITES_PPM: Final = 250_000
_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How requests become transactions; what is None is left to the recording or the default.

    `requests` is the most that one transaction has, `window_ns` the window of time that it lies
    in, `writes_ppm` the share of requests that write where the recording does not tell.
    `speedup` makes transactions arrive as recorded, so many times faster. `transactions` is how
    many to take, 0 for all.
    """

    clients: int | None = None
    requests: int | None = None
    window_ns: int | None = None
    writes_ppm: int | None = None
    speedup: int | None = None
    transactions: int = 0

    def check(self, form: Format) -> None:
        """Refuse what has no meaning for a format."""
        window = None if self.window_ns is None else duration_words(self.window_ns)
        for name, given, fits, why in (
            ("requests", self.requests, not form.bounded, "it has transactions of its own"),
            ("window", window, not form.bounded, "it has transactions of its own"),
            ("window", window, form.timed, "it has no times"),
            ("writes", self.writes_ppm, not form.kinds, "it tells reads from writes"),
            ("speedup", self.speedup, form.timed, "it has no times"),
        ):
            if given is not None and not fits:
                raise SettingError(name, given, f"none for the format {form.name}: {why}")
        if self.requests is not None:
            check_range("requests", self.requests, 1, 10_000)
        if self.writes_ppm is not None:
            check_share("writes", self.writes_ppm)

    def words(self, form: Format, *, clients: int, recorded: int) -> tuple[str, ...]:
        """Say the rule in words."""
        said = [form.words, "keys are numbered as they first appear"]
        if not form.bounded:
            within = f" within {duration_words(self.window_ns)}" if self.window_ns else ""
            whose = " of one client" if form.clients else ""
            said.append(
                f"a transaction is at most {self.requests or REQUESTS} requests{whose} in a "
                f"row{within}"
            )
        if form.clients:
            said.append(f"{recorded} recorded clients, numbered from 0 modulo {clients}")
        else:
            said.append(f"transactions go to {clients} clients in turn")
        if not form.kinds:
            share = self._writes_ppm / 10_000
            said.append(f"{share:g} % of the requests write, which ones follows from their number")
        if self.speedup is not None:
            said.append(f"transactions arrive as recorded, {self.speedup} times faster")
        return tuple(said)

    @property
    def _writes_ppm(self) -> int:
        return WRITES_PPM if self.writes_ppm is None else self.writes_ppm

    def access(self, request: Request, number: int) -> Access:
        """Return what a request does; where nobody says, its number decides."""
        if request.kind is not None:
            return request.kind
        return Access.WRITE if _mixed(number) % MILLION < self._writes_ppm else Access.READ


@dataclass(slots=True)
class _Open:
    """A transaction that may still grow."""

    window: int
    time_ns: int | None
    operations: list[tuple[int, int, int]] = field(default_factory=list)


def transactions_of(
    requests: Iterable[Request], form: Format, rule: Rule, *, name: str, source: str
) -> TransactionTrace:
    """Return the transactions that a rule makes of requests, as many as it asks for."""
    rule.check(form)
    clients = rule.clients or 1
    numbers: dict[Hashable, int] = {}
    builder, first_ns = TraceBuilder(), None
    for count, (client, transaction) in enumerate(_transactions(requests, form, rule)):
        number = numbers.setdefault(client, len(numbers)) if form.clients else count
        arrival_ns = None
        if rule.speedup is not None and transaction.time_ns is not None:
            first_ns = transaction.time_ns if first_ns is None else first_ns
            arrival_ns = max(0, transaction.time_ns - first_ns) // rule.speedup
        builder.add(number % clients, transaction.operations, arrival_ns=arrival_ns)
        if count + 1 == rule.transactions:
            break
    words = rule.words(form, clients=clients, recorded=len(numbers))
    return builder.build(name=name, source=source, notes=words)


def _transactions(
    requests: Iterable[Request], form: Format, rule: Rule
) -> Iterator[tuple[Hashable, _Open]]:
    """Yield each transaction with its client, when it is complete."""
    most = rule.requests or REQUESTS
    keys: dict[Hashable, int] = {}
    under_way: dict[Hashable, _Open] = {}
    for number, request in enumerate(requests):
        client, time_ns = request.client, request.time_ns
        window = 0 if rule.window_ns is None or time_ns is None else time_ns // rule.window_ns
        transaction = under_way.get(client)
        if transaction is not None and transaction.window != window:
            yield client, transaction
            transaction = None
        if transaction is None:
            transaction = under_way[client] = _Open(window, time_ns)
        key = keys.setdefault(request.key, len(keys))
        transaction.operations.append((rule.access(request, number), key, request.amount))
        if request.ends or (not form.bounded and len(transaction.operations) == most):
            del under_way[client]
            yield client, transaction
    yield from under_way.items()


def _mixed(number: int) -> int:
    """Return 64 bits that look random of a number: the finish of SplitMix64."""
    mixed = (number + 1) * 0x9E3779B97F4A7C15 & _MASK
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _MASK
    return mixed ^ (mixed >> 31)


def duration_words(length_ns: int) -> str:
    """Say a length of time in the largest unit that it is whole in."""
    for unit, size_ns in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if length_ns % size_ns == 0:
            return f"{length_ns // size_ns} {unit}"
    return f"{length_ns} ns"
