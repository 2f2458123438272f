"""Record what happened as one append-only list of typed events.

While the world runs only references are stored, one small tuple an event; names and details are
made when somebody reads `events`, `rows` or `digest`. Messages must therefore be immutable, as
the house asks. A world without tracing holds no `Trace` at all and does no work here.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from json import dumps
from typing import Any, NamedTuple, Protocol

from sim.kernel.digest import Digest

__all__ = [
    "Deliver",
    "Drop",
    "Event",
    "FaultEvent",
    "Note",
    "Parcel",
    "Send",
    "Trace",
    "message_name",
]

Handler = Callable[[Any], None]
Detail = dict[str, Any]


class Wire(Protocol):
    """Name the two ends of a link."""

    source_name: str
    target_name: str


Parcel = tuple[int, Handler, Any, Wire]
"""A traced message on its way: its number, its handler, its argument and its link."""


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
        return _row("send", self.at_ns, self.source, self.target, self.name, self)


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
        return _row("deliver", self.at_ns, self.target, self.source, self.name, self)


class Drop(NamedTuple):
    """Say that a message was lost, and why."""

    at_ns: int
    message: int
    source: str
    target: str
    name: str
    detail: Detail

    def row(self) -> Detail:
        """Return the event as a plain dict."""
        return _row("drop", self.at_ns, self.target, self.source, self.name, self)


class Note(NamedTuple):
    """Say what a node wants a reader to know."""

    at_ns: int
    message: int
    node: str
    name: str
    detail: Detail

    def row(self) -> Detail:
        """Return the event as a plain dict."""
        return _row("note", self.at_ns, self.node, "", self.name, self)


class FaultEvent(NamedTuple):
    """Say that the world did something to a node or to links, or stopped doing it."""

    at_ns: int
    message: int
    node: str
    name: str
    detail: Detail

    def row(self) -> Detail:
        """Return the event as a plain dict."""
        return _row("fault", self.at_ns, self.node, "", self.name, self)


Event = Send | Deliver | Drop | Note | FaultEvent

NO_MESSAGE = -1
_SEND, _DELIVER, _DROP, _NOTE, _FAULT = range(5)


class Trace:
    """Hold the events of one run in the order in which they happened."""

    __slots__ = ("_raw", "messages", "record")

    def __init__(self) -> None:
        self._raw: list[tuple[Any, ...]] = []
        self.record = self._raw.append
        self.messages = 0
        """Messages numbered so far."""

    def __len__(self) -> int:
        return len(self._raw)

    def send(self, at_ns: int, handler: Handler, argument: Any, link: Wire) -> Parcel:
        """Record that a message leaves at that time; return it, numbered, as a parcel."""
        number = self.messages
        self.messages = number + 1
        parcel = (number, handler, argument, link)
        self.record((_SEND, at_ns, parcel))
        return parcel

    def deliver(self, at_ns: int, parcel: Parcel) -> None:
        """Record that a message is handled now."""
        self.record((_DELIVER, at_ns, parcel))

    def drop(self, at_ns: int, parcel: Parcel, reason: str) -> None:
        """Record that a message is lost."""
        self.record((_DROP, at_ns, parcel, reason))

    def note(self, at_ns: int, node: str, name: str, detail: Detail) -> None:
        """Record a remark of a node."""
        self.record((_NOTE, at_ns, node, name, detail))

    def fault(self, at_ns: int, node: str, name: str, detail: Detail) -> None:
        """Record what the world does to a node, or to links when the node is empty."""
        self.record((_FAULT, at_ns, node, name, detail))

    @property
    def events(self) -> list[Event]:
        """All events so far, as typed objects."""
        return list(self)

    def __iter__(self) -> Iterator[Event]:
        # A reply is recorded when its work begins, with the time at which it will leave.
        return map(_typed, sorted(self._raw, key=_at_ns))

    def rows(self) -> Iterator[Detail]:
        """Yield one plain dict an event.

        The keys are always `at_ns`, `kind` (send, deliver, drop, note, fault), `node`, `peer`
        (empty without one), `name`, `message` (-1 without one) and `detail` (a dict of plain
        values).
        """
        return (event.row() for event in self)

    def digest(self) -> str:
        """Return the hash of all rows: first three integer columns, then the texts, row by row."""
        rows = list(self.rows())
        digest = Digest()
        digest.text("schema", "trace/1")
        digest.integers("at_ns", [row["at_ns"] for row in rows])
        digest.integers("message", [row["message"] for row in rows])
        for key in ("kind", "node", "peer", "name"):
            digest.text(key, "\n".join(row[key] for row in rows))
        digest.text("detail", "\n".join(dumps(row["detail"], sort_keys=True) for row in rows))
        return digest.hex()


def message_name(handler: Handler) -> str:
    """Name a message after its handler, without a leading `on_` or `_`; replies say so."""
    name: str = getattr(handler, "__name__", type(handler).__name__)
    if name == "arrive" and (asked := getattr(_owner(handler), "handler", None)) is not None:
        return f"{message_name(asked)} reply"
    return name.removeprefix("_").removeprefix("on_")


def _owner(handler: Handler) -> Any:
    """Return the object of a bound method."""
    return getattr(handler, "__self__", None)


def plain(value: Any) -> Any:
    """Turn a value into numbers, texts, lists and dicts, what is none of them into its type."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(item) for name, item in zip(value._fields, value, strict=True)}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return type(value).__name__


def _at_ns(raw: tuple[Any, ...]) -> int:
    at_ns: int = raw[1]
    return at_ns


def _typed(raw: tuple[Any, ...]) -> Event:
    code, at_ns, *rest = raw
    if code == _NOTE:
        return Note(at_ns, NO_MESSAGE, rest[0], rest[1], plain_dict(rest[2]))
    if code == _FAULT:
        return FaultEvent(at_ns, NO_MESSAGE, rest[0], rest[1], plain_dict(rest[2]))
    number, handler, argument, link = rest[0]
    name = message_name(handler)
    ends = (at_ns, number, link.source_name, link.target_name, name)
    if code == _DROP:
        return Drop(*ends, {"reason": rest[1]})
    body = plain(getattr(argument, "body", argument))
    detail = body if isinstance(body, dict) else {} if body is None else {"value": body}
    return Send(*ends, detail) if code == _SEND else Deliver(*ends, detail)


def plain_dict(detail: Detail) -> Detail:
    """Turn all values of a detail into plain ones."""
    return {key: plain(value) for key, value in detail.items()}


def _row(kind: str, at_ns: int, node: str, peer: str, name: str, event: Event) -> Detail:
    return {
        "at_ns": at_ns,
        "kind": kind,
        "node": node,
        "peer": peer,
        "name": name,
        "message": event.message,
        "detail": event.detail,
    }
