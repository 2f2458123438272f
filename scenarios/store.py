"""The result store of a campaign: one SQLite file, one row a run, idempotent by seed.

Only the driver writes, in batches; workers return rows. A row is keyed by scenario, version and
seed, so a campaign that goes on later finds what it has, and results of other code never pass
for those of this one. The same key with another digest is a bug of ours: determinism is broken.
WAL needs a local disk: it does not work on network file systems.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from scenarios.errors import UsageError

_BATCH: Final = 64
_INTERVAL_S: Final = 1.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS run (
    scenario TEXT NOT NULL,
    version TEXT NOT NULL,
    seed TEXT NOT NULL,
    digest TEXT,
    outcome TEXT NOT NULL,
    exit INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (scenario, version, seed)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plan (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS verdict AS
    SELECT scenario, version, seed, json_extract(entry.value, '$.property') AS property,
           json_extract(entry.value, '$.holds') AS holds
    FROM run, json_each(run.body, '$.verdicts') AS entry;
CREATE VIEW IF NOT EXISTS metric AS
    SELECT scenario, version, seed, entry.key AS name, entry.value AS value
    FROM run, json_each(run.body, '$.metrics') AS entry;
PRAGMA user_version = 1;
"""
# A run without a digest, stopped by a limit or by our own bug, gives way to a later one.
_INSERT: Final = """
INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET digest = excluded.digest, outcome = excluded.outcome,
        exit = excluded.exit, body = excluded.body
    WHERE run.digest IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finished run; the seed is text because SQLite's integers are signed."""

    scenario: str
    version: str
    seed: int
    digest: str | None
    outcome: str
    exit: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two runs of one seed with two digests."""

    seed: int
    stored: str
    found: str

    def __str__(self) -> str:
        """Say it on one line."""
        return (
            f"seed {self.seed} is not deterministic: "
            f"digest {self.found[:16]} now, {self.stored[:16]} before"
        )


class Store:
    """An open result file; leaving it writes what is pending."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.differences: list[Difference] = []
        self._pending: list[Row] = []
        self._flushed_s = time.monotonic()
        with self._guard():
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, row: Row) -> None:
        """Keep a finished run; it is on the disk within a second of the next one."""
        self._pending.append(row)
        if len(self._pending) >= _BATCH or time.monotonic() - self._flushed_s > _INTERVAL_S:
            self.flush()

    def flush(self) -> None:
        """Write pending rows in one transaction, and note digests that differ."""
        self._flushed_s = time.monotonic()
        if not self._pending:
            return
        with self._guard():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for row in self._pending:
                    self._insert(row)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        self._pending.clear()

    def close(self) -> None:
        """Write what is pending and fold the log into the file."""
        try:
            self.flush()
        finally:
            self._connection.close()

    def abandon(self) -> None:
        """Close the file without writing what is pending, because it cannot be written."""
        self._pending.clear()
        self._connection.close()

    def remember(self, name: str, value: Any) -> None:
        """Keep a fact about the campaign."""
        with self._guard():
            self._connection.execute(
                "INSERT OR REPLACE INTO plan VALUES (?, ?)", (name, json.dumps(value))
            )

    def recall(self, name: str) -> Any:
        """Return a fact about the campaign, or None."""
        with self._guard():
            row = self._connection.execute(
                "SELECT value FROM plan WHERE name = ?", (name,)
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def bodies(
        self, *, scenario: str, version: str, undecided: bool = False
    ) -> dict[int, dict[str, Any]]:
        """Return the runs of a scenario by seed, in seed order.

        Runs without a digest, which a later call makes again, only if `undecided`.
        """
        self.flush()
        with self._guard():
            rows = self._connection.execute(
                "SELECT seed, body FROM run "
                "WHERE scenario = ? AND version = ? AND (digest IS NOT NULL OR ?)",
                (scenario, version, undecided),
            ).fetchall()
        return {int(seed): json.loads(body) for seed, body in sorted(rows, key=_by_seed)}

    def digests(self, *, scenario: str) -> dict[int, str]:
        """Return the digest of every run of a scenario by seed, whatever code made it."""
        with self._guard():
            rows = self._connection.execute(
                "SELECT seed, digest FROM run WHERE scenario = ? AND digest IS NOT NULL",
                (scenario,),
            ).fetchall()
        return {int(seed): digest for seed, digest in rows}

    def _insert(self, row: Row) -> None:
        key = (row.scenario, row.version, str(row.seed))
        added = self._connection.execute(
            _INSERT,
            (*key, row.digest, row.outcome, row.exit, json.dumps(row.body, ensure_ascii=False)),
        )
        if added.rowcount:
            return
        stored: str | None = self._connection.execute(
            "SELECT digest FROM run WHERE scenario = ? AND version = ? AND seed = ?", key
        ).fetchone()[0]
        if stored is not None and row.digest is not None and stored != row.digest:
            self.differences.append(Difference(seed=row.seed, stored=stored, found=row.digest))

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Turn what the database says about the disk into one line."""
        try:
            yield
        except sqlite3.Error as error:
            raise UsageError(f"cannot use {self.path}: {error}") from error


def _by_seed(row: tuple[str, str]) -> int:
    return int(row[0])
