"""The store of Percolator: locks beside the versions, and the register that decides.

Peng and Dabek, OSDI'10, section 2.2. A lock is a version without a commit field; it names the
primary, the one key of its transaction whose row decides. There, a check-and-mutate turns the
lock into a commit record or takes it away, whichever comes first. A primary that was rolled back
keeps a mark of it: a late copy of its prewrite must not lock it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from sim.history import NONE, AbortReason, FieldWriter, OracleKind, RowState
from sim.kernel.rpc import Call
from sim.omid.collector import CompactingRegion
from sim.omid.messages import Record
from sim.omid.store import Store

if TYPE_CHECKING:
    from sim.history import OracleBuilder
    from sim.kernel.core import Kernel
    from sim.omid.settings import Settings


class Lock(NamedTuple):
    """Who has locked a key, which key decides for it, and since when by the region's clock."""

    version: int
    primary: int
    since_ns: int


class Pending(NamedTuple):
    """What a primary says while it is locked: how old its lock is."""

    age_ns: int


class Prewrite(NamedTuple):
    """One key of a transaction to be locked; `primary` is the key that decides."""

    key: int
    version: int
    primary: int
    value: int
    tombstone: bool


Status = int | Pending
"""A commit timestamp, `NONE` for rolled back, or `Pending`."""


class LockingRegion(CompactingRegion):
    """A region whose keys can be locked."""

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        super().__init__(kernel, name, number, oracle, settings)
        self.locks: dict[int, Lock] = {}
        self.rolled_back: dict[tuple[int, int], None] = {}

    def on_get(self, call: Call) -> None:
        """Return what a snapshot shows of a key, or the lock that hides it."""
        key, snapshot = call.body
        lock = self.locks.get(key)
        if lock is not None and self.hides(lock, snapshot):
            self.answer(call, lock, self.service_ns)
            return
        self.answer(call, self.newest(key, snapshot), self.service_ns)

    def hides(self, lock: Lock, snapshot: int) -> bool:
        """Say whether the holder of a lock may commit inside the snapshot.

        Mechanism `lock_check`.
        """
        return lock.version <= snapshot

    def newest(self, key: int, snapshot: int) -> Record | None:
        """Return the newest version that committed below the snapshot."""
        for record in self.cells.get(key, ()):
            if NONE < record.commit < snapshot:
                return record
        return None

    def on_prewrite(self, call: Call) -> None:
        """Lock a key and write the version, or say why not (check-and-mutate)."""
        request: Prewrite = call.body
        refusal = self.refusal(request)
        if refusal is None:
            self.lock(request)
        self.answer(call, refusal, self.mutate_ns)

    def refusal(self, request: Prewrite) -> AbortReason | Lock | None:
        """Return what forbids a prewrite: a newer commit, a roll-back, or another's lock."""
        key, version = request.key, request.version
        if (key, version) in self.rolled_back:
            return AbortReason.READ_FORCED
        lock = self.locks.get(key)
        if lock is not None and lock.version != version:
            return lock
        # Without a lock all versions are committed, and the newest committed last.
        records = self.cells.get(key)
        if lock is None and records and records[0].commit > version:
            return AbortReason.CONFLICT
        return None

    def lock(self, request: Prewrite) -> None:
        """Enter lock and version; a copy of a prewrite finds both."""
        key, version = request.key, request.version
        if key not in self.locks:
            self.locks[key] = Lock(version, request.primary, self.now_ns)
            self.put(key, version, request.value, 0, request.tombstone)

    def on_status(self, call: Call) -> None:
        """Return what a primary says about its transaction."""
        key, version = call.body
        self.answer(call, self.status(key, version), self.service_ns)

    def status(self, key: int, version: int) -> Status:
        """Return commit, `NONE`, or `Pending`; what was never locked here is not committed."""
        lock = self.locks.get(key)
        if lock is not None and lock.version == version:
            return Pending(self.now_ns - lock.since_ns)
        record = self.find(key, version)
        return NONE if record is None else record.commit

    def on_commit(self, call: Call) -> None:
        """Turn the lock of a primary into its commit record, if it stands (check-and-mutate).

        This is the commit point. The answer is the commit timestamp that the primary then has,
        or `NONE`.
        """
        key, version, commit = call.body
        if isinstance(self.status(key, version), Pending):
            self.log_decision(OracleKind.COMMIT_TABLE_PUT, key, version, commit)
            self.unlock(key, version, commit, FieldWriter.WRITER)
            self.log(OracleKind.COMMIT_REPLIED, version, timestamp=commit)
        self.answer(call, self.status(key, version), self.mutate_ns)

    def on_roll_back(self, call: Call) -> None:
        """Take the lock of a primary away, if it stands (check-and-mutate).

        The answer is the commit timestamp where the primary had committed before, else `NONE`.
        """
        key, version = call.body
        if self.may_roll_back(key, version):
            if (key, version) not in self.rolled_back:
                self.log_decision(OracleKind.COMMIT_TABLE_INVALIDATED, key, version, NONE)
            self.rolled_back[key, version] = None
            self.undo(key, version)
        self.answer(call, self.status(key, version), self.mutate_ns)

    def may_roll_back(self, key: int, version: int) -> bool:
        """Say whether a primary is still undecided. Mechanism `rollback_lock_check`."""
        status = self.status(key, version)
        return status == NONE or isinstance(status, Pending)

    def on_forward(self, call: Call) -> None:
        """Turn the lock of a secondary into a commit record, if it stands."""
        key, version, commit, writer = call.body
        self.unlock(key, version, commit, writer)
        self.answer(call, True, self.put_ns)

    def on_release(self, call: Call) -> None:
        """Take the lock of a secondary away, if it stands: its primary was rolled back."""
        key, version = call.body
        lock = self.locks.get(key)
        if lock is not None and lock.version == version:
            self.undo(key, version)
        self.answer(call, True, self.put_ns)

    def unlock(self, key: int, version: int, commit: int, writer: FieldWriter) -> None:
        """Commit one version that is locked."""
        lock = self.locks.get(key)
        if lock is not None and lock.version == version:
            del self.locks[key]
            self.put_commit_field(key, version, commit, writer)

    def undo(self, key: int, version: int) -> None:
        """Remove one version and its lock."""
        lock = self.locks.get(key)
        if lock is not None and lock.version == version:
            del self.locks[key]
        self.remove(key, version)

    def log_decision(self, kind: OracleKind, key: int, version: int, commit: int) -> None:
        """Log a mutation of a primary with the state before it."""
        status = self.status(key, version)
        if isinstance(status, Pending):
            before = RowState.ABSENT
        elif status != NONE:
            before = RowState.COMMITTED
        else:
            rolled = (key, version) in self.rolled_back
            before = RowState.INVALID if rolled else RowState.ABSENT
        self.log(kind, version, timestamp=commit, extra=before)

    def log(self, kind: OracleKind, version: int, *, timestamp: int, extra: int = NONE) -> None:
        """Log what concerns a whole transaction."""
        self.oracle.add(kind, self.kernel.now, self.number, version, NONE, timestamp, extra)


class LockStore(Store):
    """A store with locks; every request is one row's, and sent again until it is answered."""

    def _region(self, key: int) -> LockingRegion:
        return cast(LockingRegion, self.region(key))

    def prewrite(self, request: Prewrite) -> Call:
        """Lock a key and write its version; the answer is None, or why not."""
        region = self._region(request.key)
        return Call(region, region.on_prewrite, request, self.timeout_ns, retry=True)

    def status(self, primary: int, version: int) -> Call:
        """Look at a primary; the answer is a `Status`."""
        region = self._region(primary)
        return Call(region, region.on_status, (primary, version), self.timeout_ns, retry=True)

    def commit(self, primary: int, version: int, commit: int) -> Call:
        """Commit a primary; the answer is the commit timestamp, or `NONE` where it is too late."""
        region, body = self._region(primary), (primary, version, commit)
        return Call(region, region.on_commit, body, self.timeout_ns, retry=True)

    def roll_back(self, primary: int, version: int) -> Call:
        """Roll a primary back; the answer is its commit timestamp where it is too late."""
        region = self._region(primary)
        return Call(region, region.on_roll_back, (primary, version), self.timeout_ns, retry=True)

    def forward(
        self, keys: Sequence[int], version: int, commit: int, writer: FieldWriter
    ) -> list[Call]:
        """Commit secondaries, each with a request of its own."""
        return [
            Call(
                self._region(key),
                self._region(key).on_forward,
                (key, version, commit, writer),
                self.timeout_ns,
                retry=True,
            )
            for key in keys
        ]

    def release(self, keys: Sequence[int], version: int) -> list[Call]:
        """Release secondaries, each with a request of its own."""
        return [
            Call(
                self._region(key),
                self._region(key).on_release,
                (key, version),
                self.timeout_ns,
                retry=True,
            )
            for key in keys
        ]
