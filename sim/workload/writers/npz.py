"""Writes the npz trace; `sim.workload.readers.npz` documents the columns."""

from __future__ import annotations

import json
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from sim.workload.header import header_of
from sim.workload.types import TransactionTrace


def write_npz(trace: TransactionTrace, file: BinaryIO) -> None:
    """Write a trace as compressed npz into a binary file object: the same bytes every time."""
    head = json.dumps(header_of(trace), ensure_ascii=False).encode()
    columns: dict[str, npt.NDArray[np.generic]] = {
        "header": np.frombuffer(head, dtype=np.uint8),
        "client": trace.client,
        "first": trace.first,
        "kind": trace.kind,
        "key": trace.key,
        "amount": trace.amount,
    }
    if trace.arrival_ns is not None:
        columns["arrival_ns"] = trace.arrival_ns
    if trace.rollback is not None:
        columns["rollback"] = trace.rollback
    if trace.fence is not None:
        columns["fence"] = trace.fence
    np.savez_compressed(file, **columns)  # type: ignore[arg-type]  # its stubs hold any ** for a flag
