"""Tell a rejection in a few lines to somebody who did not write the checker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from specs.history.isolation.arrows import Arrow, Loop
from specs.history.isolation.chains import LostUpdate
from specs.history.isolation.choices import Conflict
from specs.history.isolation.decide import Circle, Decision
from specs.history.isolation.facts import Facts, Misread
from specs.history.isolation.labels import Labels
from specs.history.isolation.loops import Finder, cycles_of
from specs.history.isolation.naming import Name, name_of, named, weakest

LINES_MAX: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One contradiction: its name, who takes part, its cycle where it has one, and its story."""

    name: Name
    transactions: tuple[int, ...]
    """Rows of the history."""
    loops: tuple[Loop, ...]
    """One cycle; several where each order of some writers closes one of its own."""
    lines: tuple[str, ...]
    edges: tuple[tuple[int, int, str, str, str], ...] = ()
    """The cycles as plain data: rows of the history, kind, key, why the order holds."""
    operations: tuple[int, ...] = ()
    """Rows of the operations that show it, where no cycle names them."""


def anomalies_of(decision: Decision) -> tuple[Anomaly, ...]:
    """Return what makes a level reject a history, the worst first; nothing if it holds."""
    contradiction = decision.contradiction
    if contradiction is None:
        return ()
    labels = Labels(decision.facts)
    if isinstance(contradiction, Circle):
        assert decision.graph is not None, "a circle lies in a graph"
        finder = Finder(decision.graph, decision.chains, decision.facts)
        return (_from_loops(labels, (finder.best(),)),)
    if isinstance(contradiction, Conflict):
        assert decision.graph is not None, "a conflict lies in a graph"
        finder = Finder(decision.graph, decision.chains)
        return (_from_loops(labels, cycles_of(finder, contradiction)),)
    told = [_single(labels, each) for each in contradiction]
    first = weakest([anomaly.name for anomaly in told])
    return tuple(sorted(told, key=lambda anomaly: anomaly.name != first))


def _single(labels: Labels, found: Misread | LostUpdate) -> Anomaly:
    return _misread(labels, found) if isinstance(found, Misread) else _lost(labels, found)


def _misread(labels: Labels, found: Misread) -> Anomaly:
    owner = labels.history.first.searchsorted(found.read, side="right") - 1
    reader = labels.row(int(owner))
    read = labels.operation(found.read)
    rows = [int(owner)]
    if found.other < 0:
        why = "which nobody wrote: either it came from nowhere, or a part of the log is missing"
    else:
        other = int(labels.history.first.searchsorted(found.other, side="right") - 1)
        writer, did = labels.row(other), labels.operation(found.other)
        why = {
            "internal": f"after it {did} itself",
            "future-read": "which it writes itself only later",
            "g1a": f"as {writer} wrote it, which failed",
            "incompatible-order": f"where {writer} {did} in another order",
            "g1b": f"as {writer} wrote it, which then wrote another value before it ended",
        }[found.kind]
        rows += [other] if other != owner else []
    return Anomaly(
        name=named(found.kind),
        transactions=tuple(rows),
        loops=(),
        lines=(f"{reader} {read}, {why}.",),
        operations=(found.read,) if found.other < 0 else (found.read, found.other),
    )


def _lost(labels: Labels, found: LostUpdate) -> Anomaly:
    first, second = labels.transaction(found.first), labels.transaction(found.second)
    if not all(labels.has_read(each, found.key) for each in (found.first, found.second)):
        return _lost_in_list(labels, found)
    read, source = labels.read_of(found.first, found.key)
    whose = "which nobody had written" if source < 0 else f"which {labels.writer(source)} wrote"
    lines = (
        f"{first} and {second} both read {read}, {whose}.",
        f"{first} then writes {labels.write_of(found.first, found.key)}.",
        f"{second} then writes {labels.write_of(found.second, found.key)}.",
        "Whichever commits second overwrites what it has not seen.",
    )
    rows = [int(labels.facts.row[each]) for each in (found.version_of, found.first, found.second)]
    return Anomaly(
        name=named("lost-update"),
        transactions=tuple(rows if source >= 0 else rows[1:]),
        loops=(),
        lines=lines,
        operations=_of_update(labels.facts, found),
    )


def _lost_in_list(labels: Labels, found: LostUpdate) -> Anomaly:
    """Tell of two that append next to one version of a list, which not both of them read."""
    key = labels.key(found.key)
    base = f"the empty list {key}"
    if found.version_of >= 0:
        wrote = labels.write_of(found.version_of, found.key)
        base = f"{wrote}, which {labels.transaction(found.version_of)} appended"
    lines = []
    for number in (found.first, found.second):
        who, wrote = labels.transaction(number), labels.write_of(number, found.key)
        if labels.has_read(number, found.key):
            read, _ = labels.read_of(number, found.key)
            lines.append(f"{who} reads {read} and then puts {wrote}.")
        else:
            lines.append(f"{who} puts {wrote}, as lists that others read show.")
    facts = labels.facts
    involved = (found.version_of, found.first, found.second)
    return Anomaly(
        name=named("lost-update"),
        transactions=tuple(int(facts.row[each]) for each in involved if each >= 0),
        loops=(),
        lines=(
            f"Two transactions append right after {base}.",
            *lines,
            "Whichever commits second overwrites what it has not seen.",
        ),
        operations=_of_update(facts, found),
    )


def _of_update(facts: Facts, found: LostUpdate) -> tuple[int, ...]:
    """Return the write that both read, then read and write of the one and of the other."""
    rows: list[int] = []
    for number in (found.version_of, found.first, found.second):
        reads = (facts.reader == number) & (facts.reader_key == found.key)
        writes = (facts.writer == number) & (facts.writer_key == found.key)
        rows += facts.reader_operation[reads].tolist() if number != found.version_of else []
        rows += facts.writer_operation[writes].tolist()
    return tuple(rows)


def _from_loops(labels: Labels, loops: tuple[Loop, ...]) -> Anomaly:
    # Orders that contradict each other say nothing of what is wrong.
    told = [loop for loop in loops if not all(arrow.assumed for arrow in loop.arrows)]
    names = [name_of(loop) for loop in told or loops]
    reasons = [arrow.reason for loop in loops for arrow in loop.arrows if arrow.reason]
    names += [name_of(reason) for reason in reasons]
    name = names[0]
    if len(loops) + len(reasons) > 1:
        name = Name("no-order", f"{named('no-order').title} ({weakest(names).title})")
    lines: list[str] = []
    for number, loop in enumerate(loops):
        if len(loops) > 1:
            lines.append(f"{'Either' if number == 0 else 'Or'} {assumption(labels, loop)}:")
        lines += _loop_lines(labels, loop)
    if len(lines) > LINES_MAX:
        lines = [*lines[: LINES_MAX - 1], f"({len(lines) - LINES_MAX + 1} more lines)"]
    seen = dict.fromkeys(number for loop in (*loops, *reasons) for number in loop.transactions)
    return Anomaly(
        name=name,
        transactions=tuple(int(labels.facts.row[number]) for number in seen),
        loops=loops,
        lines=tuple(lines),
        edges=tuple(_edge(labels, arrow) for loop in loops for arrow in loop.arrows),
    )


def _edge(labels: Labels, arrow: Arrow) -> tuple[int, int, str, str, str]:
    row = labels.facts.row
    key = "" if arrow.key < 0 else labels.key(arrow.key)
    because = _sentence(labels, arrow)
    if arrow.assumed:
        because = "assumed"
    elif arrow.reason is not None:
        because += f"; otherwise {_chain(labels, arrow.reason)}"
    return int(row[arrow.source]), int(row[arrow.target]), arrow.kind, key, because


def _chain(labels: Labels, loop: Loop) -> str:
    return "; ".join(_short(labels, arrow) for arrow in loop.arrows)


def assumption(labels: Labels, loop: Loop) -> str:
    """Say which orders of writers a cycle assumes."""
    told = []
    for arrow in loop.arrows:
        if arrow.assumed:
            first = labels.transaction(arrow.source)
            if arrow.kind == "rw":
                # Who overwrites what a reader saw comes after the writer of that.
                first = labels.writer(labels.read_of(arrow.source, arrow.key)[1])
            second = labels.transaction(arrow.target)
            told.append(f"{first} comes before {second} on {labels.key(arrow.key)}")
    return " and ".join(dict.fromkeys(told))


def _loop_lines(labels: Labels, loop: Loop) -> list[str]:
    lines = []
    for arrow in loop.arrows:
        if not arrow.assumed or arrow.kind == "rw":
            lines.append(_sentence(labels, arrow) + ".")
        if arrow.reason is not None:
            lines.append(f"  (Otherwise: {_chain(labels, arrow.reason)}.)")
    first = labels.transaction(loop.arrows[0].source)
    lines.append(f"So {first} would have to come before itself.")
    return lines


def _sentence(labels: Labels, arrow: Arrow) -> str:
    source, target = labels.transaction(arrow.source), labels.transaction(arrow.target)
    if arrow.kind == "wr":
        return f"{target} reads {labels.write_of(arrow.source, arrow.key)}, which {source} wrote"
    if arrow.kind == "rw":
        read, _ = labels.read_of(arrow.source, arrow.key)
        write = labels.write_of(arrow.target, arrow.key)
        return f"{source} reads {read}, not {write}, so it begins before {target} commits"
    if arrow.kind == "ww":
        first = labels.write_of(arrow.source, arrow.key)
        second = labels.write_of(arrow.target, arrow.key)
        return f"{source} writes {first} before {target} writes {second}"
    if arrow.kind == "so":
        return f"{target} follows {source} in {labels.place(arrow.target)}"
    return f"{target} was invoked when {source} had ended"


def _short(labels: Labels, arrow: Arrow) -> str:
    source, target = labels.transaction(arrow.source), labels.transaction(arrow.target)
    key = "" if arrow.key < 0 or arrow.kind in ("so", "rt") else f" {labels.key(arrow.key)}"
    words = {"wr": "is read by", "rw": "is overtaken by", "ww": "precedes", "so": "is followed by"}
    return f"{source} {words.get(arrow.kind, 'ends before')} {target}{key and ' on' + key}"
