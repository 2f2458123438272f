"""Incarnations of managers: who issued what, and in which epoch.

A node that serves again after a halt is a new manager with a new epoch. Each begin of service
is one incarnation; a node that issues timestamps before any logged epoch counts as one more,
older than all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.history import NONE, Integers, OracleKind
from specs.history.numbering import Numbers

if TYPE_CHECKING:
    from specs.history.case import Case


class Incarnations:
    """Numbers for incarnations: places of the begun epochs in the log, then one for each node."""

    __slots__ = ("_case", "begun", "epoch", "node")

    def __init__(self, case: Case) -> None:
        oracle = case.oracle
        nodes = len(oracle.node_names)
        self._case = case
        self.begun = case.rows(OracleKind.EPOCH_STARTED)
        self.epoch: Integers = np.concatenate(
            [oracle.timestamp[self.begun], np.full(nodes, NONE, dtype=np.int64)]
        )
        self.node = np.concatenate([oracle.node[self.begun], np.arange(nodes, dtype=np.int16)])

    def __len__(self) -> int:
        """Count the incarnations, those before any epoch included."""
        return len(self.epoch)

    def of(self, rows: Numbers) -> Numbers:
        """Return the incarnation that acted in each row; rows ascend."""
        nodes = self._case.oracle.node[rows]
        result = (nodes + len(self.begun)).astype(np.int32)
        begun_by = self.node[: len(self.begun)]
        for node in np.unique(begun_by).tolist():
            own = np.flatnonzero(begun_by == node).astype(np.int32)
            mine = np.flatnonzero(nodes == node)
            latest = np.searchsorted(self.begun[own], rows[mine], side="right") - 1
            result[mine[latest >= 0]] = own[latest[latest >= 0]]
        return result

    def by_timestamp(self, timestamps: Integers) -> Numbers:
        """Return, for each timestamp, the incarnation with the highest epoch not above it.

        An epoch bounds the timestamps of all older ones, so this is who can have issued it;
        -1 stands for a time before all epochs.
        """
        epochs = self.epoch[: len(self.begun)]
        order = np.argsort(epochs, kind="stable")
        place = np.searchsorted(epochs[order], timestamps, side="right") - 1
        if not len(order):
            return np.full(len(timestamps), -1, dtype=np.int32)
        return np.where(place >= 0, order[place], -1).astype(np.int32)
