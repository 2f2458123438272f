"""The result as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

from vldb18.costs import Costs
from vldb18.predict import Prediction, mape
from vldb18.published import NEGLIGIBLE_MS, PROTOCOLS
from vldb18.ranks import Rank
from vldb18.sensitivity import OUTPUTS, Change

_FAMILIES = {
    "curve": "Throughput against latency",
    "breakdown": "Latency by phase",
    "speed_up": "Omid LL's latency over Omid FP's",
    "aborts": "Share of aborted transactions, in percent",
}


def costs_table(costs: Costs) -> Iterator[str]:
    """Yield the primitives and where they come from."""
    yield "Costs"
    for each in costs.primitives.values():
        yield f"  {each.name:16} {each.value:>9.4g} {each.unit:6} {each.origin:8} {each.source}"


def points_table(predictions: Sequence[Prediction]) -> Iterator[str]:
    """Yield every point: predicted, published, error, fitted or held out."""
    for family, title in _FAMILIES.items():
        rows = [each for each in predictions if each.point.family == family]
        if rows:
            yield ""
            yield (
                f"{title:44} K tps    predicted   (95 %)  published   error"
                if family == "curve"
                else title
            )
            yield from map(_row, rows)


def other_reading(predictions: Sequence[Prediction], others: Sequence[Prediction]) -> Iterator[str]:
    """Yield the abort rates at the highest load of each protocol, and the error with them."""
    if others:
        instead = [each for each in predictions if each.point.family != "aborts"]
        yield "Abort rates if each protocol was meant at its highest load (in no mean above):"
        yield from map(_row, others)
        yield f"  the error over all held-out points would be {mape([*instead, *others]):.1f} %"


def _row(each: Prediction) -> str:
    point = each.point
    what = f"{point.figure:6} {point.cell.protocol:10} {point.cell.transaction:12}"
    error = f"{100 * each.error:+7.1f} %" if point.comparable else _negligible(each)
    seen = "fitted" if point.fitted else "held out"
    half = each.predicted.half_width
    return (
        f"  {what} {point.quantity:8} {point.cell.load:>9.2f} {each.predicted.mean:>10.3f}"
        f" {f'± {half:.3f}' if half == half else '':>9} {point.published:>9.2f} {error:>10}  {seen}"
    )


def _negligible(each: Prediction) -> str:
    return "met" if each.met else "not met"


def summary(predictions: Sequence[Prediction], found: Sequence[Rank]) -> Iterator[str]:
    """Yield the mean errors, and what the orders are worth."""
    held_out = [each for each in predictions if not each.point.fitted]
    latencies = [each for each in held_out if each.point.family != "aborts"]
    small = [each for each in held_out if not each.point.comparable]
    yield ""
    yield f"Mean absolute error over {_counted(held_out)} held-out points: {mape(held_out):.1f} %"
    yield f"  latencies and their ratios ({_counted(latencies)}): {mape(latencies):.1f} %"
    for family in _FAMILIES:
        rows = [each for each in held_out if each.point.family == family]
        if not rows:
            continue
        yield f"  {family:10} {_counted(rows):>4} points: {mape(rows):6.1f} %"
    for protocol in PROTOCOLS:
        rows = [each for each in latencies if each.point.cell.protocol == protocol]
        yield f"  {protocol:10} {_counted(rows):>4} latencies: {mape(rows):6.1f} %"
    yield f"  fitted points, for comparison: {mape(predictions, fitted=True):.1f} %"
    met = sum(each.met for each in small)
    yield (
        f"  published below {NEGLIGIBLE_MS} ms, so without a percentage and in no mean:"
        f" {met} of {len(small)} met (predicted below it, too)"
    )
    pairs, right = sum(each.pairs for each in found), sum(each.right for each in found)
    fastest = sum(each.fastest for each in found)
    yield (
        f"Ranks: the fastest is right at {fastest} of {len(found)} sizes and loads,"
        f" the order of {right} of {pairs} pairs"
    )
    for each in found:
        if each.right < each.pairs:
            orders = (" < ".join(order) for order in (each.published, each.predicted))
            told = ", predicted ".join(orders)
            yield f"  {each.transaction:8} {each.load:>7.2f} K: published {told}"


def _counted(predictions: Sequence[Prediction]) -> int:
    return sum(each.point.comparable for each in predictions)


def sensitivity_table(changes: Sequence[Change]) -> Iterator[str]:
    """Yield how error and main latencies move with each primitive."""
    base = changes[0]
    yield ""
    yield "Sensitivity: error over the held-out latencies of fewer runs, and total latency in ms,"
    yield "then by how many percent they change; endless where a protocol cannot bear its load"
    for number, cell in enumerate(OUTPUTS, 1):
        yield f"  ({number}) {cell.protocol}, {cell.transaction}, {cell.load} K"
    numbers = "".join(f"{f'({number})':>9}" for number in range(1, len(OUTPUTS) + 1))
    yield f"  {'primitive':16} {'value':>15} {'error':>7} {numbers}"
    shown = "".join(f"{output:>9.2f}" for output in base.outputs)
    yield f"  {'as they are':16} {'':15} {base.mape:>6.1f}% {shown}"
    for each in changes[1:]:
        moved = "".join(
            f"{100 * (new / old - 1):>+8.1f}%"
            for new, old in zip(each.outputs, base.outputs, strict=True)
        )
        value = f"{each.value:.4g} {each.unit}"
        error = f"{each.mape:.1f}%" if isfinite(each.mape) else "endless"
        yield f"  {each.primitive:16} {value:>15} {error:>7} {moved}"
