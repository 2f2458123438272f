"""Program order: which operations of a transaction touch one key, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.history import OperationKind
from specs.history.numbering import Flags, Numbers

if TYPE_CHECKING:
    from specs.history.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Columns over operations."""

    own_write: Numbers
    """The transaction's last earlier write of the same key, -1 for none."""
    final: Flags
    """True for the last write of a key in its transaction: what others may see."""
    first_access: Flags
    """True for the first operation of a transaction on a key."""


def read_program(case: Case) -> Program:
    """Group the operations by transaction and key, and look along each group."""
    history, size = case.history, case.history.operations
    own_write = np.full(size, -1, dtype=np.int32)
    final = np.zeros(size, dtype=np.bool_)
    first_access = np.zeros(size, dtype=np.bool_)
    if not size:
        return Program(own_write=own_write, final=final, first_access=first_access)
    group = case.owner.astype(np.int64) * max(1, len(case.keys))
    group += case.operation_keys
    order = np.argsort(group, kind="stable").astype(np.int32)
    group = group[order]
    opens = np.ones(size, dtype=np.bool_)
    np.not_equal(group[1:], group[:-1], out=opens[1:])
    del group
    place = np.arange(size, dtype=np.int32)
    opened = np.maximum.accumulate(np.where(opens, place, 0))
    written = np.where(history.kind[order] == OperationKind.WRITE, place, np.int32(-1))
    written = np.maximum.accumulate(written)
    before = np.concatenate([np.full(1, -1, dtype=np.int32), written[:-1]])
    inside = before >= opened
    own_write[order[inside]] = order[before[inside]]
    closes = np.flatnonzero(np.append(opens[1:], True))
    closes = closes[written[closes] >= opened[closes]]
    final[order[written[closes]]] = True
    first_access[order[opens]] = True
    return Program(own_write=own_write, final=final, first_access=first_access)
