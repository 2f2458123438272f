"""Confirm, from the operations alone, that no execution at a level explains a history.

A verdict "this history violates the level" comes with a tree, as plain data. Its leaves are cycles
of transactions that the level forbids, or reads that nothing explains; its branches are the two
orders in which two writers of a key may have come. This program knows nothing of how the tree was
found: it imports no checker. It holds every arrow against the operations that are said to show it.

A tree is a mapping with `level`, `settled` and `root`. A node is `{"cycle": [arrow, ...]}`,
`{"misread": {"kind", "read", "other"}}` or `{"order": order, "holds": node, "otherwise": node}`. An
order says that all writers of one run come before all of another: `{"key", "earlier", "later"}`,
rows of the history; the writers of a run follow one another directly. An order in `settled` has
besides what settles it: the node `otherwise`, which holds under the opposite order, or `list`, a
read that shows it. An arrow is `{"from", "to", "kind"}`, for accesses to a key also `key`,
`operations` (both ends) and, where writers follow one another directly, `links` (those writers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from sim.history import History, Outcome
from specs.history.record import INITIAL, Record, RefutationError
from specs.history.record_misreads import check_misread

__all__ = ["RefutationError", "refute"]


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a level orders, and which cycles it forbids."""

    sessions: bool
    real_time: bool = False
    forbids: str = "without-adjacent"
    """`any` cycle, those `without-adjacent` overwritten reads, or by what a reader has `seen`."""
    seen: str = ""
    """What a reader has seen: what it `read` before, what is `direct`ly before it, its `past`."""


_LEVELS: Final = {
    "session-si": _Rules(True),
    "si": _Rules(False),
    "gsi": _Rules(False),
    "strong-si": _Rules(True, real_time=True),
    "serializable": _Rules(False, forbids="any"),
    "session-serializable": _Rules(True, forbids="any"),
    "strict-serializable": _Rules(True, real_time=True, forbids="any"),
    "causal": _Rules(True, forbids="seen", seen="past"),
    "read-atomic": _Rules(True, forbids="seen", seen="direct"),
    "read-committed": _Rules(True, forbids="seen", seen="read"),
}


@dataclass(frozen=True, slots=True)
class _Order:
    key: int
    earlier: tuple[int, ...]
    later: tuple[int, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> _Order:
        """Read an order."""
        return cls(int(told["key"]), tuple(told["earlier"]), tuple(told["later"]))

    @property
    def opposite(self) -> _Order:
        return _Order(self.key, self.later, self.earlier)


def refute(history: History, tree: Mapping[str, Any]) -> None:
    """Confirm that a tree shows a violation; raises `RefutationError` where it does not."""
    if tree.get("level") not in _LEVELS:
        raise RefutationError(f"no such level: {tree.get('level')}")
    try:
        _Refutation(history, _LEVELS[tree["level"]]).confirm(tree)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise RefutationError(f"the tree is not one: {error!r}") from error


class _Refutation:
    def __init__(self, history: History, rules: _Rules) -> None:
        self.history = history
        self.rules = rules
        self.weak = rules.forbids == "seen"
        self.record = Record(history, repeatable=rules.seen != "read")
        self.settled: list[_Order] = []

    def confirm(self, tree: Mapping[str, Any]) -> None:
        """Confirm what is settled, one after the other, and then the root."""
        for told in tree["settled"]:
            order = _Order.of(told)
            self._check_order(order)
            if "list" in told:
                self._check_shown(order, int(told["list"]))
            else:
                self._check_node(told["otherwise"], [order.opposite])
            self.settled.append(order)
        self._check_node(tree["root"], [])

    def _check_node(self, node: Mapping[str, Any], assumed: list[_Order]) -> None:
        if "cycle" in node:
            self._check_cycle(node["cycle"], assumed)
        elif "misread" in node:
            check_misread(self.record, node["misread"])
        else:
            order = _Order.of(node["order"])
            self._check_order(order)
            self._check_node(node["holds"], [*assumed, order])
            self._check_node(node["otherwise"], [*assumed, order.opposite])

    def _check_order(self, order: _Order) -> None:
        """Confirm that of two runs of writers one must come before the other."""
        if set(order.earlier) & set(order.later) or not order.earlier or not order.later:
            raise RefutationError("an order is not one of two runs of writers")
        for run in (order.earlier, order.later):
            if self.weak and len(run) > 1:
                raise RefutationError("at this level nobody directly follows anybody")
            for writer in run:
                self.record.final_write(writer, order.key)
            self._check_links(order.key, run)

    def _check_links(self, key: int, run: Sequence[int]) -> None:
        """Confirm that writers follow one another, and but at the weak levels directly."""
        for one, other in pairwise(run):
            follows = self.record.is_next_in_list(key, one, other)
            if self.weak:
                follows = self.record.list_shows(key, one, other, self.record.longest(key))
            elif not follows:
                follows = self.record.read_and_wrote(key, one, other)
            if not follows:
                raise RefutationError(f"transaction {other} does not directly follow {one}")

    def _check_shown(self, order: _Order, read: int) -> None:
        if not any(
            self.record.list_shows(order.key, one, other, read)
            for one in order.earlier
            for other in order.later
        ):
            raise RefutationError(f"operation {read} does not show an order")

    def _check_cycle(self, arrows: Sequence[Mapping[str, Any]], assumed: list[_Order]) -> None:
        for arrow, following in zip(arrows, [*arrows[1:], arrows[0]], strict=True):
            if arrow["to"] != following["from"] or arrow["from"] == arrow["to"]:
                raise RefutationError("the arrows are no cycle")
            self._check_arrow(arrow, assumed)
        kinds = [arrow["kind"] for arrow in arrows]
        if self.weak:
            self._check_seen(arrows, kinds)
            return
        adjacent = any(kinds[place - 1] == kinds[place] == "rw" for place in range(len(kinds)))
        if adjacent and self.rules.forbids != "any":
            raise RefutationError("two overwritten reads follow one another, which may be")

    def _check_seen(self, arrows: Sequence[Mapping[str, Any]], kinds: list[str]) -> None:
        """Confirm that a reader has seen, as the level means it, who overwrote what it read."""
        if "rw" not in kinds:
            return
        if kinds.count("rw") > 1:
            raise RefutationError("more than one overwritten read, which may be")
        place = kinds.index("rw")
        rest = [*arrows[place + 1 :], *arrows[:place]]
        if not {arrow["kind"] for arrow in rest} <= {"so", "wr"}:
            raise RefutationError("nobody sees along the order of writers")
        if self.rules.seen != "past" and len(rest) > 1:
            raise RefutationError("a longer way than this level sees")
        if self.rules.seen == "read":
            (seen,) = rest
            if seen["kind"] != "wr" or seen["operations"][1] >= arrows[place]["operations"][0]:
                raise RefutationError("what was read only later has not been seen")

    def _check_arrow(self, arrow: Mapping[str, Any], assumed: list[_Order]) -> None:
        source, target, kind = int(arrow["from"]), int(arrow["to"]), arrow["kind"]
        if kind == "so":
            self._check_session(source, target)
        elif kind == "rt":
            self._check_real_time(source, target)
        else:
            self._check_access(arrow, (source, target, kind), assumed)

    def _check_session(self, source: int, target: int) -> None:
        history = self.history
        if not (
            self.rules.sessions
            and history.has_sessions
            and history.session[source] == history.session[target]
            and 0 <= source < target
            and history.outcome[source] == Outcome.COMMITTED
            and self.record.counts(target)
        ):
            raise RefutationError(f"no session puts transaction {source} before {target}")

    def _check_real_time(self, source: int, target: int) -> None:
        history = self.history
        ended, invoked = int(history.finished_ns[source]), int(history.invoked_ns[target])
        if not (
            self.rules.real_time
            and history.outcome[source] == Outcome.COMMITTED
            and self.record.counts(target)
            and 0 <= ended < invoked
        ):
            raise RefutationError(f"transaction {source} had not ended before {target} was invoked")

    def _check_access(
        self, arrow: Mapping[str, Any], ends: tuple[int, int, str], assumed: list[_Order]
    ) -> None:
        source, target, kind = ends
        key = int(arrow["key"])
        first, second = (int(each) for each in arrow["operations"])
        record = self.record
        if kind == "wr":
            same = record.version(second) == source and first == record.final_write(source, key)
            if not same or not record.is_access(second, target, key):
                raise RefutationError(f"operation {second} does not read what {source} wrote")
            return
        if second != record.final_write(target, key):
            raise RefutationError(f"operation {second} is no last write of {target}")
        if kind == "ww":
            version = source
            if first != record.final_write(source, key):
                raise RefutationError(f"operation {first} is no last write of {source}")
        elif kind == "rw" and record.is_access(first, source, key):
            version = record.version(first)
        else:
            raise RefutationError(f"operation {first} is no access of {source}")
        self._check_before(key, (version, target), arrow.get("links"), assumed)

    def _check_before(
        self,
        key: int,
        writers: tuple[int, int],
        links: Sequence[int] | None,
        assumed: list[_Order],
    ) -> None:
        """Confirm that the version of one writer comes before that of the other."""
        version, writer = writers
        if version == INITIAL:
            return
        if version == writer:
            raise RefutationError(f"transaction {writer} does not overwrite itself")
        if links:
            if links[0] != version or links[-1] != writer:
                raise RefutationError("the writers that follow one another are others")
            self._check_links(key, [int(each) for each in links])
        elif not any(
            order.key == key and version in order.earlier and writer in order.later
            for order in (*assumed, *self.settled)
        ):
            raise RefutationError(f"nothing puts {version} before {writer} on key {key}")
