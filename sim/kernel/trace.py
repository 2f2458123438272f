"""Record what happened as typed events.

A world without tracing holds no `Trace` and does no work here. With tracing, one row of six
references a message hop is stored while the world runs: when it leaves and arrives is known at
once. What a fault changes about it later (lost, kept through a pause, held by a partition) is
stored apart. Events are made, in order, when somebody reads them. Message bodies must therefore
be immutable, as the house asks.

Events of one instant stand in the order in which their causes were made, so what a handler did
stands after the message that it handled.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from json import dumps
from typing import Any, NamedTuple, Protocol

from sim.kernel.digest import Digest

__all__ = ["Deliver", "Drop", "Event", "FaultEvent", "Note", "Send", "Trace"]

Detail = dict[str, Any]


class Send(NamedTuple):
    """Say that a message left its source."""

    at_ns: int
    message: int
    source: str
    target: str
    name: str
    detail: Detail

    def row(self) -> Detail:
        """Return the event as a plain dict."""
        return _row("send", self, self.source, self.target)


class Deliver(NamedTuple):
    """Say that a message was handled by its target."""

    at_ns: int
    message: int
    source: str
    target: str
    name: str
    detail: Detail

    def row(self) -> Detail:
        """Return the event as a plain dict."""
        return _row("deliver", self, self.target, self.source)


class Drop(NamedTuple):
    """Say that a message was lost, and why (`detail["reason"]`)."""

    at_ns: int
    message: int
    source: str
    target: str
    name: str
    detail: Detail

    def row(self) -> Detail:
        """Return the event as a plain dict."""
        return _row("drop", self, self.target, self.source)


class Note(NamedTuple):
    """Say what a node wants a reader to know."""

    at_ns: int
    message: int
    node: str
    name: str
    detail: Detail

    def row(self) -> Detail:
        """Return the event as a plain dict."""
        return _row("note", self, self.node, "")


class FaultEvent(NamedTuple):
    """Say that the world did something to a node (or to links: no node), or stopped doing it."""

    at_ns: int
    message: int
    node: str
    name: str
    detail: Detail

    def row(self) -> Detail:
        """Return the event as a plain dict."""
        return _row("fault", self, self.node, "")


Event = Send | Deliver | Drop | Note | FaultEvent

NO_MESSAGE = -1
WIDTH = 6


class World(Protocol):
    """What a trace asks of the kernel that it follows."""

    @property
    def now(self) -> int:
        """The true time in nanoseconds."""
        ...

    def stamp(self) -> int:
        """Draw the next tie."""
        ...

    def pending(self) -> frozenset[int]:
        """Return the ties of all entries that have not run yet."""
        ...


class Trace:
    """Hold the events of one run."""

    __slots__ = ("_changes", "_hops", "_marks", "_world", "hop")

    _world: World

    def __init__(self) -> None:
        self._hops: list[Any] = []
        self._changes: list[tuple[str, int, int, Any]] = []
        self._marks: list[tuple[int, int, type[Note | FaultEvent], str, str, Detail]] = []
        self.hop: Callable[[tuple[Any, ...]], None] = self._hops.extend
        """Record one message: the instant at which it leaves, its number (its tie, or another
        stamp; inverted for a reply), the instant at which it arrives (-1: not known yet), its
        link, the handler of the request, and the body."""

    def follow(self, world: World) -> None:
        """Take times and ties from this kernel."""
        self._world = world

    def under_way(self, due_ns: int, number: int, tie: int) -> None:
        """Record when a message whose arrival was not known will arrive, and as which entry."""
        self._changes.append(("under way", due_ns, tie, number))

    def lost(self, at_ns: int, tie: int, reason: str) -> None:
        """Record that the message of an entry, if it is one, is lost."""
        self._changes.append(("lost", at_ns, tie, reason))

    def moved(self, at_ns: int, tie: int, new_tie: int) -> None:
        """Record that the message of an entry, if it is one, runs later and as another entry."""
        self._changes.append(("moved", at_ns, tie, new_tie))

    def note(self, at_ns: int, node: str, name: str, detail: Detail) -> None:
        """Record a remark of a node."""
        self._marks.append((at_ns, self._world.stamp(), Note, node, name, detail))

    def fault(self, at_ns: int, node: str, name: str, detail: Detail) -> None:
        """Record what the world does to a node, or to links when the node is empty."""
        self._marks.append((at_ns, self._world.stamp(), FaultEvent, node, name, detail))

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    @property
    def events(self) -> list[Event]:
        """All events so far, as typed objects in their order; made anew at each reading."""
        events = _Reading(self._hops, self._changes).events(self._world)
        for at_ns, stamp, kind, node, name, detail in self._marks:
            plain_detail = {key: plain(value) for key, value in detail.items()}
            events.append((at_ns, stamp, kind(at_ns, NO_MESSAGE, node, name, plain_detail)))
        events.sort(key=lambda entry: entry[:2])
        return [event for _, _, event in events]

    def rows(self) -> Iterator[Detail]:
        """Yield one plain dict an event.

        The keys are always `at_ns`, `kind` (send, deliver, drop, note, fault), `node` (where it
        happens), `peer` (the other end, empty without one), `name`, `message` (-1 without one)
        and `detail` (a dict of plain values; a body that is none is under `value`).
        """
        return (event.row() for event in self.events)

    def digest(self, rows: Sequence[Detail] | None = None) -> str:
        """Return the hash of all rows, column by column: `at_ns`, `message`, then the texts.

        Whoever has the rows already gives them, for making them is the larger part of the work.
        """
        rows = list(self.rows()) if rows is None else rows
        digest = Digest()
        digest.text("schema", "trace/1")
        digest.integers("at_ns", [row["at_ns"] for row in rows])
        digest.integers("message", [row["message"] for row in rows])
        for key in ("kind", "node", "peer", "name"):
            digest.text(key, "\n".join(row[key] for row in rows))
        digest.text("detail", "\n".join(dumps(row["detail"], sort_keys=True) for row in rows))
        return digest.hex()


Placed = tuple[int, int, Event]
"""An event with its instant and its place among those of the instant."""


class _Reading:
    """Work out what became of every message."""

    def __init__(self, hops: list[Any], changes: list[tuple[str, int, int, Any]]) -> None:
        self._rows = sorted(
            zip(*(hops[column::WIDTH] for column in range(WIDTH)), strict=True),
            key=lambda row: (row[0], _number(row[1])),
        )
        self._place = {_number(row[1]): place for place, row in enumerate(self._rows)}
        self._number_of_tie = {number: number for number in self._place}
        self._arrivals = {_number(row[1]): row[2] for row in self._rows if row[2] >= 0}
        self._losses: list[tuple[int, int, str]] = []
        for change, at_ns, tie, extra in changes:
            if change == "under way":
                self._number_of_tie[tie] = extra
                self._arrivals[tie] = at_ns
            elif tie in self._number_of_tie:
                self._change(change, at_ns, tie, extra)

    def _change(self, change: str, at_ns: int, tie: int, extra: Any) -> None:
        number = self._number_of_tie[tie]
        self._arrivals.pop(tie, None)
        if change == "lost":
            self._losses.append((at_ns, number, extra))
        else:
            self._number_of_tie[extra] = number
            self._arrivals[extra] = at_ns

    def events(self, world: World) -> list[Placed]:
        """Return all events of messages up to now."""
        now_ns, pending = world.now, world.pending()
        placed: list[Placed] = []
        for row in self._rows:
            number = _number(row[1])
            if row[0] <= now_ns:
                detail = _detail(row[5])
                placed.append((row[0], number, Send(row[0], *self._ends(number), detail)))
        for tie, at_ns in self._arrivals.items():
            if tie not in pending:
                number = self._number_of_tie[tie]
                detail = _detail(self._rows[self._place[number]][5])
                placed.append((at_ns, tie, Deliver(at_ns, *self._ends(number), detail)))
        for at_ns, number, reason in self._losses:
            drop = Drop(at_ns, *self._ends(number), {"reason": reason})
            placed.append((at_ns, number, drop))
        return placed

    def _ends(self, number: int) -> tuple[int, str, str, str]:
        """Return place, source, target and name of a message."""
        place = self._place[number]
        _, signed, _, link, handler, _ = self._rows[place]
        name = str(getattr(handler, "__name__", type(handler).__name__))
        name = name.removeprefix("_").removeprefix("on_")
        return place, link.source_name, link.target_name, name if signed >= 0 else f"{name} reply"


def plain(value: Any) -> Any:
    """Turn a value into numbers, texts, lists and dicts, and what is none of them into its type."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(item) for name, item in zip(value._fields, value, strict=True)}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return type(value).__name__


def _number(signed: int) -> int:
    return signed if signed >= 0 else ~signed


def _detail(body: Any) -> Detail:
    shown = plain(body)
    return shown if isinstance(shown, dict) else {} if shown is None else {"value": shown}


def _row(kind: str, event: Event, node: str, peer: str) -> Detail:
    return {
        "at_ns": event.at_ns,
        "kind": kind,
        "node": node,
        "peer": peer,
        "name": event.name,
        "message": event.message,
        "detail": event.detail,
    }
