"""Snapshot isolation as a small program that runs beside a system and hears its answers.

It knows what clients know: which transaction read whose version of which key, and which
transactions were acknowledged at which commit timestamp. What a transaction read is judged when it
has committed, and again whenever somebody else's outcome becomes known. (Cerone and Gotsman,
PODC'16: axioms INT, EXT and NOCONFLICT; Daudjee and Salem, VLDB'06, for the order in real time.)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.history import NONE


class NotSnapshotIsolated(AssertionError):
    """What clients were told is no execution under snapshot isolation."""


@dataclass(slots=True)
class _Transaction:
    start: int
    reads: list[tuple[int, int]] = field(default_factory=list)
    """Key and writer, by start timestamp (`NONE`: the initial version); own writes are left out."""
    writes: dict[int, None] = field(default_factory=dict)
    unseen: int = NONE
    """A key whose own write a later read did not return."""
    commit: int = NONE
    known: str = "running"


class SnapshotModel:
    """What is known of all transactions, each named by its start timestamp."""

    def __init__(self) -> None:
        self._all: dict[int, _Transaction] = {}
        self._versions: dict[int, list[tuple[int, int]]] = {}
        """Per key: commit and start timestamp of every acknowledged writer."""
        self._readers: dict[int, list[_Transaction]] = {}
        """Per key: every committed reader."""
        self._last = NONE

    def acknowledged(self) -> int:
        """Return the highest commit timestamp that a client has been told of."""
        return self._last

    def began(self, start: int, *, after: int) -> None:
        """Hear of a begin whose request left when `after` was the highest one acknowledged."""
        if start in self._all:
            raise NotSnapshotIsolated(f"two transactions have the start timestamp {start}")
        if start <= after:
            raise NotSnapshotIsolated(
                f"T{start} begins below commit {after}, which was acknowledged before it"
            )
        self._all[start] = _Transaction(start)

    def read(self, start: int, key: int, writer: int) -> None:
        """Hear that a transaction read the version of a writer."""
        transaction = self._all[start]
        if key in transaction.writes:
            # Compaction may take the versions of whoever is too old to commit.
            if writer != start:
                transaction.unseen = key
        else:
            transaction.reads.append((key, writer))

    def wrote(self, start: int, key: int) -> None:
        """Hear that a transaction wrote a key."""
        self._all[start].writes[key] = None

    def aborted(self, start: int) -> None:
        """Hear that a transaction aborted: nobody may have read what it wrote."""
        transaction = self._all[start]
        transaction.known = "aborted"
        for key in transaction.writes:
            for reader in self._readers.get(key, ()):
                self._judge_read(reader, key)

    def committed(self, start: int, commit: int) -> None:
        """Hear that a transaction committed (read-only ones without a timestamp of their own)."""
        transaction = self._all[start]
        if transaction.unseen != NONE:
            told = f"T{start} did not see its own write of key {transaction.unseen}"
            raise NotSnapshotIsolated(f"{told}, and committed")
        transaction.known = "committed"
        transaction.commit = commit
        if transaction.writes:
            self._enter(transaction)
        for key, _ in transaction.reads:
            self._readers.setdefault(key, []).append(transaction)
            self._judge_read(transaction, key)
        for key in transaction.writes:
            for reader in self._readers.get(key, ()):
                self._judge_read(reader, key)

    def committed_fast(self, version: int, key: int, seen: int | None) -> None:
        """Hear of a fast-path write: one version is its start and its commit timestamp.

        `seen` is whose version it read before, None where it wrote blindly. The regions order it
        (generalised snapshot isolation), so it may lie below what was acknowledged before it began.
        """
        if version in self._all:
            raise NotSnapshotIsolated(f"two transactions have the start timestamp {version}")
        writer = _Transaction(version, writes={key: None}, commit=version, known="committed")
        self._all[version] = writer
        self._enter_versions(writer)
        if seen is not None:
            writer.reads.append((key, seen))
            self._readers.setdefault(key, []).append(writer)
        for reader in self._readers.get(key, ()):
            self._judge_read(reader, key)

    def _enter(self, writer: _Transaction) -> None:
        """Enter the versions of a writer, none of whose keys a concurrent one may have written."""
        if writer.commit <= writer.start:
            told = f"T{writer.start} commits at {writer.commit}, before it began"
            raise NotSnapshotIsolated(told)
        self._enter_versions(writer)

    def _enter_versions(self, writer: _Transaction) -> None:
        for key in writer.writes:
            versions = self._versions.setdefault(key, [])
            for commit, start in versions:
                if start < writer.commit and writer.start < commit:
                    raise NotSnapshotIsolated(
                        f"T{start} and T{writer.start} overlap, and both committed key {key}"
                    )
            versions.append((writer.commit, writer.start))
        self._last = max(self._last, writer.commit)

    def _judge_read(self, reader: _Transaction, key: int) -> None:
        for seen_key, seen in reader.reads:
            if seen_key == key:
                self._judge(reader, key, seen)

    def _judge(self, reader: _Transaction, key: int, seen: int) -> None:
        """Judge one read by what is known now."""
        snapshot = reader.start
        told = f"T{snapshot} read key {key}"
        seen_commit = NONE
        if seen != NONE:
            writer = self._all.get(seen)
            if writer is None or writer.known == "running":
                return  # Whoever is read must commit; that is judged when it is known.
            if writer.known == "aborted":
                raise NotSnapshotIsolated(f"{told} as T{seen} wrote it, which aborted")
            seen_commit = writer.commit
            if seen_commit >= snapshot:
                raise NotSnapshotIsolated(f"{told} as T{seen} wrote it, at {seen_commit}")
        for commit, start in self._versions.get(key, ()):
            if seen_commit < commit < snapshot:
                raise NotSnapshotIsolated(f"{told} without the version of T{start}, at {commit}")
