"""Every built-in workload by the name that scenario files use."""

from __future__ import annotations

from typing import Final, Protocol

from sim.kernel.streams import Streams
from sim.workload.generate.bank import Bank
from sim.workload.generate.counters import Counters
from sim.workload.generate.mix import Mix
from sim.workload.generate.pairs import Pairs
from sim.workload.generate.vldb18 import Vldb18
from sim.workload.generate.ycsb import Ycsb
from sim.workload.types import TransactionTrace


class Generator(Protocol):
    """A workload that is drawn from named streams."""

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        ...


_Kind = type[Ycsb] | type[Vldb18] | type[Bank] | type[Counters] | type[Mix] | type[Pairs]

GENERATORS: Final[dict[str, _Kind]] = {
    "ycsb": Ycsb,
    "vldb18": Vldb18,
    "bank": Bank,
    "counters": Counters,
    "mix": Mix,
    "pairs": Pairs,
}
"""Built-in workloads; the fields of each class are its settings."""
