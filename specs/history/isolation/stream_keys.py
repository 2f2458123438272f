"""What a stream keeps of one key: versions that somebody may still have to read.

That is every version since the watermark and the newest before it. Of a transaction whose outcome
is unknown, versions are kept until somebody reads or misses them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sim.history import NONE

Value = int | tuple[int, ...]
"""A register's value, or a list's elements."""

Breach = tuple[str, tuple[int, ...], tuple[int, ...]]
"""The rule, who breaks it, and the operation rows that show it."""


@dataclass(slots=True, eq=False)
class Writer:
    """A transaction that wrote; one that does not count yet is of unknown outcome."""

    number: int
    begin: int
    end: int
    counted: bool
    versions: list[tuple[Register, Version]] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    """What it or others broke if it counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """What one transaction left in one key."""

    writer: Writer
    row: int
    value: Value
    stated: int
    """The version that its file states, which names the writer, or `NONE`."""


@dataclass(frozen=True, slots=True)
class Read:
    """An external read: of a list, without what the reader appended itself."""

    key: int
    row: int
    value: Value
    stated: int


Tell = Callable[[Breach], None]
EQUAL: Final = "equal"
"""The rule that two writers of a key commit at two instants."""


class Register:
    """The versions of one key by commit; it is a list if it has no initial value."""

    __slots__ = ("elements", "ends", "initial", "key", "undated", "versions")

    def __init__(self, key: int, initial: int | None) -> None:
        self.key = key
        self.initial = initial
        self.ends: list[int] = []
        self.versions: list[Version] = []
        self.elements: list[int] = []
        """What a list held before the oldest version that is kept."""
        self.undated: dict[int, int] = {}
        """Values of unknown outcomes without a commit timestamp, and when those began."""

    def add(self, version: Version, tell: Tell) -> None:
        """Enter a version; two writers that overlap are told."""
        at = bisect_left(self.ends, version.writer.end)
        self.ends.insert(at, version.writer.end)
        self.versions.insert(at, version)
        version.writer.versions.append((self, version))
        if version.writer.counted:
            self.check(version, tell)

    def check(self, version: Version, tell: Tell) -> None:
        """Compare a version that counts with its neighbours that do."""
        at = self._place(version)
        if at is None:
            return
        before = at - 1
        while before >= 0 and not self.versions[before].writer.counted:
            before -= 1
        after = at + 1
        while after < len(self.versions) and not self.versions[after].writer.counted:
            after += 1
        if before >= 0:
            _compare(self.versions[before], version, tell)
        if after < len(self.versions):
            _compare(version, self.versions[after], tell)

    def judge(self, reader: int, begin: int, read: Read, tell: Tell) -> list[Writer] | None:
        """Judge a read, tell if it is wrong, and return the writers that count because of it.

        None stands for a read that cannot be judged.
        """
        visible = [
            version
            for version in self.versions[: bisect_left(self.ends, begin)]
            if version.writer.number != reader
        ]
        certain = [version for version in visible if version.writer.counted]
        if self.undated and self._is_open(begin, read.value, certain):
            return None
        due = certain[-1].row if certain else NONE
        taken = self._explained(visible, read)
        if taken is None:
            rows = (read.row,) if due == NONE else (read.row, due)
            others = (certain[-1].writer.number,) if certain else ()
            tell(("ext", (reader, *others), rows))
            return []
        for version in _missed(visible, taken, read.value):
            pair = (read.row, version.row)
            version.writer.breaches.append(("ext", (reader, version.writer.number), pair))
            self._drop(version)
        for version in taken:
            count(version.writer, tell)
        return [version.writer for version in taken]

    def _is_open(self, begin: int, found: Value, certain: list[Version]) -> bool:
        """Say whether a read may be of a transaction that committed nobody knows when."""
        if isinstance(found, tuple):
            return any(begin > self.undated.get(value, begin) for value in found)
        since = self.undated.get(found, begin)
        overwritten = bool(certain) and NONE < since <= certain[-1].writer.begin
        return begin > since and not overwritten

    def _explained(self, visible: list[Version], read: Read) -> list[Version] | None:
        """Return the unknown versions that a read shows to count, None if nothing explains it."""
        if isinstance(read.value, tuple):
            return self._explained_list(visible, read.value)
        for version in reversed(visible):
            same = version.value == read.value
            if NONE not in (version.stated, read.stated):
                same = same and version.stated == read.stated
            if version.writer.counted:
                return [] if same else None
            if same:
                return [version]
        return [] if self.initial == read.value and read.stated == NONE else None

    def _explained_list(
        self, visible: list[Version], found: tuple[int, ...]
    ) -> list[Version] | None:
        at = len(self.elements)
        if list(found[:at]) != self.elements:
            return None
        taken: list[Version] = []
        for version in visible:
            assert isinstance(version.value, tuple), "a list has elements"
            end = at + len(version.value)
            if found[at:end] == version.value:
                at = end
                if not version.writer.counted:
                    taken.append(version)
            elif version.writer.counted:
                return None
        return taken if at == len(found) else None

    def forget(self, before: int) -> int:
        """Drop what no read can ask for that starts at a place or later; return how many."""
        newest = bisect_left(self.ends, before) - 1
        while newest >= 0 and not self.versions[newest].writer.counted:
            newest -= 1
        if newest <= 0:
            return 0
        for version in self.versions[:newest]:
            if version.writer.counted and isinstance(version.value, tuple):
                self.elements += version.value
        begin = self.versions[newest].writer.begin
        self.undated = {
            value: at for value, at in self.undated.items() if at == NONE or at >= begin
        }
        del self.versions[:newest], self.ends[:newest]
        return newest

    def _place(self, version: Version) -> int | None:
        at = bisect_left(self.ends, version.writer.end)
        while at < len(self.versions) and self.ends[at] == version.writer.end:
            if self.versions[at] is version:
                return at
            at += 1
        return None

    def _drop(self, version: Version) -> None:
        at = self._place(version)
        assert at is not None, "what is visible is kept"
        del self.versions[at], self.ends[at]


def _missed(visible: list[Version], taken: list[Version], found: Value) -> list[Version]:
    """Return the versions of unknown outcomes that a right read shows not to count."""
    if isinstance(found, tuple):
        return [each for each in visible if not each.writer.counted and each not in taken]
    missed = []
    for version in reversed(visible):
        if version.writer.counted or version in taken:
            break
        if version.value != found:
            missed.append(version)
    return missed


def count(writer: Writer, tell: Tell) -> None:
    """Let a transaction of unknown outcome count, as somebody read from it."""
    writer.counted = True
    for breach in writer.breaches:
        tell(breach)
    for register, version in writer.versions:
        register.check(version, tell)


def _compare(first: Version, second: Version, tell: Tell) -> None:
    numbers = (first.writer.number, second.writer.number)
    if first.writer.end == second.writer.end:
        tell((EQUAL, numbers, (first.row, second.row)))
    elif second.writer.begin < first.writer.end:
        tell(("noconflict", numbers, (first.row, second.row)))
