"""Who is faster than whom: orders are what a simulation is asked for first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from vldb18.predict import Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """The order of the protocols for one size and load, fastest first."""

    transaction: str
    load: float
    published: tuple[str, ...]
    predicted: tuple[str, ...]
    fastest: bool
    """Whether a protocol that was fastest is also predicted to be."""
    pairs: int
    """Pairs of protocols that were not as fast as each other."""
    right: int
    """Those of them whose order is predicted."""


def ranks(predictions: Iterable[Prediction]) -> list[Rank]:
    """Rank the protocols at every point of the curves."""
    groups: dict[tuple[str, float], list[Prediction]] = {}
    for each in predictions:
        if each.point.family == "curve":
            cell = each.point.cell
            groups.setdefault((cell.transaction, cell.load), []).append(each)
    return [_rank(*key, group) for key, group in groups.items()]


def _rank(transaction: str, load: float, group: Sequence[Prediction]) -> Rank:
    def name(each: Prediction) -> str:
        return each.point.cell.protocol

    published = sorted(group, key=lambda each: each.point.published)
    predicted = sorted(group, key=lambda each: each.predicted.mean)
    unequal = [
        (first, second)
        for first, second in combinations(published, 2)
        if first.point.published < second.point.published
    ]
    right = sum(first.predicted.mean < second.predicted.mean for first, second in unequal)
    return Rank(
        transaction=transaction,
        load=load,
        published=tuple(map(name, published)),
        predicted=tuple(map(name, predicted)),
        fastest=predicted[0].point.published == published[0].point.published,
        pairs=len(unequal),
        right=right,
    )
