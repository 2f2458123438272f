"""The key-value store: data regions with many versions a key, and the commit table.

FAST'17, section 4.1. Each request takes effect at one instant, when it reaches its server, and
is atomic for its row; the answer leaves when the server's threads have done the work. The store
is durable: a region that crashes loses requests, never data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.history import NONE, TOMBSTONE, FieldWriter, OracleBuilder, OracleKind, RowState
from sim.kernel.distributions import spread_factors
from sim.kernel.node import Node
from sim.kernel.rpc import Call
from sim.kernel.station import Station
from sim.omid.messages import INVALID, Record, Row

if TYPE_CHECKING:
    from sim.kernel.core import Kernel
    from sim.omid.settings import Settings

COMMIT_TABLE_BUCKETS = 16
PPM = 1_000_000


class StoreNode(Node):
    """A server that works on a bounded number of requests at once."""

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        super().__init__(kernel, name)
        self.number = number
        self.oracle = oracle
        self.station = Station(settings.region_threads)
        spread_ppm = settings.store_spread_ppm
        self.spread = spread_factors(spread_ppm) if spread_ppm else None
        if self.spread is not None:
            self.draw = kernel.streams.at("service", name).getrandbits

    def answer(self, call: Call, value: object, service_ns: int) -> None:
        """Reply once a thread has spent `service_ns` on the request, more or less."""
        if self.spread is not None:
            service_ns = service_ns * self.spread[self.draw(12)] // PPM
        wait_ns = self.station.admit(self.kernel.now, self.work_ns(service_ns))
        call.reply(value, wait_ns)


class Region(StoreNode):
    """One region of the data table: versions of its keys, newest start timestamp first."""

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        super().__init__(kernel, name, number, oracle, settings)
        self.service_ns = settings.region_service_ns
        self.put_ns = settings.region_service_ns + settings.region_put_ns
        self.mutate_ns = settings.region_service_ns + settings.region_mutate_ns
        self.ruled_out: dict[int, int] = {}
        """By key, the version up to which nothing may be written: it has been collected."""
        self.cells: dict[int, list[Record]] = {}
        self.worth_compacting: dict[int, None] = {}

    def on_get(self, call: Call) -> None:
        """Return the versions a snapshot may need: newest down to a commit below it."""
        key, snapshot = call.body
        needed = []
        for record in self.cells.get(key, ()):
            if record.version <= snapshot:
                needed.append(record)
                if record.version == snapshot or NONE < record.commit < snapshot:
                    break
        self.answer(call, needed, self.service_ns)

    def on_get_version(self, call: Call) -> None:
        """Return one version of a key, or None."""
        key, version = call.body
        self.answer(call, self.find(key, version), self.service_ns)

    def on_put(self, call: Call) -> None:
        """Write a tentative version; a second write of one transaction replaces the value."""
        self.put(*call.body)
        self.answer(call, True, self.put_ns)

    def on_put_commit_fields(self, call: Call) -> None:
        """Fill the commit field of versions that still exist."""
        fields, writer = call.body
        for key, version, commit in fields:
            self.put_commit_field(key, version, commit, writer)
        self.answer(call, True, self.put_ns)

    def on_remove(self, call: Call) -> None:
        """Remove versions of an aborted transaction."""
        for key, version in call.body:
            self.remove(key, version)
        self.answer(call, True, self.put_ns)

    def on_scan_tentative(self, call: Call) -> None:
        """Return (key, version) of every tentative version at or below a timestamp."""
        bound = call.body
        found = [
            (key, record.version)
            for key in self.worth_compacting
            for record in self.cells[key]
            if record.commit == NONE and record.version <= bound
        ]
        self.answer(call, found, self.service_ns)

    def find(self, key: int, version: int) -> Record | None:
        """Return one version of a key, or None."""
        for record in self.cells.get(key, ()):
            if record.version == version:
                return record
        return None

    def put(self, key: int, version: int, value: int, place: int, tombstone: bool = False) -> None:
        """Insert a tentative version, or replace its value by that of a later write."""
        if version <= self.ruled_out.get(key, NONE):
            return
        records = self.cells.get(key)
        if records is None:
            records = self.cells[key] = []
        index = 0
        for record in records:
            if record.version <= version:
                break
            index += 1
        if index == len(records) or records[index].version != version:
            records.insert(index, Record(version, value, NONE, place, tombstone))
        elif place > records[index].place:
            records[index] = records[index]._replace(value=value, place=place, tombstone=tombstone)
        self.worth_compacting[key] = None
        what = TOMBSTONE if records[index].tombstone else NONE
        self.oracle.add(OracleKind.CELL_PUT, self.kernel.now, self.number, version, key, NONE, what)

    def put_commit_field(self, key: int, version: int, commit: int, writer: FieldWriter) -> None:
        """Fill one commit field; a version that is gone stays gone."""
        records = self.cells.get(key, [])
        for place, record in enumerate(records):
            if record.version == version:
                records[place] = record._replace(commit=commit)
                self.oracle.add(
                    OracleKind.COMMIT_FIELD_PUT,
                    self.kernel.now,
                    self.number,
                    version,
                    key,
                    commit,
                    writer,
                )
                return

    def remove(self, key: int, version: int) -> None:
        """Remove one version, if it exists."""
        records = self.cells.get(key, [])
        for place, record in enumerate(records):
            if record.version == version:
                del records[place]
                self.oracle.add(OracleKind.CELL_REMOVED, self.kernel.now, self.number, version, key)
                return

    def collect(self, key: int, version: int, low_water_mark: int) -> None:
        """Drop one version in compaction, and log under which low water mark."""
        records = self.cells[key]
        for place, record in enumerate(records):
            if record.version == version:
                del records[place]
                self.oracle.add(
                    OracleKind.CELL_COLLECTED,
                    self.kernel.now,
                    self.number,
                    version,
                    key,
                    record.commit,
                    low_water_mark,
                )
                return


class CommitTableRegion(StoreNode):
    """One region of the commit table; the region 0 also keeps the low water mark."""

    def __init__(
        self, kernel: Kernel, name: str, number: int, oracle: OracleBuilder, settings: Settings
    ) -> None:
        super().__init__(kernel, name, number, oracle, settings)
        self.service_ns = settings.commit_table_service_ns
        self.put_ns = self.service_ns + settings.commit_table_put_ns
        self.mutate_ns = self.service_ns + settings.commit_table_mutate_ns
        self.batch_ns = self.service_ns + settings.commit_table_batch_ns
        self.row_ns = settings.commit_table_row_ns
        self.rows: dict[int, Row] = {}
        self.low_water_mark = NONE

    def state(self, start: int) -> RowState:
        """Return what the row of a transaction says."""
        row = self.rows.get(start)
        if row is None:
            return RowState.ABSENT
        return RowState.INVALID if row.invalid else RowState.COMMITTED

    def on_put_commits(self, call: Call) -> None:
        """Write the commits of a batch; a mark that is there already stays and dominates.

        Rows of the background take their time and leave nothing: nobody will look for them.
        """
        commits, others = call.body
        for start, commit in commits:
            self.log(OracleKind.COMMIT_TABLE_PUT, start, timestamp=commit)
            row = self.rows.get(start)
            self.rows[start] = Row(commit, row is not None and row.invalid)
        self.answer(call, True, self.batch_ns + self.row_ns * (len(commits) + others))

    def on_get(self, call: Call) -> None:
        """Return the row of a transaction, or None."""
        self.answer(call, self.rows.get(call.body), self.service_ns)

    def on_invalidate(self, call: Call) -> None:
        """Put the invalid mark if no row is there; return the row that was."""
        start = call.body
        before = self.rows.get(start)
        self.log(OracleKind.COMMIT_TABLE_INVALIDATED, start)
        self.answer(call, self.mark_invalid(start, before), self.mutate_ns)

    def mark_invalid(self, start: int, before: Row | None) -> Row | None:
        """Put the mark, or return the row that is in its way. Mechanism `invalidation`."""
        if before is None:
            self.rows[start] = INVALID
        return before

    def on_remove(self, call: Call) -> None:
        """Remove the row of a completed transaction."""
        self.remove(call.body)
        self.answer(call, True, self.put_ns)

    def on_scan_committed(self, call: Call) -> None:
        """Return the start timestamps of committed rows at or below a timestamp."""
        bound = call.body
        found = [start for start, row in self.rows.items() if start <= bound and not row.invalid]
        self.answer(call, found, self.service_ns)

    def on_remove_all(self, call: Call) -> None:
        """Remove the rows of many completed transactions."""
        for start in call.body:
            self.remove(start)
        self.answer(call, True, self.service_ns)

    def on_get_low_water_mark(self, call: Call) -> None:
        """Return the low water mark."""
        self.answer(call, self.low_water_mark, self.service_ns)

    def on_put_low_water_mark(self, call: Call) -> None:
        """Raise the low water mark; it never falls."""
        mark, manager = call.body
        if mark > self.low_water_mark:
            self.low_water_mark = mark
            self.oracle.add(
                OracleKind.LOW_WATER_MARK_PERSISTED,
                self.kernel.now,
                manager,
                NONE,
                timestamp=mark,
            )
        self.answer(call, True, self.service_ns)

    def remove(self, start: int) -> None:
        """Remove one row, if it exists."""
        if start in self.rows:
            self.log(OracleKind.COMMIT_TABLE_REMOVED, start)
            del self.rows[start]

    def log(self, kind: OracleKind, start: int, timestamp: int = NONE) -> None:
        """Log a mutation with the state before it."""
        self.oracle.add(
            kind, self.kernel.now, self.number, start, NONE, timestamp, self.state(start)
        )


class Store:
    """Where each key and each commit-table row lives, and the requests one can make of it.

    Requests are sent again until they are answered: each is idempotent, or says what was
    there before.
    """

    def __init__(
        self, regions: Sequence[Region], tables: Sequence[CommitTableRegion], timeout_ns: int
    ) -> None:
        self.regions = regions
        self.tables = tables
        self.timeout_ns = timeout_ns
        self._region_count = len(regions)
        self._table_count = len(tables)

    def region(self, key: int) -> Region:
        """Return the region of a key."""
        return self.regions[key % self._region_count]

    def table(self, start: int) -> CommitTableRegion:
        """Return the commit-table region of a transaction."""
        return self.tables[start % COMMIT_TABLE_BUCKETS % self._table_count]

    def get(self, key: int, snapshot: int) -> Call:
        """Read the versions of a key that a snapshot may need."""
        region = self.regions[key % self._region_count]
        return Call(region, region.on_get, (key, snapshot), self.timeout_ns, retry=True)

    def get_version(self, key: int, version: int) -> Call:
        """Read one version of a key."""
        region = self.region(key)
        return Call(region, region.on_get_version, (key, version), self.timeout_ns, retry=True)

    def put(
        self, key: int, version: int, value: int, place: int, *, tombstone: bool = False
    ) -> Call:
        """Write a tentative version; `place` numbers the writes of the transaction."""
        region = self.regions[key % self._region_count]
        body = (key, version, value, place, tombstone)
        return Call(region, region.on_put, body, self.timeout_ns, retry=True)

    def put_commit_fields(
        self, keys: Sequence[int], version: int, commit: int, writer: FieldWriter
    ) -> list[Call]:
        """Fill the commit fields of one transaction, one request a region."""
        return [
            Call(
                region,
                region.on_put_commit_fields,
                ([(key, version, commit) for key in group], writer),
                self.timeout_ns,
                retry=True,
            )
            for region, group in self._by_region(keys)
        ]

    def remove(self, keys: Sequence[int], version: int) -> list[Call]:
        """Remove the versions of one transaction, one request a region."""
        return [
            Call(
                region,
                region.on_remove,
                [(key, version) for key in group],
                self.timeout_ns,
                retry=True,
            )
            for region, group in self._by_region(keys)
        ]

    def _by_region(self, keys: Sequence[int]) -> list[tuple[Region, list[int]]]:
        groups: dict[int, list[int]] = {}
        for key in keys:
            groups.setdefault(key % self._region_count, []).append(key)
        return [(self.regions[number], group) for number, group in groups.items()]

    def get_row(self, start: int) -> Call:
        """Read the commit-table row of a transaction."""
        table = self.table(start)
        return Call(table, table.on_get, start, self.timeout_ns, retry=True)

    def invalidate(self, start: int) -> Call:
        """Put the invalid mark if the transaction has no row; the answer is the row before."""
        table = self.table(start)
        return Call(table, table.on_invalidate, start, self.timeout_ns, retry=True)

    def remove_row(self, start: int) -> Call:
        """Remove the commit-table row of a transaction."""
        table = self.table(start)
        return Call(table, table.on_remove, start, self.timeout_ns, retry=True)

    def get_low_water_mark(self) -> Call:
        """Read the low water mark."""
        table = self.tables[0]
        return Call(table, table.on_get_low_water_mark, None, self.timeout_ns, retry=True)

    def put_low_water_mark(self, mark: int, manager: int) -> Call:
        """Raise the low water mark on behalf of a manager (by node number)."""
        table = self.tables[0]
        body = (mark, manager)
        return Call(table, table.on_put_low_water_mark, body, self.timeout_ns, retry=True)
