"""Check a stream of transactions by its timestamps, and tell violations as they become certain.

Memory does not grow with the stream: the check keeps what a read may still ask for, and so many of
the last transactions are remembered to tell about them.
"""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from scenarios.checking import ANOMALIES_MAX, Checked
from scenarios.load import STANDARD_INPUT
from sim.history import NONE

if TYPE_CHECKING:
    from specs.history.formats.arriving import Arriving, Transaction
    from specs.history.isolation.stream import Found, Stream
    from specs.history.isolation.telling import Anomaly

LATENESS: Final = 10_000
"""How much later than others a transaction may have started, unless said."""
MEASURED_EVERY: Final = 1_000
"""Between so many transactions, what is remembered is counted."""
REMEMBERED_MAX: Final = 10_000
"""Transactions that can still be told about."""
LEVELS: Final = ("session-si-timestamps", "si-timestamps")


def check_stream(
    path: str,
    *,
    level: str = "session-si-timestamps",
    format: str | None = None,  # noqa: A002  # the option's name
    lateness: int = LATENESS,
    timeout_s: float | None = None,
    tell: Callable[[Anomaly], None] | None = None,
) -> Checked:
    """Check a file, or `-` for standard input, in the order in which its transactions stand.

    `lateness` is how far a transaction may have started before the latest start seen, in the unit
    of the timestamps; one that started earlier is an error. `tell` is called with every violation
    as soon as it is certain. An interrupt ends the check, and says so in `stopped`.
    """
    from scenarios.limits import TimeLimit, limited
    from specs.history.formats.errors import HistoryFileError
    from specs.history.formats.reading import shown

    checker = _Checker(level=level, lateness=lateness, tell=tell or (lambda _: None))
    plain = Checked(path=path, level=level)
    begun = time.monotonic()
    try:
        with limited(timeout_s):
            checked = checker.check(plain, path, format)
    except TimeLimit as limit:
        checked = checker.so_far(plain, stopped=str(limit))
    except KeyboardInterrupt:
        checked = checker.so_far(plain, stopped="interrupted")
    except HistoryFileError as error:
        checked = replace(checker.so_far(plain), error=str(error))
    except OSError as error:
        checked = replace(plain, error=f"{error.strerror or shown(error)}; name a history")
    return replace(checked, seconds=time.monotonic() - begun)


@dataclass(slots=True)
class _Checker:
    """A check that goes on, and what it has found."""

    level: str
    lateness: int
    tell: Callable[[Anomaly], None]
    anomalies: list[Anomaly] = field(default_factory=list)
    count: int = 0
    transactions: int = 0
    operations: int = 0
    recent: OrderedDict[int, tuple[Transaction, int]] = field(default_factory=OrderedDict)
    """By number, a transaction and the row of its first operation."""
    most: dict[str, int] = field(default_factory=dict)
    stream: Stream | None = None
    source: Arriving | None = None

    def check(self, plain: Checked, path: str, format: str | None) -> Checked:  # noqa: A002  # as above
        """Check all of it."""
        if path == STANDARD_INPUT:
            return self._of_file(plain, sys.stdin.buffer, format)
        from specs.history.formats.packing import unpacked

        with Path(path).open("rb") as file:
            return self._of_file(plain, unpacked(file) if file.seekable() else file, format)

    def _of_file(self, plain: Checked, file: IO[bytes], format: str | None) -> Checked:  # noqa: A002  # as above
        from specs.history.formats.arriving import LOGICAL_BITS, arriving
        from specs.history.isolation.decide import NotApplicable
        from specs.history.isolation.facts import UnsupportedHistory
        from specs.history.isolation.levels import level_of
        from specs.history.isolation.stream import LateTransaction, Stream

        level = level_of(self.level)
        self.source = arriving(file, format=format)
        if level.sessions and not self.source.has_sessions:
            return replace(plain, error=f"it states no sessions, which {level.name} needs")
        unit = 1 << LOGICAL_BITS if self.source.logical else 1
        self.stream = Stream(
            level, lateness=self.lateness * unit, initial_value=self.source.initial_value
        )
        line = 1
        try:
            for transaction in self.source.transactions:
                line = transaction.line
                self._take(transaction)
            self._measure()
            self._say(self.stream.finish())
        except LateTransaction as late:
            short = -(-(late.watermark - late.start) // unit)
            told = (
                f"line {line}: a transaction started at {self._instant(late.start)}, too long "
                f"before others that came earlier; --lateness {self.lateness + short} takes it"
            )
            return replace(self.so_far(plain), error=told)
        except (NotApplicable, UnsupportedHistory) as error:
            return replace(self.so_far(plain), error=f"line {line}: {error}")
        if not self.transactions:
            return replace(plain, error="there is no transaction in it")
        return self.so_far(plain)

    def so_far(self, plain: Checked, *, stopped: str = "") -> Checked:
        """Return what is known by now."""
        unjudged = 0 if self.stream is None else self.stream.unjudged
        assumption = "" if self.source is None else self.source.assumption
        lateness = f"no transaction starts more than {self.lateness:,} before the latest start"
        return replace(
            plain,
            format="" if self.source is None else self.source.format,
            holds=not self.count and not stopped,
            stopped=stopped,
            complete=not unjudged and not stopped,
            assumptions=tuple(each for each in (assumption, lateness) if each),
            transactions=self.transactions,
            operations=self.operations,
            anomalies=tuple(self.anomalies),
            evidence=tuple({"cycle": [], "operations": []} for _ in self.anomalies),
            more=self.count - len(self.anomalies),
            kept=self.most,
        )

    def _take(self, transaction: Transaction) -> None:
        from specs.history.isolation.stream import Arrival

        assert self.stream is not None, "a stream was begun"
        number, first = self.transactions, self.operations
        self.recent[number] = transaction, first
        if len(self.recent) > REMEMBERED_MAX:
            self.recent.popitem(last=False)
        self.transactions += 1
        self.operations += len(transaction.operations)
        arrival = Arrival(
            number=number,
            session=transaction.session,
            outcome=transaction.outcome,
            start=transaction.start,
            commit=transaction.commit,
            first=first,
            operations=tuple(
                (each.kind, each.key, each.value, each.version) for each in transaction.operations
            ),
        )
        self._say(self.stream.add(arrival))
        if self.transactions % MEASURED_EVERY == 0:
            self._measure()

    def _measure(self) -> None:
        """Note how much is remembered; counting it takes as long as there are keys."""
        assert self.stream is not None, "a stream was begun"
        kept = self.stream.kept
        for name in ("transactions", "versions", "keys", "sessions"):
            self.most[name] = max(self.most.get(name, 0), getattr(kept, name))

    def _say(self, found: tuple[Found, ...]) -> None:
        for each in found:
            self.count += 1
            anomaly = self._told(each)
            if len(self.anomalies) < ANOMALIES_MAX:
                self.anomalies.append(anomaly)
            self.tell(anomaly)

    def _told(self, found: Found) -> Anomaly:
        from specs.history.isolation.naming import Name
        from specs.history.isolation.stamped_telling import TITLES
        from specs.history.isolation.telling import Anomaly

        places = [self._place(number) for number in found.transactions]
        kind: Any = found.kind
        return Anomaly(
            name=Name(found.kind, TITLES[kind]),
            transactions=found.transactions,
            loops=(),
            lines=(self._sentence(found), *(place for place in places if place)),
        )

    def _sentence(self, found: Found) -> str:
        """Say in a sentence which rule is broken."""
        names = [self._name(number) for number in found.transactions]
        did = [self._did(found, place) for place in range(len(found.operations))]
        if found.kind == "int":
            after = f" after it {did[1]}" if len(did) > 1 else ""
            return f"{names[0]} {did[0]}{after} itself."
        if found.kind == "session":
            return (
                f"{names[1]} {self._starts(found.transactions[1])}, before {names[0]}, which "
                f"precedes it in its session, {self._ends(found.transactions[0])}."
            )
        if found.kind == "noconflict":
            return (
                f"{names[1]} {self._starts(found.transactions[1])} and {did[1]}, before "
                f"{names[0]}, which {did[0]}, {self._ends(found.transactions[0])}."
            )
        told = f"{names[0]}, which {self._starts(found.transactions[0])}, {did[0]}"
        if len(names) < 2:
            return f"{told}, but by then nobody had committed that."
        due = f"{names[1]}, which {did[1]} and {self._ends(found.transactions[1])}"
        return f"{told}, but the last to commit by then was {due}."

    def _did(self, found: Found, place: int) -> str:
        row = found.operations[place]
        for number in found.transactions:
            transaction, first = self.recent.get(number, (None, 0))
            if transaction is not None and first <= row < first + len(transaction.operations):
                return transaction.operations[row - first].text
        return "did what is no longer remembered"

    def _name(self, number: int) -> str:
        transaction, _ = self.recent.get(number, (None, 0))
        if transaction is None or transaction.start == NONE:
            return f"transaction {number}"
        return f"T{self._instant(transaction.start)}"

    def _place(self, number: int) -> str:
        transaction, _ = self.recent.get(number, (None, 0))
        if transaction is None:
            return ""
        where = f"session {transaction.session_name}, line {transaction.line}"
        return f"{self._name(number)}: {where}."

    def _starts(self, number: int) -> str:
        transaction, _ = self.recent.get(number, (None, 0))
        start = NONE if transaction is None else transaction.start
        return "starts" if start == NONE else f"starts at {self._instant(start)}"

    def _ends(self, number: int) -> str:
        transaction, _ = self.recent.get(number, (None, 0))
        commit = NONE if transaction is None else transaction.commit
        return "commits" if commit == NONE else f"commits at {self._instant(commit)}"

    def _instant(self, stamp: int) -> str:
        """Return a timestamp as the file has it."""
        from specs.history.formats.arriving import LOGICAL_BITS

        if self.source is None or not self.source.logical:
            return str(stamp)
        physical, logical = stamp >> LOGICAL_BITS, stamp & ((1 << LOGICAL_BITS) - 1)
        return f"{physical}.{logical}" if logical else str(physical)
