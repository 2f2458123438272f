"""The `[[faults]]` tables, made from the faults of the kernel: what the world does to a run.

Each kind of fault is one table. A duration `start_ns` of the kernel is the key `start` of the
file; shares and percentages carry their unit. Whatever the kernel refuses, the file is refused
for, with the same words.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import Field, create_model, model_validator

from scenarios import units
from scenarios.schema.base import Drift, Duration, Length, Percent, Share, Shift, Table
from sim.kernel.faults import KINDS, Fault

# The kernel's name of a field; the file's name, its type, and what it means.
_COLUMNS: Final[dict[str, tuple[str, Any, str]]] = {
    "node": ("node", str, "name of a node, or a pattern like client.*"),
    "start_ns": ("start", Duration, "when it begins"),
    "length_ns": ("length", Length, "how long it lasts"),
    "point": ("point", str, "where in the protocol it begins, like flush.checked"),
    "hit": ("hit", int, "at which passage of the point"),
    "release_ns": ("release", Duration, "when the node goes on"),
    "release_node": ("release_node", str, "the node that lets it go on"),
    "release_point": ("release_point", str, "by reaching this point"),
    "percent": ("percent", Percent, 'time that work takes, like "400%" of the usual'),
    "by_ns": ("by", Shift, 'how far the clock steps, like "-5s"'),
    "sources": ("sources", tuple[str, ...], "nodes on one side"),
    "targets": ("targets", tuple[str, ...], "nodes on the other side"),
    "source": ("source", str, "where the messages come from"),
    "target": ("target", str, "where they go"),
    "one_way": ("one_way", bool, "only messages from sources to targets"),
    "mode": ("mode", Literal["drop", "hold"], "whether messages are lost or wait"),
    "ppm": ("share", Share, "share of the messages"),
    "delay_ns": ("delay", Length, "how late they are"),
}
_DRIFT: Final = ("drift", Drift, 'rate error of the clock, like "200ppm"; negative is slow')
NODE_KEYS: Final = ("node", "release_node", "source", "target", "sources", "targets")


class FaultTable(Table):
    """What all faults share."""

    fault_type: ClassVar[type[Fault]]

    @model_validator(mode="after")
    def _accepted(self) -> Self:
        self.fault()
        return self

    def fault(self) -> Fault:
        """Return the kernel's fault; raises ValueError when it contradicts itself."""
        given = {
            field.name: getattr(self, _column(self.fault_type, field.name)[0])
            for field in fields(self.fault_type)
        }
        return self.fault_type(**given)


def _column(fault_type: type[Fault], name: str) -> tuple[str, Any, str]:
    return _DRIFT if fault_type.kind == "clock_drift" and name == "ppm" else _COLUMNS[name]


def _table(fault_type: type[Fault]) -> type[FaultTable]:
    columns: dict[str, Any] = {"kind": (Literal[fault_type.kind], ...)}
    for field in fields(fault_type):
        name, kind, told = _column(fault_type, field.name)
        default = ... if field.default is MISSING else field.default
        columns[name] = (
            kind if default is not None else kind | None,
            Field(default, description=told),
        )
    doc = (fault_type.__doc__ or "").split("\n", 1)[0]
    table = create_model(fault_type.__name__, __base__=FaultTable, __doc__=doc, **columns)
    table.fault_type = fault_type
    return table


TABLES: Final = {kind: _table(fault_type) for kind, fault_type in KINDS.items()}
"""The table of every fault by kind."""

# A union is made of whatever kinds the kernel has; type checkers see the common base.
AnyFault = Annotated[Any, Field(discriminator="kind")]
if not TYPE_CHECKING:
    AnyFault = Annotated[reduce(or_, TABLES.values()), Field(discriminator="kind")]


def table_of(fault: Fault) -> FaultTable:
    """Return the table of a fault of the kernel, as a file would state it."""
    stated: dict[str, Any] = {"kind": fault.kind}
    for field in fields(fault):
        value = getattr(fault, field.name)
        name, kind, _ = _column(type(fault), field.name)
        if value is not None:
            stated[name] = _WRITERS.get(kind, _same)(value)
    return TABLES[fault.kind].model_validate(stated)


def _same(value: Any) -> Any:
    return value


_WRITERS: Final[dict[Any, Any]] = {
    Duration: units.duration_text,
    Length: units.duration_text,
    Shift: units.duration_text,
    Share: units.share_text,
    Drift: units.share_text,
    Percent: units.percent_text,
}
