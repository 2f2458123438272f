"""Refuse settings of a generator that make no workload."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

TRANSACTIONS_MAX: Final = 100_000_000
CLIENTS_MAX: Final = 100_000
KEYS_MAX: Final = 1 << 31


class SettingError(ValueError):
    """A setting of a workload generator has a value that makes no workload."""

    def __init__(self, setting: str, found: object, expected: str) -> None:
        super().__init__(setting, found, expected)
        self.setting = setting
        self.found = found
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.setting} = {self.found!r}: expected {self.expected}"


def check_range(setting: str, value: int, low: int, high: int) -> None:
    """Refuse a value outside `low` to `high`."""
    if not low <= value <= high:
        raise SettingError(setting, value, f"{low:,} to {high:,}")


def check_share(setting: str, value_ppm: int) -> None:
    """Refuse a share that is not within 0 to 1,000,000 parts per million."""
    check_range(setting, value_ppm, 0, 1_000_000)


def check_size(*, transactions: int, clients: int) -> None:
    """Refuse a workload without transactions or clients, or with absurdly many."""
    check_range("transactions", transactions, 1, TRANSACTIONS_MAX)
    check_range("clients", clients, 1, CLIENTS_MAX)


def check_name(setting: str, value: str, known: Iterable[str]) -> None:
    """Refuse a name that is not known, and offer the nearest one."""
    names = tuple(known)
    if value in names:
        return
    near = get_close_matches(value, names, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise SettingError(setting, value, f"one of {', '.join(names)}{hint}")
