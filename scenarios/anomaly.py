"""An anomaly as data and as a picture: its arrows, with the operations of the file that show them.

A rejection rests on a tree: arrows that operations show, and orders of two writers that hold
because the opposite order closes a cycle of its own, down to arrows that operations show.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reports.anomaly import Box, Contradiction, Deed, Link, Panel, draw
from reports.words import plural
from sim.history import NONE, History, Outcome

if TYPE_CHECKING:
    from specs.history.isolation.arrows import Arrow, Loop
    from specs.history.isolation.facts import Facts
    from specs.history.isolation.labels import Labels
    from specs.history.isolation.telling import Anomaly

DEEDS_MAX: Final = 7
"""A transaction of up to so many operations is drawn whole."""
PANELS_MAX: Final = 6
_TITLES: Final = {
    "wr": "is read by",
    "rw": "is overwritten by",
    "ww": "writes before",
    "so": "session order",
    "rt": "real time",
}


def evidence_of(anomaly: Anomaly, history: History, facts: Facts | None) -> dict[str, Any]:
    """Return arrows and operations of an anomaly as JSON has them."""
    words = _Words.of(history, facts)
    cycle = [
        words.arrow(arrow) | {"loop": number}
        for number, loop in enumerate(anomaly.loops)
        for arrow in loop.arrows
    ]
    # The sentences of the story stand with the arrows that they explain.
    for arrow, edge in zip(cycle, anomaly.edges, strict=True):
        arrow["because"] = edge[4]
    rows = dict.fromkeys(anomaly.operations)
    for loop in anomaly.loops:
        rows |= dict.fromkeys(row for arrow in loop.arrows for row in words.rows(arrow))
    return {"cycle": cycle, "operations": [words.operation(row) for row in rows]}


def picture_of(
    anomaly: Anomaly, history: History, facts: Facts | None, *, level: str, path: str
) -> str:
    """Return an anomaly as one SVG document."""
    words = _Words.of(history, facts)
    if anomaly.loops:
        panels = _panels(anomaly.loops, words)
    else:
        panels = [_panel_of_operations(anomaly, words)]
    size = plural(history.transactions, "transaction")
    return draw(
        Contradiction(
            title=f"Violates {level}: {anomaly.name.title}",
            subtitle=f"{Path(path).name}, {size}",
            panels=tuple(panels),
            story=anomaly.lines,
        )
    )


def _panels(loops: Sequence[Loop], words: _Words) -> list[Panel]:
    """Return one panel a cycle, then those of the reasons that they rest on."""
    from specs.history.isolation.telling import assumption

    several = len(loops) > 1
    panels = []
    waiting = []
    for number, loop in enumerate(loops):
        head = ""
        if several:
            assumed = assumption(words.labels, loop)
            head = f"{'Either' if number == 0 else 'Or'} {assumed}:"
        panels.append(_panel(loop, words, head))
        waiting += [arrow for arrow in loop.arrows if arrow.reason is not None]
    told: list[Loop] = []
    while waiting and len(panels) < PANELS_MAX:
        arrow = waiting.pop(0)
        assert arrow.reason is not None, "only arrows with a reason wait"
        if arrow.reason in told:
            continue
        told.append(arrow.reason)
        names = words.name(arrow.source), words.name(arrow.target)
        head = f"Why {names[0]} before {names[1]}: the other order closes this cycle."
        panels.append(_panel(arrow.reason, words, head))
        waiting += [each for each in arrow.reason.arrows if each.reason is not None]
    return panels


def _panel(loop: Loop, words: _Words, head: str) -> Panel:
    numbers = list(dict.fromkeys(loop.transactions))
    marked = {row for arrow in loop.arrows for row in words.rows(arrow)}
    return Panel(
        heading=head,
        boxes=tuple(words.box(words.row(number), marked) for number in numbers),
        links=tuple(
            Link(
                source=numbers.index(arrow.source),
                target=numbers.index(arrow.target),
                kind=arrow.kind,
                title=words.title(arrow),
                reason=words.reason(arrow),
                assumed=arrow.assumed,
            )
            for arrow in loop.arrows
        ),
        close=f"So {words.name(loop.arrows[0].source)} would have to come before itself.",
    )


def _panel_of_operations(anomaly: Anomaly, words: _Words) -> Panel:
    """Return what is wrong without any cycle: who did what, and the arrows that it means."""
    history = words.history
    kind = anomaly.name.kind
    owners = dict.fromkeys(words.owner(row) for row in anomaly.operations)
    rows = list(owners | dict.fromkeys(anomaly.transactions))
    if kind in _WRITER_FIRST:
        rows.reverse()
    if kind in ("noconflict", "session", "lost-update"):
        rows = list(anomaly.transactions)
    links = []
    if kind == "lost-update":
        *source, first, second = range(len(rows))
        key = words.labels.key_of(int(history.key[anomaly.operations[-1]]))
        for writer in source:
            links += [Link.of(writer, one, "wr", f"is read by ({key})") for one in (first, second)]
        missed = f"is overwritten by ({key})"
        links += [Link.of(first, second, "rw", missed), Link.of(second, first, "rw", missed)]
    elif len(rows) == 2:
        links = [Link.of(0, 1, *_LINKS[kind])]
    return Panel(
        heading="",
        boxes=tuple(words.box(row, set(anomaly.operations)) for row in rows),
        links=tuple(links),
        close="",
    )


_WRITER_FIRST: Final = ("g1a", "g1b", "ext", "garbage-read")
_LINKS: Final = {
    "g1a": ("wr", "is read by, and failed"),
    "g1b": ("wr", "is read by, and went on writing"),
    "ext": ("wr", "should have been read by"),
    "incompatible-order": ("ww", "orders the list otherwise than"),
    "noconflict": ("ww", "had not committed at the start of"),
    "session": ("so", "should have ended before the start of"),
}
"""What leads from the one transaction of a pair to the other."""


class _Words:
    """What to call the parts of one history, for data and pictures."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.history = labels.history

    @classmethod
    def of(cls, history: History, facts: Facts | None) -> _Words:
        """Return the words of a history, and of what is known of it."""
        from specs.history.isolation.labels import Labels
        from specs.history.isolation.stamped_words import labels_of

        return cls(labels_of(history) if facts is None else Labels(facts))

    def row(self, number: int) -> int:
        """Return the row of a transaction of the facts."""
        return int(self.labels.facts.row[number])

    def owner(self, operation: int) -> int:
        """Return the row of the transaction of an operation."""
        return int(self.history.first.searchsorted(operation, side="right")) - 1

    def name(self, number: int) -> str:
        """Return the name of a transaction of the facts."""
        return self.labels.transaction(number)

    def rows(self, arrow: Arrow) -> list[int]:
        """Return the operations at both ends of an arrow; none for sessions and real time."""
        if arrow.kind not in ("wr", "rw", "ww"):
            return []
        ends = ((arrow.source, arrow.kind[0]), (arrow.target, arrow.kind[1]))
        found = [self._end(arrow, number, letter) for number, letter in ends]
        return [row for row in found if row != NONE]

    def _end(self, arrow: Arrow, number: int, letter: str) -> int:
        facts = self.labels.facts
        if letter == "w":
            places = (facts.writer == number) & (facts.writer_key == arrow.key)
            rows = facts.writer_operation[places]
        else:
            places = (facts.reader == number) & (facts.reader_key == arrow.key)
            if arrow.kind == "wr":
                places &= facts.reader_from == arrow.source
            rows = facts.reader_operation[places]
        return int(rows[0]) if len(rows) else NONE

    def arrow(self, arrow: Arrow) -> dict[str, Any]:
        """Return an arrow as JSON has it, with the tree of reasons below it."""
        below = arrow.reason
        return {
            "from": self.row(arrow.source),
            "to": self.row(arrow.target),
            "kind": arrow.kind,
            "key": "" if arrow.key < 0 else self.labels.key(arrow.key),
            "because": self.reason(arrow),
            "assumed": arrow.assumed,
            "operations": [self.operation(row) for row in self.rows(arrow)],
            "reason": [self.arrow(each) for each in below.arrows] if below is not None else None,
        }

    def operation(self, row: int) -> dict[str, Any]:
        """Return an operation as JSON has it."""
        line = None if self.history.line is None else int(self.history.line[row])
        return {"transaction": self.owner(row), "line": line, "text": self.labels.operation(row)}

    def title(self, arrow: Arrow) -> str:
        """Return the first words of an arrow's label."""
        key = "" if arrow.key < 0 else f" ({self.labels.key(arrow.key)})"
        title = _TITLES[arrow.kind] + (key if arrow.kind in ("wr", "rw", "ww") else "")
        return f"assumed: {title}" if arrow.assumed else title

    def reason(self, arrow: Arrow) -> str:
        """Say in a few words why an order holds."""
        source, target = self.name(arrow.source), self.name(arrow.target)
        if arrow.kind == "so":
            return f"{target} follows {source} in {self.labels.place(arrow.target)}"
        if arrow.kind == "rt":
            return f"{source} had ended when {target} was invoked"
        if arrow.assumed and arrow.kind == "ww":
            return f"{source} before {target}"
        if arrow.reason is not None:
            return f"{source} before {target}: the other order is impossible"
        rows = self.rows(arrow)
        if len(rows) < 2:
            return f"{source} before {target}"
        told = [self.labels.operation(row) for row in rows]
        if arrow.kind == "rw":
            return f"{source} {told[0]}, and {target} {told[1]}"
        return f"{source} {told[0]}; {target} {told[1]}"

    def box(self, row: int, marked: set[int]) -> Box:
        """Return a transaction with its operations; of many only those that matter."""
        history = self.history
        first, end = int(history.first[row]), int(history.first[row + 1])
        shown = [each for each in range(first, end) if end - first <= DEEDS_MAX or each in marked]
        session = history.session_names[int(history.session[row])]
        return Box(
            name=self.labels.row(row),
            place=f"session {session}" if history.has_sessions else "",
            note=self._note(row),
            deeds=tuple(
                Deed(text=self.labels.operation(each), line=self._line(each), marked=each in marked)
                for each in shown
            ),
            left_out=end - first - len(shown),
        )

    def _line(self, row: int) -> str:
        return "" if self.history.line is None else f"line {int(self.history.line[row])}"

    def _note(self, row: int) -> str:
        history = self.history
        parts = []
        if history.outcome[row] == Outcome.ABORTED:
            parts.append("failed")
        if history.outcome[row] == Outcome.UNKNOWN:
            parts.append("outcome unknown")
        for what, column in (
            ("starts at", history.start_timestamp),
            ("commits at", history.commit_timestamp),
        ):
            if column[row] != NONE:
                parts.append(f"{what} {int(column[row])}")
        return ", ".join(parts)
