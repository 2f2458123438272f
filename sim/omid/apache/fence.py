"""The fence of the Apache code: its answer does not queue with the others.

RequestProcessorImpl.handleFence takes the next timestamp, enters it as the fence of the table, and
answers at once. Fences of the code are for one table; here all keys are one table.
"""

from __future__ import annotations

from sim.history import NONE, OracleKind
from sim.kernel.rpc import Call
from sim.omid.manager import Manager
from sim.omid.messages import Begun


class FencePastPipeline(Manager):
    """A manager whose fences overtake the commits below them."""

    def answer_fence(self, call: Call, start: int) -> None:
        """Answer a fence while commits below it are on their way to the commit table."""
        epoch = self.timestamps.epoch
        self.oracle.add(OracleKind.BEGIN_REPLIED, self.kernel.now, self.number, start, NONE, epoch)
        call.reply(Begun(start, epoch))
