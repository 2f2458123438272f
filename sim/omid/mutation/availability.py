"""Mutants of high availability: lease checks, epochs, timestamps."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from sim.history import NONE
from sim.omid.messages import MAX_TIMESTAMP
from sim.omid.mutation.leases import ReElected
from sim.omid.mutation.mutant import Mutant

if TYPE_CHECKING:
    from sim.omid.apache.client import ApacheClient as _ApacheClient
    from sim.omid.coordinator import Coordinator as _Coordinator
    from sim.omid.election import Service
    from sim.omid.low_latency.manager import LowLatencyManager as _LowLatencyManager
    from sim.omid.manager import Manager as _Manager
    from sim.omid.messages import Seen
    from sim.omid.pipeline import Batch
    from sim.omid.pipeline import Pipeline as _Pipeline
    from sim.omid.timestamps import Timestamps as _Timestamps
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _ApacheClient = _Coordinator = _LowLatencyManager = _Manager = _Pipeline = _Timestamps = object


class _NoLeasePostcheck(_Pipeline):
    def lease_postcheck(self, batch: Batch) -> None:
        """Answer whatever happened during the put."""
        self.finish(batch)


class _LeaseWaitHalved(_Manager):
    def lease_wait_ns(self) -> int:
        """Wait half as long as the holder may believe."""
        return super().lease_wait_ns() // 2


class _NoLeaseCommitCheck(_Manager):
    def may_accept_commits(self) -> bool:
        """Accept commits with or without a lease."""
        return True


class _NoLeasePrecheck(_Pipeline):
    def lease_precheck(self, batch: Batch) -> bool:
        """Write whatever was accepted."""
        return True


class _NoEpochAdvance(_Timestamps):
    def epoch_base(self, bound: int) -> int:
        """Start again inside the range of the manager before."""
        return max(0, bound - self.range)


class _NoEpochAbort(_Manager):
    def first_low_water_mark(self) -> int:
        """Accept whoever began at an older manager."""
        return NONE


class _EpochAbortByTheOldMark(ReElected):
    def take_over(self) -> Service:
        """Start with an empty conflict table."""
        self.conflicts = type(self.conflicts)(
            entries=self.settings.conflict_table_entries,
            bucket_entries=self.settings.bucket_entries,
        )
        return (yield from super().take_over())

    def first_low_water_mark(self) -> int:
        """Keep the mark of the first epoch."""
        if self.low_water_mark == NONE:
            return super().first_low_water_mark()
        return self.low_water_mark


class _NoTimestampBoundCheck(_Coordinator):
    def may_write(self, path: str, *, version: int, expected: int) -> bool:
        """Let anybody write the bound of timestamps."""
        return path == MAX_TIMESTAMP or super().may_write(path, version=version, expected=expected)


class _NoRangeDurability(_Timestamps):
    def first_range(self, base: int, version: int) -> Generator[Any, Any, bool]:
        """Hand out one timestamp while the range is still on its way to the coordinator."""
        yield from ()
        self.limit, self.version = base + 1, version
        self.refilling = True
        self.manager.run(self.extend(), self.manager.halt_if)
        return True


class _NoEpochLease(_Timestamps):
    def epoch_lease(self) -> Seen | None:
        """Take an epoch whoever has the lease by now."""
        return None


class _NoEpochLoop(_ApacheClient):
    def belongs_to_epoch(self, start: int) -> bool:
        """Take a start timestamp of the manager before, and force decisions up to the new epoch."""
        return True


class _NoLeaseBeginCheck(_Pipeline):
    def lease_precheck(self, batch: Batch) -> bool:
        """Let batches without commits pass."""
        return not batch.commits or super().lease_precheck(batch)

    def lease_postcheck(self, batch: Batch) -> None:
        """Answer begins with or without a lease."""
        if batch.commits:
            super().lease_postcheck(batch)
        else:
            self.finish(batch)


class _NoLeaseBeginCheckAtOnce(_LowLatencyManager):
    def may_begin(self) -> bool:
        """Answer begins with or without a lease, where they do not go through a pipeline."""
        return True


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="no_lease_postcheck",
        number=5,
        mechanism="lease_postcheck",
        property="invalid_never_acknowledged",
        mixins={"pipeline": _NoLeasePostcheck},
        summary="a manager acknowledges commits without looking at its lease again",
    ),
    Mutant(
        name="lease_wait_halved",
        number=9,
        mechanism="lease_wait",
        property="one_lease_holder",
        mixins={"manager": _LeaseWaitHalved},
        summary="a backup waits only half a lease before it takes over",
    ),
    Mutant(
        name="no_lease_commit_check",
        number=10,
        mechanism="lease_commit_check",
        property="frozen_snapshot",
        mixins={"manager": _NoLeaseCommitCheck, "pipeline": _NoLeasePrecheck},
        summary="a manager accepts commits although its lease has run out",
    ),
    Mutant(
        name="no_epoch_advance",
        number=13,
        mechanism="epoch_advance",
        property="timestamps_unique",
        mixins={"timestamps": _NoEpochAdvance},
        summary="a new manager does not start above the timestamps of the old one",
    ),
    Mutant(
        name="no_epoch_abort",
        number=16,
        mechanism="epoch_abort",
        property="first_committer_wins",
        mixins={"manager": _NoEpochAbort},
        summary="a new manager accepts transactions that began before its epoch",
    ),
    Mutant(
        name="no_timestamp_bound_check",
        number=14,
        mechanism="timestamp_bound_check",
        property="timestamps_unique",
        mixins={"coordinator": _NoTimestampBoundCheck},
        summary="a manager writes the bound of timestamps whatever stands there",
    ),
    Mutant(
        name="no_range_durability",
        number=15,
        mechanism="range_durability",
        property="timestamps_unique",
        mixins={"timestamps": _NoRangeDurability},
        summary="a new manager hands out a timestamp before its range is durable",
    ),
    Mutant(
        name="epoch_abort_by_the_old_mark",
        number=17,
        mechanism="epoch_abort",
        property="first_committer_wins",
        mixins={"manager": _EpochAbortByTheOldMark},
        summary="a manager that is elected again forgets conflicts and keeps its low water mark",
    ),
    Mutant(
        name="no_epoch_lease",
        number=101,
        mechanism="epoch_lease",
        property="acknowledged_commits_durable",
        mixins={"timestamps": _NoEpochLease},
        summary="a manager takes an epoch although its lease is somebody else's by now",
    ),
    Mutant(
        name="no_epoch_loop",
        number=19,
        mechanism="epoch_loop",
        property="invalid_never_acknowledged",
        mixins={"client": _NoEpochLoop},
        variants=("omid-apache",),
        summary="a client begins with a timestamp of one manager and the epoch of the next",
    ),
    Mutant(
        name="no_lease_begin_check",
        number=20,
        mechanism="lease_begin_check",
        property="real_time_order",
        mixins={"pipeline": _NoLeaseBeginCheck, "manager": _NoLeaseBeginCheckAtOnce},
        variants=("omid", "omid-ll", "omid-fp"),
        summary="a deposed manager goes on handing out start timestamps",
    ),
)
