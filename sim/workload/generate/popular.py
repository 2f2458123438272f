"""A workload that is known by its shares of actions and by how popular its keys are.

Popularity is either a Zipf law over `keys` keys, or groups of keys with the weight of each group:
within a group all keys are equally popular. Statistics of real caches come in both forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.kernel.streams import Streams
from sim.workload.generate.columns import in_turn, rows_of
from sim.workload.generate.draws import Draws, Integers
from sim.workload.generate.settings import SettingError, check_name, check_range, check_size
from sim.workload.generate.zipf import THETA_MAX_PPM, THETA_MIN_PPM, zipf_ranks
from sim.workload.types import Access, TransactionTrace

ACTIONS: Final[dict[str, tuple[Access, ...]]] = {
    "read": (Access.READ,),
    "write": (Access.WRITE,),
    "delete": (Access.DELETE,),
    "increment": (Access.ADD,),
    "update": (Access.READ, Access.WRITE),
    "miss": (Access.READ,),
}
"""What an action does to its key; a miss reads a key that nobody ever writes."""

KEYS_MAX: Final = 1 << 40
SKEWED_KEYS_MAX: Final = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Keys that are equally popular, and how often any of them is asked for."""

    keys: int
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Popular:
    """Generates transactions of `requests` actions each.

    `shares` are relative. `theta_ppm` is the law, 0 for none, where there are no `groups`; these
    are scaled to `keys`. With `lookaside` the first read of a key finds nothing and is followed
    by a write, as in a cache that fills.
    """

    transactions: int
    clients: int
    name: str
    source: str
    requests: int
    shares: dict[str, int]
    keys: int
    theta_ppm: int = 0
    groups: tuple[Group, ...] = ()
    lookaside: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse settings that make no workload."""
        check_size(transactions=self.transactions, clients=self.clients)
        check_range("requests", self.requests, 1, 10_000)
        for action in self.shares:
            check_name("action", action, ACTIONS)
        if not any(self.shares.values()):
            raise SettingError("shares", self.shares, "an action that has one")
        skewed = bool(self.theta_ppm) and not self.groups
        check_range("keys", self.keys, 1, SKEWED_KEYS_MAX if skewed else KEYS_MAX)
        if skewed:
            check_range("theta_ppm", self.theta_ppm, THETA_MIN_PPM, THETA_MAX_PPM)

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        count = self.requests * self.transactions
        names = tuple(self.shares)
        action = Draws(streams.at("workload", "popular", "action")).pick(
            tuple(self.shares.values()), count
        )
        key = self._draw_keys(Draws(streams.at("workload", "popular", "key")), count)
        code = np.array([list(ACTIONS).index(name) for name in names], dtype=np.int64)[action]
        code = self._filled(code, key)
        key = np.where(code == list(ACTIONS).index("miss"), key + self.keys, key)

        width = np.array([len(steps) for steps in ACTIONS.values()], dtype=np.int64)
        steps = np.array([[steps[0], steps[-1]] for steps in ACTIONS.values()], dtype=np.int8)
        rows = rows_of(width[code])
        kind = steps[code[rows.owner], rows.place]
        return TransactionTrace(
            name=self.name,
            source=self.source,
            client=in_turn(transactions=self.transactions, clients=self.clients),
            first=rows.first[:: self.requests],
            kind=kind,
            key=key[rows.owner],
            amount=np.where(kind == Access.ADD, 1, 0),
            notes=(*self.notes, f"a transaction is {self.requests} requests", *self._law()),
        )

    def _filled(self, code: Integers, key: Integers) -> Integers:
        """Turn the first read of each key into an update, where a cache fills."""
        names = list(ACTIONS)
        reading = np.flatnonzero(code == names.index("read"))
        if not self.lookaside or not len(reading):
            return code
        result = code.copy()
        _, first = np.unique(key[reading], return_index=True)
        result[reading[first]] = names.index("update")
        return result

    def _draw_keys(self, draws: Draws, count: int) -> Integers:
        if self.groups:
            bounds, weights = self._scaled()
            group = draws.pick(weights, count)
            ends = np.array(bounds, dtype=np.int64)
            starts = np.array([0, *bounds[:-1]], dtype=np.int64)
            sizes: Integers = np.subtract(ends, starts)
            return starts[group] + draws.below(sizes[group], count)
        if self.theta_ppm:
            return zipf_ranks(draws, self.keys, count, theta_ppm=self.theta_ppm)
        return draws.below(self.keys, count)

    def _scaled(self) -> tuple[list[int], list[int]]:
        """Return where each group ends and its weight; one too small goes to its neighbour."""
        total = sum(group.keys for group in self.groups)
        bounds, weights = list[int](), list[int]()
        seen = waiting = 0
        for group in self.groups:
            seen += group.keys
            waiting += group.weight
            bound = self.keys * seen // total
            if bound > (bounds[-1] if bounds else 0):
                bounds.append(bound)
                weights.append(waiting)
                waiting = 0
        weights[-1] += waiting
        return bounds, weights

    def _law(self) -> tuple[str, ...]:
        said = [f"{self.keys:,} keys"]
        if self.groups:
            said.append(f"{len(self.groups)} groups of equally popular keys")
        elif self.theta_ppm:
            said.append(f"popularity by Zipf {self.theta_ppm / 1_000_000:g}, key 0 the hottest")
        if self.lookaside:
            said.append("the first read of a key misses and is followed by a write of it")
        return tuple(said)
