"""A region server of Omid FP: it commits single-key transactions on its own.

VLDB'18, algorithm 4. One local version clock for each server: regular transactions push it up
when they read a key or complete a write, so a fast-path version lies above every snapshot that
has read its key and above every commit it replaces. The clock is volatile: a region that moves
comes up on another server without it, which is a crash and a restart here. It never runs ahead of
the manager's by more than the local sequence, so a fresh timestamp of the manager exceeds whatever
it stood at before.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from sim.history import NONE, AbortReason, FieldWriter, OracleBuilder, OracleKind, RowState
from sim.kernel.rpc import Call, NoReply, Sleep
from sim.omid.collector import CompactingRegion
from sim.omid.fast_path.messages import PutVersion
from sim.omid.messages import MANAGER, Begun, Committed, Record, Refused

if TYPE_CHECKING:
    from sim.kernel.core import Kernel
    from sim.omid.manager import Manager
    from sim.omid.settings import Settings

Step = Generator[Any, Any, None]
Answer = Committed | Refused


class FastPathRegion(CompactingRegion):
    """A region with a local version clock."""

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        super().__init__(kernel, name, number, oracle, settings)
        self.settings = settings
        self.sequence_bits = settings.sequence_bits
        self.sequence_mask = (1 << settings.sequence_bits) - 1
        self.version_clock = 0
        self.clock_known = False
        self.renewing = False
        self.parked: list[Call] = []
        self.answered: dict[str, tuple[int, Answer]] = {}
        """The last answer to each client; it is stored with the cells, as HBase's nonces are."""

    # Regular transactions

    def on_get(self, call: Call) -> None:
        """Read for a snapshot (`preGet`), which no later fast-path version may fall into."""
        _, snapshot = call.body
        self.note_read(snapshot)
        super().on_get(call)

    def note_read(self, snapshot: int) -> None:
        """Push the clock above a snapshot that reads here. Mechanism `read_bump`."""
        self.bump(snapshot)

    def on_check_and_put(self, call: Call) -> None:
        """Write a tentative version unless a newer one has committed (`prePut`)."""
        key, version = call.body[:2]
        overtaken = self.is_overtaken(key, version)
        if not overtaken:
            self.put(*call.body)
        self.answer(call, not overtaken, self.mutate_ns)

    def is_overtaken(self, key: int, version: int) -> bool:
        """Say whether somebody committed the key after a transaction began.

        The manager does not know of the fast path. Mechanism `newer_commit_check`.
        """
        records = self.cells.get(key, ())
        return any(record.commit > version != record.version for record in records)

    def put_commit_field(self, key: int, version: int, commit: int, writer: FieldWriter) -> None:
        """Fill a commit field (`preUpdate`); later fast-path versions are above it."""
        super().put_commit_field(key, version, commit, writer)
        self.note_commit(commit)

    def note_commit(self, commit: int) -> None:
        """Push the clock above a commit that is complete here. Mechanism `commit_bump`."""
        self.bump(commit)

    # The fast path

    def on_get_committed(self, call: Call) -> None:
        """Return the newest version with a commit field, or None (`brc` and `br`).

        A commit that is not complete yet is missed.
        """
        self.answer(call, newest_committed(self.cells.get(call.body, ())), self.service_ns)

    def on_put_version(self, call: Call) -> None:
        """Commit a write of one key (`bwc` and `wc`), once the clock is known."""
        request: PutVersion = call.body
        serial, before = self.answered.get(request.client, (0, None))
        if request.serial < serial:
            return  # The network delivered it late; its client is long past it.
        if request.serial == serial:
            self.answer(call, before, self.mutate_ns)
            return
        if not self.clock_known:
            self.parked.append(call)
            self.renew_clock()
            return
        answer = self.put_version(request)
        self.answered[request.client] = (request.serial, answer)
        self.answer(call, answer, self.mutate_ns)

    def put_version(self, request: PutVersion) -> Answer:
        """Write and commit in one step (`putVersion`), or say why not."""
        key = request.key
        records = self.cells.get(key, ())
        if self.is_locked(records):
            return Refused(AbortReason.LOCKED)
        newest = newest_committed(records)
        if newest is not None and newest.version > request.bound:
            return Refused(AbortReason.CONFLICT)
        version = self.next_version(key)
        if version is None:
            # Without regular traffic nothing would push the clock up.
            self.renew_clock()
            return Refused(AbortReason.SEQUENCE)
        self.put(key, version, request.value, 0)
        self._log(OracleKind.COMMIT_TABLE_PUT, key, version, extra=RowState.ABSENT)
        self.put_commit_field(key, version, version, FieldWriter.WRITER)
        self._log(OracleKind.COMMIT_REPLIED, key, version)
        return Committed(version)

    def is_locked(self, records: Sequence[Record]) -> bool:
        """Say whether somebody's tentative version is there: it may yet commit.

        Mechanism `tentative_check`.
        """
        return any(record.commit == NONE for record in records)

    # The local version clock

    def next_version(self, key: int) -> int | None:
        """Return the version after the clock, or None when its local part is used up.

        Each region counts in a residue class of its own, so that a version names one
        transaction in the whole deployment (ours: to the paper it is one of its key only).
        """
        regions = len(self.store.regions)
        sequence = self.version_clock & self.sequence_mask
        following = sequence + 1 + (key - sequence - 1) % regions
        if not self.fits(following):
            return None
        return self.version_clock - sequence + following

    def fits(self, sequence: int) -> bool:
        """Say whether a local sequence stays below the next global timestamp.

        Mechanism `sequence_bound`.
        """
        return sequence <= self.sequence_mask

    def bump(self, timestamp: int) -> None:
        """Push the clock up to a timestamp."""
        if timestamp > self.version_clock:
            self.version_clock = timestamp

    def renew_clock(self) -> None:
        """Begin to ask the manager for a fresh timestamp, unless that is under way."""
        if not self.renewing:
            self.renewing = True
            self.run(self.fetch_timestamp())

    def fetch_timestamp(self) -> Step:
        """Get a timestamp above all earlier ones; then serve what waited for it."""
        settings, fresh = self.settings, None
        while fresh is None:
            coordinator, timeout_ns = self.coordinator, settings.store_timeout_ns
            seen = yield Call(coordinator, coordinator.on_read, MANAGER, timeout_ns, retry=True)
            if seen.data is not None:
                fresh = yield from self.ask_manager(self.managers[seen.data.name])
            if fresh is None:
                yield Sleep(settings.reconnect_ns)
        self.bump(fresh)
        self.clock_known = True
        self.renewing = False
        parked, self.parked = self.parked, []
        for call in parked:
            self.on_put_version(call)

    def ask_manager(self, manager: Manager) -> Generator[Any, Any, int | None]:
        """Return a start timestamp of a manager, or None when it does not answer or serve."""
        try:
            reply = yield Call(manager, manager.on_begin, None, self.settings.request_timeout_ns)
        except NoReply:
            return None
        return reply.start if isinstance(reply, Begun) else None

    def on_crash(self) -> None:
        """Lose the clock and the requests that waited for it; cells and answers are durable."""
        super().on_crash()
        self.renewing = False
        self.parked.clear()
        self.lose_clock()

    def lose_clock(self) -> None:
        """Forget how far the clock was: the next fast-path write asks the manager first.

        Mechanism `version_clock_renewal`.
        """
        self.version_clock = 0
        self.clock_known = False

    def _log(self, kind: OracleKind, key: int, version: int, extra: int = NONE) -> None:
        self.oracle.add(kind, self.kernel.now, self.number, version, key, version, extra)


def newest_committed(records: Sequence[Record]) -> Record | None:
    """Return the newest version with a commit field.

    Versions of one key stand in the order of their starts, which is that of their commits.
    """
    return next((record for record in records if record.commit != NONE), None)
