"""Sentences about arrows: what was read and written at both ends, and what follows from it."""

from __future__ import annotations

from sim.history import OperationKind
from specs.history.isolation.arrows import Arrow, Loop, Order
from specs.history.isolation.labels import Labels
from specs.history.isolation.levels import Level
from specs.history.isolation.lineage import Lineage


class Words:
    """The sentences for one decision."""

    def __init__(self, labels: Labels, lineage: Lineage, level: Level) -> None:
        self.labels = labels
        self.lineage = lineage
        self.level = level

    def name(self, transaction: int) -> str:
        """Return what a transaction is called."""
        return self.labels.transaction(transaction)

    def sentence(self, arrow: Arrow) -> str:
        """Say what shows an arrow, without a full stop."""
        source, target = self.name(arrow.source), self.name(arrow.target)
        if arrow.kind == "wr":
            read, _ = self.lineage.read(arrow.target, arrow.key, arrow.source)
            return f"{target} reads {self.seen(read)}, which {self._of(arrow.source, arrow.key)}"
        if arrow.kind == "rw":
            missed = self.written(arrow.target, arrow.key)
            return f"{source} reads {self._read(arrow)}, not {target}'s {missed}{self._so(arrow)}"
        if arrow.kind == "ww":
            return f"{source} {self.writes(arrow.source, arrow.key)} before {target} " + (
                self.writes(arrow.target, arrow.key)
            )
        if arrow.kind == "so":
            return f"{target} follows {source} in {self.labels.session(arrow.target)}"
        return f"{target} was invoked when {source} had ended"

    def short(self, arrow: Arrow) -> str:
        """Say the same in fewer words."""
        source, target = self.name(arrow.source), self.name(arrow.target)
        key = "" if arrow.key < 0 else self.labels.key(arrow.key)
        if arrow.kind == "wr":
            read, _ = self.lineage.read(arrow.target, arrow.key, arrow.source)
            return f"{target} reads {source}'s {self.seen(read)}"
        if arrow.kind == "rw":
            missed = self.written(arrow.target, arrow.key)
            return f"{source} reads {self._read(arrow)}, not {target}'s {missed}"
        if arrow.kind == "ww":
            return f"{source} writes {key} before {target}"
        if arrow.kind == "so":
            return f"{target} follows {source} in its session"
        return f"{source} ends before {target} is invoked"

    def order(self, order: Order) -> str:
        """Say an order of two writers, or of two chains."""
        earlier = self.lineage.chain(order.key, order.earlier)[-1]
        first = f"{self.name(earlier)} {self.writes(earlier, order.key)}"
        return f"{first} before {self.name(order.later)} {self.writes(order.later, order.key)}"

    def shown(self, order: Order, operation: int) -> str:
        """Say which list shows an order."""
        reader = self.labels.owner(operation)
        later = self.written(order.later, order.key)
        return f"{reader} reads {self.seen(operation)}, without {later}"

    def close(self, loop: Loop) -> str:
        """Say what is wrong about a cycle."""
        first = loop.arrows[0]
        if self.level.family == "weak" and first.kind == "rw":
            source, target = self.name(first.source), self.name(first.target)
            return f"So {source} has seen {target}, and reads what {target} had overwritten."
        return f"So {self.name(first.source)} would have to come before itself."

    def seen(self, operation: int) -> str:
        """Return `x = 5` for what an operation read, a list by its last elements."""
        history, labels = self.labels.history, self.labels
        key = labels.key_of(int(history.key[operation]))
        if history.kind[operation] != OperationKind.READ_LIST:
            return f"{key} = {labels.value(int(history.value[operation]))}"
        return f"{key} = {labels.elements(operation)}"

    def written(self, writer: int, key: int) -> str:
        """Return `x = 5` for a final write, or `5` for an element."""
        history, operation = self.labels.history, self.lineage.write(writer, key)
        value = self.labels.value(int(history.value[operation]))
        if history.kind[operation] == OperationKind.APPEND:
            return value
        return f"{self.labels.key(key)} = {value}"

    def writes(self, writer: int, key: int) -> str:
        """Return `writes x = 5`, or `appends 5 to x`."""
        return self.labels.operation(self.lineage.write(writer, key))

    def _of(self, writer: int, key: int) -> str:
        operation = self.lineage.write(writer, key)
        if self.labels.history.kind[operation] == OperationKind.APPEND:
            return f"{self.name(writer)} appended {self.written(writer, key)} to"
        return f"{self.name(writer)} wrote"

    def _read(self, arrow: Arrow) -> str:
        read, _ = self.lineage.read(arrow.source, arrow.key, arrow.version, last=True)
        return self.seen(read)

    def _so(self, arrow: Arrow) -> str:
        if self.level.family == "weak":
            return ""
        target = self.name(arrow.target)
        if self.level.merged:
            return f", so it comes before {target}"
        return f", so it begins before {target} commits"
