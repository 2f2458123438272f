"""One run: a protocol, a mix, a load, a seed; and what each kind of transaction took in it.

As in the paper, single-key transactions and those of 5 and 10 keys are looked at where they
occur: among all others of the random mix. The measured clients make 0.3 % of the load, open loop
at even distances, on sessions enough that nobody waits for a free one; the background makes the
rest. Chance is common: a seed gives every protocol the same transactions, and every link and
server a stream of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.history import NONE, History, OperationKind, Outcome
from sim.kernel.streams import Streams
from sim.omid.background import BackgroundLoad
from sim.omid.world import Setup, World
from sim.workload.generate.vldb18 import Vldb18
from sim.workload.types import TransactionTrace
from vldb18.costs import Costs
from vldb18.published import LOW, Run

SESSIONS: Final = 128
SHARE: Final = 0.003
WARM_UP: Final = 0.2
BACKGROUND_KEYS: Final = 2
"""Keys of a write set of the generators: writesetSize of Apache Omid's benchmark tool."""

_REQUESTS_A_TICK: Final = 40
_TICK_MAX_NS: Final = 200_000
_FIRST_NS: Final = 50_000_000
_AFTER_NS: Final = 2_000_000_000
"""A run ends so long after its last arrival: what saturates would go on for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured in one run: the larger of a number and a time."""

    transactions: int = 4_000
    low: int = 12_000
    """At the load of the breakdowns, where rare aborts are counted, too."""
    batched_s: float = 6.0
    """Batches make neighbours alike, so `omid` is watched for so long at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Means of one kind of transaction in one run, over what committed, in milliseconds."""

    begin: float
    store: float
    commit: float
    total: float
    aborted: float
    """Share of all transactions of the run that aborted, in percent."""
    measured: int


def run_once(costs: Costs, run: Run, *, seed: int, effort: Effort) -> dict[str, Sample]:
    """Make one run; return a sample for each kind of transaction that occurred."""
    world = World(setup(costs, run, seed=seed, effort=effort))
    world.run()
    return samples(world.outcome().history)


def setup(costs: Costs, run: Run, *, seed: int, effort: Effort) -> Setup:
    """Return what the simulator runs."""
    per_s = run.load * 1_000
    tick_ns = min(_TICK_MAX_NS, round(_REQUESTS_A_TICK * 1e9 / (2 * per_s)))
    workload = arrivals(run, seed=seed, effort=effort)
    assert workload.arrival_ns is not None, "arrivals were just made"
    return Setup(
        seed=seed,
        workload=workload,
        network=costs.network(),
        variant=run.protocol,
        settings=costs.settings(),
        topology=costs.topology(SESSIONS),
        background=BackgroundLoad(
            per_minute=round(per_s * (1 - SHARE) * 60),
            write_sets=(*[0] * BACKGROUND_KEYS, 1_000_000),
            tick_ns=tick_ns,
        ),
        duration_ns=int(workload.arrival_ns[-1]) + _AFTER_NS,
    )


def arrivals(run: Run, *, seed: int, effort: Effort) -> TransactionTrace:
    """Return the measured transactions of a run, at even distances."""
    per_s = run.load * 1_000 * SHARE
    count = effort.low if run.load == LOW and run.mix == "random" else effort.transactions
    if run.protocol == "omid":
        count = max(count, round(per_s * effort.batched_s))
    workload = Vldb18(transactions=count, clients=SESSIONS, mix=run.mix)
    trace = workload.generate(Streams(seed))
    gap_ns = round(1e9 / per_s)
    return replace(trace, arrival_ns=_FIRST_NS + gap_ns * np.arange(count, dtype=np.int64))


def samples(history: History) -> dict[str, Sample]:
    """Take the means of every kind over what committed after the warm-up."""
    first_ns = int(history.invoked_ns.min())
    warm_ns = first_ns + int(WARM_UP * (int(history.invoked_ns.max()) - first_ns))
    kept = (history.outcome == Outcome.COMMITTED) & (history.invoked_ns >= warm_ns)
    ended = history.outcome != Outcome.UNKNOWN
    aborted = float((history.outcome[ended] == Outcome.ABORTED).mean()) * 100
    committing_ns = np.where(
        history.committing_ns == NONE, history.finished_ns, history.committing_ns
    )
    spans = {
        "begin": history.begun_ns - history.invoked_ns,
        "store": committing_ns - history.begun_ns,
        "commit": history.finished_ns - committing_ns,
        "total": history.finished_ns - history.invoked_ns,
    }
    taken = {}
    for kind, rows in _kinds(history).items():
        chosen = kept & rows
        if chosen.any():
            means = {name: float(span[chosen].mean()) / 1e6 for name, span in spans.items()}
            taken[kind] = Sample(**means, aborted=aborted, measured=int(chosen.sum()))
    return taken


def _kinds(history: History) -> Mapping[str, npt.NDArray[np.bool_]]:
    """Say which transactions are of which kind, by the operations that they did."""
    size = np.diff(history.first)
    last = len(history.kind) - 1
    begin = np.minimum(history.first[:-1], last)
    second = np.minimum(begin + 1, last)
    writes = history.kind[begin] == OperationKind.WRITE
    twice = (size == 2) & (history.key[begin] == history.key[second])
    return {
        "any": size >= 0,
        "single_write": (size == 1) & writes,
        "single_read": (size == 1) & ~writes,
        "single_brwc": twice,
        "size_1": size == 1,
        "size_5": size == 5,
        "size_10": size == 10,
    }
