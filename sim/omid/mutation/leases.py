"""Mutants of the lease itself: how it is measured, and what happens when it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sim.omid.mutation.mutant import Mutant
from sim.omid.settings import MS

if TYPE_CHECKING:
    from sim.omid.manager import Manager as _Manager
    from sim.omid.pipeline import Batch
    from sim.omid.pipeline import Pipeline as _Pipeline
else:
    # A mix-in inherits from its role for the type checker only: at run time it goes on top of
    # whichever class the variant has for the role.
    _Manager = _Pipeline = object

_EXIT_NS: Final = 10 * MS


class _NoLeasePrecheck(_Pipeline):
    def lease_precheck(self, batch: Batch) -> bool:
        """Write whatever was accepted; the check after the put still stands."""
        return True


class _NoSynchronousHalt(_Pipeline):
    def ends(self, why: str) -> bool:
        """Halt soon, and go on until then."""
        self.manager.timer(_EXIT_NS, self.manager.halt, why)
        return False


class _LeaseOriginLate(_Manager):
    def lease_origin_ns(self, asked_ns: int) -> int:
        """Measure the lease from when its answer came."""
        return self.lease_clock_ns()


class _LeaseClockThatIsSet(_Manager):
    def lease_clock_ns(self) -> int:
        """Measure by the time of day."""
        return self.wall_ns


class ReElected(_Manager):
    """A manager that stands by again instead of halting, with all that it had under way."""

    def halt_if(self, why: str | None) -> None:
        """Stop serving, and try to win the lease again."""
        if why is not None:
            self.lease.drop()
            self.serving = False
            self.run(self.stand_by(), self.halt_if)


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        name="no_lease_precheck",
        number=6,
        mechanism="lease_precheck",
        property="",
        mixins={"pipeline": _NoLeasePrecheck},
        benign=True,
        summary="a batch is put into the commit table without a look at the lease",
    ),
    Mutant(
        name="no_synchronous_halt",
        number=7,
        mechanism="synchronous_halt",
        property="invalid_never_acknowledged",
        mixins={"pipeline": _NoSynchronousHalt},
        summary="a manager whose lease has run out halts a little later, and answers until then",
    ),
    Mutant(
        name="lease_origin_late",
        number=8,
        mechanism="lease_origin",
        property="one_lease_holder",
        mixins={"manager": _LeaseOriginLate},
        summary="a lease is measured from when the answer of the coordinator came",
    ),
    Mutant(
        name="lease_clock_that_is_set",
        number=11,
        mechanism="lease_clock",
        property="frozen_snapshot",
        mixins={"manager": _LeaseClockThatIsSet},
        summary="a lease is measured by the time of day, which somebody may set back",
    ),
    Mutant(
        name="no_lease_token",
        number=12,
        mechanism="lease_token",
        property="invalid_never_acknowledged",
        mixins={"manager": ReElected},
        summary="a manager wins the lease again and answers what it had accepted under the old one",
    ),
)
