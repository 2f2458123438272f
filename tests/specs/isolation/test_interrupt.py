"""An interrupt ends a search, although the solver takes the signal itself."""

import pysolvers
import pytest

from specs.history.isolation.choices import _solved


class Interrupted:
    def solve(self, assumptions):
        raise pysolvers.error("Caught keyboard interrupt")


def test_interrupt_of_the_solver_is_an_interrupt_of_the_program():
    with pytest.raises(KeyboardInterrupt):
        _solved(Interrupted())
